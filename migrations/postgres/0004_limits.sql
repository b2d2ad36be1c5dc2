-- Requests a minute that a key may make; nothing where only its account's limit applies.
ALTER TABLE api_keys ADD COLUMN rate_limit BIGINT;

-- One row: how often keys were changed that a server may hold in its memory.
CREATE TABLE key_changes (
    id    BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch BIGINT NOT NULL
);
INSERT INTO key_changes (id, epoch) VALUES (1, 0);

-- The servers that share the database, and up to which change each has forgotten what it held.
CREATE TABLE servers (
    id      TEXT   NOT NULL PRIMARY KEY,
    epoch   BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);
