-- Which keys each change of the counter in key_changes was about, so that other servers drop these and no others from
-- memory. The newest few thousand changes are kept; a server that is further behind drops all keys.
CREATE TABLE changed_keys (
    epoch  BIGINT NOT NULL,
    key_id TEXT   NOT NULL,
    PRIMARY KEY (epoch, key_id)
);

-- Moves on with every look of a server, whatever the clock of the database shows.
ALTER TABLE servers ADD COLUMN beat BIGINT NOT NULL DEFAULT 0;
