CREATE TABLE users (
    id            TEXT   NOT NULL PRIMARY KEY,
    name          TEXT   NOT NULL,
    email         TEXT   NOT NULL,
    -- The address in lower case: two that differ in case only are one.
    email_key     TEXT   NOT NULL CONSTRAINT users_email UNIQUE,
    password_hash TEXT   NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE accounts (
    id               TEXT   NOT NULL PRIMARY KEY,
    slug             TEXT   NOT NULL CONSTRAINT accounts_slug UNIQUE,
    name             TEXT   NOT NULL,
    kind             TEXT   NOT NULL CHECK (kind IN ('personal')),
    primary_owner_id TEXT   NOT NULL REFERENCES users (id),
    created_at       BIGINT NOT NULL
);

-- A person has one personal account.
CREATE UNIQUE INDEX accounts_personal ON accounts (primary_owner_id) WHERE kind = 'personal';

CREATE TABLE sessions (
    -- SHA-256 of the cookie's value, which itself is stored nowhere.
    id_hash       BLOB   NOT NULL PRIMARY KEY,
    user_id       TEXT   REFERENCES users (id) ON DELETE CASCADE,
    data          TEXT   NOT NULL,
    last_seen_at  BIGINT NOT NULL,
    ends_at       BIGINT NOT NULL
);

CREATE TABLE pepper_checks (
    version     BIGINT NOT NULL PRIMARY KEY,
    check_value BLOB   NOT NULL
);

CREATE TABLE api_keys (
    id             TEXT   NOT NULL PRIMARY KEY,
    account_id     TEXT   NOT NULL REFERENCES accounts (id),
    name           TEXT   NOT NULL,
    prefix         TEXT   NOT NULL,
    -- HMAC-SHA-256 of the whole key under the pepper of that version.
    hash           BLOB   NOT NULL CONSTRAINT api_keys_hash UNIQUE,
    pepper_version BIGINT NOT NULL REFERENCES pepper_checks (version),
    preset         TEXT   NOT NULL,
    scopes         TEXT   NOT NULL,
    creator_id     TEXT   REFERENCES users (id) ON DELETE SET NULL,
    created_at     BIGINT NOT NULL,
    last_used_at   BIGINT,
    expires_at     BIGINT,
    revoked_at     BIGINT,
    -- Identifies the form the key was made with: sent twice, it makes one key.
    form_token     TEXT   NOT NULL,
    CONSTRAINT api_keys_form_token UNIQUE (account_id, form_token)
);

CREATE INDEX api_keys_newest ON api_keys (account_id, created_at, id);
