-- A deleted key stays as a marked row until its request log is gone, which is removed in the background.
ALTER TABLE api_keys ADD COLUMN deleted_at BIGINT;
CREATE INDEX api_keys_deleted ON api_keys (id) WHERE deleted_at IS NOT NULL;
-- The list leaves marked rows out, and is counted without reading the rows that it does not show.
DROP INDEX api_keys_newest;
CREATE INDEX api_keys_newest
    ON api_keys (account_id, created_at, id, name_key, prefix, revoked_at, expires_at, grace_ends_at)
    WHERE deleted_at IS NULL;

-- The purge finds what is over without reading what is not.
CREATE INDEX sessions_seen ON sessions (last_seen_at);
CREATE INDEX sessions_end ON sessions (ends_at);
CREATE INDEX request_log_gaps_age ON request_log_gaps (at);
-- The newest sessions of a person, beyond which the oldest end.
CREATE INDEX sessions_of_user ON sessions (user_id, last_seen_at);

-- When the form gave out its secret: 0 for those from before this version. Old rows are purged.
ALTER TABLE sent_forms ADD COLUMN sent_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX sent_forms_age ON sent_forms (sent_at);

-- Refused sign-ins that belong to no account, folded by minute and network. Retention empties it.
CREATE TABLE unowned_refusals (
    id      TEXT   NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    event   TEXT   NOT NULL,
    -- First 12 hex digits of the address's HMAC-SHA-256 under the pepper; nothing for the sum of further addresses.
    ip_hash TEXT,
    times   BIGINT NOT NULL
);
CREATE INDEX unowned_refusals_age ON unowned_refusals (at);

-- The list without refused sign-ins: whoever guesses passwords does not push an owner's events off the first page.
CREATE INDEX activity_events ON activity (account_id, at, id) WHERE action <> 'auth.refused';

-- Retention removes entries of no account, which earlier versions wrote for addresses that nobody has. Entries of an
-- account are still never deleted.
DROP TRIGGER activity_is_append_only ON activity;
CREATE TRIGGER activity_is_append_only BEFORE UPDATE OR TRUNCATE ON activity
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_activity_change();
CREATE TRIGGER activity_is_not_deleted BEFORE DELETE ON activity
    FOR EACH ROW WHEN (OLD.account_id IS NOT NULL) EXECUTE FUNCTION refuse_activity_change();

-- Old rows are found key by key, so nothing reads the log by time alone.
DROP INDEX request_logs_age;
