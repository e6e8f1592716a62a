-- One-time codes by which a caller shows to be who the telephone says. One a call at a time; the code itself is nowhere.
CREATE TABLE call_codes (
    session_id TEXT PRIMARY KEY,
    -- 'wanted', 'sent', 'failed'
    state TEXT NOT NULL,
    -- Where it went: 'message', 'email'; NULL: nowhere yet.
    sent_by TEXT,
    -- PHC string; NULL: none was made.
    code_hash TEXT,
    expires_at_ms BIGINT NOT NULL DEFAULT 0,
    attempts_left BIGINT NOT NULL DEFAULT 0,
    -- How many codes this call has asked for.
    codes BIGINT NOT NULL,
    wanted_at_ms BIGINT NOT NULL
);

CREATE INDEX call_codes_by_time ON call_codes (wanted_at_ms);
