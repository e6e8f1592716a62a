-- Calls that are put through to another telephone: the agent asks for it, and whoever answers Twilio does it.
CREATE TABLE transfers (
    session_id TEXT PRIMARY KEY,
    -- E.164
    number TEXT NOT NULL,
    -- 'wanted', 'dialing', 'failed', 'over'
    state TEXT NOT NULL,
    -- Why it failed; NULL in the other states.
    failure TEXT,
    wanted_at_ms BIGINT NOT NULL,
    -- NULL: not yet
    dialed_at_ms BIGINT
);

CREATE INDEX transfers_by_time ON transfers (wanted_at_ms);
