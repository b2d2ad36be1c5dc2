-- The key that this one was made to replace.
ALTER TABLE api_keys ADD COLUMN replaces_id TEXT REFERENCES api_keys (id) ON DELETE SET NULL;
-- When a replacement was made for this one, and when its grace period ends: both, or neither.
ALTER TABLE api_keys ADD COLUMN rotated_at BIGINT;
ALTER TABLE api_keys ADD COLUMN grace_ends_at BIGINT;
-- When somebody who held the key reported it as leaked, and when an owner said that they know.
ALTER TABLE api_keys ADD COLUMN leak_reported_at BIGINT;
ALTER TABLE api_keys ADD COLUMN leak_acknowledged_at BIGINT;
-- When the activity last told that the key was used after its end.
ALTER TABLE api_keys ADD COLUMN alerted_at BIGINT;

CREATE INDEX api_keys_replaces ON api_keys (replaces_id);
CREATE INDEX api_keys_rotated ON api_keys (account_id, grace_ends_at) WHERE rotated_at IS NOT NULL;
CREATE INDEX api_keys_leaked ON api_keys (account_id) WHERE leak_reported_at IS NOT NULL;

-- What people did, as it was then: names are copies, since what they name may be gone.
CREATE TABLE activity (
    id          TEXT   NOT NULL PRIMARY KEY,
    -- Nothing for sign-ins to accounts that do not exist.
    account_id  TEXT   REFERENCES accounts (id),
    at          BIGINT NOT NULL,
    -- Nothing when it was no person who is known: a program, whoever runs the server.
    actor_id    TEXT,
    actor_name  TEXT   NOT NULL,
    action      TEXT   NOT NULL,
    target_id   TEXT   NOT NULL,
    target_name TEXT   NOT NULL,
    detail      TEXT   NOT NULL,
    -- What a search looks at, in lower case.
    search_key  TEXT   NOT NULL,
    request_id  TEXT   NOT NULL,
    -- First 12 hex digits of the address's HMAC-SHA-256 under the pepper.
    ip_hash     TEXT
);

CREATE INDEX activity_newest ON activity (account_id, at, id);
CREATE INDEX activity_of_target ON activity (target_id, at);

CREATE TRIGGER activity_is_not_changed BEFORE UPDATE ON activity
BEGIN
    SELECT RAISE(ABORT, 'the activity is append-only');
END;
CREATE TRIGGER activity_is_not_deleted BEFORE DELETE ON activity
BEGIN
    SELECT RAISE(ABORT, 'the activity is append-only');
END;
