-- SQLite has a journal of what was ended, beside its file; point-in-time recovery does that here. Both tables stay as they
-- are. The same number stands for the same tables on both engines.
CREATE TABLE journal (
    id          BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    database_id TEXT   NOT NULL,
    begun_after BIGINT
);
INSERT INTO journal (id, database_id) VALUES (1, CAST(gen_random_uuid() AS TEXT));

CREATE TABLE outbox (
    number BIGINT NOT NULL PRIMARY KEY,
    entry  TEXT   NOT NULL
);
