-- The list is counted and searched without reading the rows that it does not show.
DROP INDEX api_keys_newest;
CREATE INDEX api_keys_newest
    ON api_keys (account_id, created_at, id, name_key, prefix, revoked_at, expires_at, grace_ends_at);
