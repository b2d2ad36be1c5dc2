-- Which database this is, so that its journal is not taken for another's. The first person of a database is the same in
-- every copy of it, also in one from before this table was there.
CREATE TABLE journal (
    id          BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    database_id TEXT   NOT NULL,
    -- The change after which the journal begins; nothing while there is none.
    begun_after BIGINT
);
INSERT INTO journal (id, database_id)
    VALUES (1, COALESCE((SELECT id FROM users ORDER BY rowid LIMIT 1), LOWER(HEX(RANDOMBLOB(16)))));

-- What changes have ended, narrowed or undone, by the number of the change, until it is in the journal beside the file.
CREATE TABLE outbox (
    number BIGINT NOT NULL PRIMARY KEY,
    entry  TEXT   NOT NULL
);
