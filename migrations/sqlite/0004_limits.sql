-- Requests a minute that a key may make; nothing where only its account's limit applies.
ALTER TABLE api_keys ADD COLUMN rate_limit BIGINT;
