-- What was done at other services, in whose name (interface §10): never arguments, results or tokens.
CREATE TABLE action_log (
    -- act_…, in the order of time.
    id TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    -- Whose connection.
    resource TEXT NOT NULL,
    -- Who asked for it, in the channel: a participant's identity, api:….
    speaker TEXT NOT NULL,
    -- NULL: a request to the API.
    session_id TEXT,
    provider TEXT NOT NULL,
    action TEXT NOT NULL,
    is_write BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    -- NULL in both: it runs, or whoever ran it died, and nobody knows what came of it.
    took_ms BIGINT,
    status TEXT,
    -- What kind of failure; NULL: none.
    failure TEXT
);

CREATE INDEX action_log_by_account ON action_log (account_id, at_ms);
CREATE INDEX action_log_by_connection ON action_log (account_id, resource, provider, at_ms);
