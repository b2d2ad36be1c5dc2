-- A check cannot be changed in place: the table is made anew. Rows that point to it are looked at when all is done.
PRAGMA defer_foreign_keys = ON;

CREATE TEMPORARY TABLE kept_accounts AS SELECT * FROM accounts;
DROP TABLE accounts;

CREATE TABLE accounts (
    id               TEXT   NOT NULL PRIMARY KEY,
    slug             TEXT   NOT NULL CONSTRAINT accounts_slug UNIQUE,
    name             TEXT   NOT NULL,
    kind             TEXT   NOT NULL CHECK (kind IN ('personal', 'team')),
    -- Every account has one, and only one, primary owner; they have no membership beside it.
    primary_owner_id TEXT   NOT NULL REFERENCES users (id),
    created_at       BIGINT NOT NULL
);

INSERT INTO accounts (id, slug, name, kind, primary_owner_id, created_at)
    SELECT id, slug, name, kind, primary_owner_id, created_at FROM kept_accounts;
DROP TABLE kept_accounts;

-- A person has one personal account.
CREATE UNIQUE INDEX accounts_personal ON accounts (primary_owner_id) WHERE kind = 'personal';
CREATE INDEX accounts_owned ON accounts (primary_owner_id);

CREATE TABLE memberships (
    account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role       TEXT   NOT NULL CHECK (role IN ('owner', 'member')),
    created_at BIGINT NOT NULL,
    CONSTRAINT memberships_person PRIMARY KEY (account_id, user_id)
);

CREATE INDEX memberships_of_user ON memberships (user_id);

-- Where `/` leads: the account whose pages the person saw last.
ALTER TABLE users ADD COLUMN last_account_id TEXT;

-- Addresses and CIDR blocks, separated by spaces; none allows every address.
ALTER TABLE api_keys ADD COLUMN allowlist TEXT NOT NULL DEFAULT '';
-- What the search compares: the name in lower case.
ALTER TABLE api_keys ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
UPDATE api_keys SET name_key = LOWER(name);

-- The forms that gave out a secret, be it of a new key or a new one of a key: sent twice, each does so once.
CREATE TABLE sent_forms (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    form_token TEXT NOT NULL,
    CONSTRAINT sent_forms_token PRIMARY KEY (account_id, form_token)
);
INSERT INTO sent_forms (account_id, form_token) SELECT account_id, form_token FROM api_keys;

CREATE TABLE request_logs (
    -- The request's own id, as in its answer.
    id          TEXT   NOT NULL PRIMARY KEY,
    account_id  TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    key_id      TEXT   NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    method      TEXT   NOT NULL,
    -- The route's pattern, which requests are counted by, and the path itself.
    route       TEXT   NOT NULL,
    path        TEXT   NOT NULL,
    -- The query with its secrets masked.
    params      TEXT   NOT NULL,
    status      BIGINT NOT NULL,
    error_code  TEXT,
    -- First 12 hex digits of the address's HMAC-SHA-256 under the pepper.
    ip_hash     TEXT,
    user_agent  TEXT   NOT NULL,
    at          BIGINT NOT NULL
);

CREATE INDEX request_logs_newest ON request_logs (account_id, at, id);
CREATE INDEX request_logs_of_key ON request_logs (key_id, at);
CREATE INDEX request_logs_age ON request_logs (at);

-- Marks where rows are missing: so many requests of about that time were not logged, since the queue was full.
CREATE TABLE request_log_gaps (
    id      TEXT   NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    dropped BIGINT NOT NULL
);
