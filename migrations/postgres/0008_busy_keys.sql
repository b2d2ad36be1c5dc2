-- Room in each page for the rows whose last use is noted: a new version beside the old one needs no new entries in the
-- indexes.
ALTER TABLE api_keys SET (fillfactor = 80);
-- The log only grows at its end until old rows are purged. A look at all of it for each tenth that is added tells the
-- planner nothing new, and takes its time from the requests.
ALTER TABLE request_logs SET (autovacuum_analyze_scale_factor = 0.5, autovacuum_vacuum_insert_scale_factor = 0.5);
