-- Room in each page for the rows whose last use is noted: a new version beside the old one needs no new entries in the
-- indexes.
ALTER TABLE api_keys SET (fillfactor = 80);
