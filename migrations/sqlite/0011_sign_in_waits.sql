-- Failed tries to sign in, counted by the email that was typed, by that email and the client's network, and by browser.
-- The id is an HMAC under the pepper: neither an email nor an address can be read here.
CREATE TABLE sign_in_waits (
    id       BLOB   NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at  BIGINT NOT NULL
);

-- The oldest rows are deleted first.
CREATE INDEX sign_in_waits_last ON sign_in_waits (last_at);
