-- One tree instead of three: of all that writing a row costs, trees were more than half. An account's rows are those of
-- its keys, old rows are found by their blocks, and a key's rows stand in the order in which they are read.
ALTER TABLE request_logs DROP CONSTRAINT request_logs_pkey;
DROP INDEX request_logs_newest;
DROP INDEX request_logs_of_key;
ALTER TABLE request_logs ADD PRIMARY KEY (key_id, at, id);
