-- One row: how often keys were changed that the server of this file may hold in its memory. Commands change the file
-- beside it.
CREATE TABLE key_changes (
    id    BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch BIGINT NOT NULL
);
INSERT INTO key_changes (id, epoch) VALUES (1, 0);

-- Which keys each change was about. The newest few thousand changes are kept.
CREATE TABLE changed_keys (
    epoch  BIGINT NOT NULL,
    key_id TEXT    NOT NULL,
    PRIMARY KEY (epoch, key_id)
);

-- The server of this file, and up to which change it has dropped keys from memory.
CREATE TABLE servers (
    id    TEXT    NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL
);
