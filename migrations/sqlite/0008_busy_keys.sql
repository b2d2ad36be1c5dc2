-- Old rows are found by account and time: an index less to keep up with every request.
DROP INDEX request_logs_age;
