-- One row that servers write to find out whether anything can be changed. Its size is that of a change.
CREATE TABLE health (
    id     BIGINT NOT NULL PRIMARY KEY,
    at     BIGINT NOT NULL,
    filler BLOB   NOT NULL
);
