-- Calls that are placed: their queue, their fate, and whom not to call and when.

-- Who rang whom: 'inbound' or 'outbound'.
ALTER TABLE sessions ADD COLUMN direction TEXT NOT NULL DEFAULT 'inbound';

-- One row. Whoever takes one of the agents' free places turns it first, so that places are counted by one at a time.
CREATE TABLE admission (
    id BIGINT PRIMARY KEY,
    turn BIGINT NOT NULL
);

INSERT INTO admission (id, turn) VALUES (1, 0);

CREATE TABLE calls (
    -- 'call_…'
    id TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    -- Twilio's; NULL until Twilio has told it.
    call_sid TEXT UNIQUE,
    to_number TEXT NOT NULL,
    -- The number that was asked for; NULL: any of the account's.
    wanted_from TEXT,
    -- The number that it is placed from; NULL before.
    from_number TEXT,
    assistant TEXT NOT NULL,
    overrides TEXT NOT NULL,
    -- What is done when a machine answers: 'hang_up', 'leave_message', 'continue'
    machine TEXT NOT NULL,
    -- What a machine is told; NULL: the assistant's greeting.
    message TEXT,
    -- 'queued' -> 'placing' -> 'unknown' -> 'initiated' -> 'ringing' -> 'in-progress'
    -- -> 'completed' | 'busy' | 'failed' | 'no-answer' | 'canceled'
    status TEXT NOT NULL,
    -- The place of the status in that line; it only grows, but for a call that goes back to the queue because
    -- nothing had happened.
    phase BIGINT NOT NULL,
    -- Twilio's code, or a word of ours.
    error_code TEXT,
    error TEXT,
    -- 'human', 'machine_start', …
    answered_by TEXT,
    -- How often Twilio was asked.
    attempts BIGINT NOT NULL,
    -- The key of the request that made it; the same one again finds it.
    request_key TEXT UNIQUE,
    -- Not placed before.
    not_before_ms BIGINT NOT NULL,
    -- Not placed after.
    give_up_at_ms BIGINT NOT NULL,
    -- When it is next looked at, where nothing is heard of it. Whoever moves it on has the right to look, alone.
    check_at_ms BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    -- When Twilio was asked last.
    claimed_at_ms BIGINT,
    placed_at_ms BIGINT,
    answered_at_ms BIGINT,
    ended_at_ms BIGINT
);

CREATE INDEX calls_queue ON calls (account_id, created_at_ms, id) WHERE phase = 0;
CREATE INDEX calls_under_way ON calls (account_id, phase) WHERE phase BETWEEN 1 AND 8;
CREATE INDEX calls_to_check ON calls (check_at_ms) WHERE phase BETWEEN 1 AND 8;
CREATE INDEX calls_by_account ON calls (account_id, created_at_ms, id);

CREATE TABLE call_settings (
    account_id BIGINT PRIMARY KEY REFERENCES accounts (id),
    -- As calls.machine; NULL: the default.
    machine TEXT,
    -- JSON; NULL: at any time.
    calling_hours TEXT,
    -- The account's next call is not placed before: its calls a second.
    next_call_at_ms BIGINT NOT NULL
);

CREATE TABLE do_not_call (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    number TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (account_id, number)
);
