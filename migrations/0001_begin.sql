-- One dialect for SQLite and PostgreSQL: flags are BIGINT 0/1, times BIGINT Unix milliseconds, JSON is TEXT.

CREATE TABLE accounts (
    id BIGINT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    is_active BIGINT NOT NULL DEFAULT 1,
    is_admin BIGINT NOT NULL DEFAULT 0,
    created_at_ms BIGINT NOT NULL
);

CREATE TABLE api_keys (
    -- SHA-256 of the key, hexadecimal; the key itself is nowhere.
    key_hash TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    -- 'secret' or 'publishable'
    kind TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    last_used_at_ms BIGINT NOT NULL DEFAULT 0
);

CREATE INDEX api_keys_by_account ON api_keys (account_id);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    -- 'phone', 'whatsapp', 'web', 'slack', 'teams', 'discord', 'api'
    kind TEXT NOT NULL,
    room_name TEXT NOT NULL,
    from_address TEXT NOT NULL,
    to_address TEXT NOT NULL,
    assistant TEXT NOT NULL,
    overrides TEXT NOT NULL,
    -- 'announced' -> 'active' -> 'ended'
    state TEXT NOT NULL,
    -- Counts how often a web room of this name began anew; turns belong to one incarnation.
    incarnation BIGINT NOT NULL,
    agent_epoch BIGINT NOT NULL,
    worker_id TEXT,
    claimed_at_ms BIGINT,
    wants_agent BIGINT NOT NULL,
    -- Whoever dispatches this session's agent anew has the right to do so alone until then.
    dispatch_lease_until_ms BIGINT NOT NULL DEFAULT 0,
    next_turn BIGINT NOT NULL,
    started_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    end_reason TEXT
);

-- A live room carries one session.
CREATE UNIQUE INDEX sessions_live_room ON sessions (room_name) WHERE state <> 'ended';
CREATE INDEX sessions_live_account ON sessions (account_id, started_at_ms) WHERE state <> 'ended';
CREATE INDEX sessions_live_worker ON sessions (worker_id) WHERE state <> 'ended';

CREATE TABLE turns (
    session_id TEXT NOT NULL REFERENCES sessions (id),
    incarnation BIGINT NOT NULL,
    position BIGINT NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    was_interrupted BIGINT NOT NULL,
    timings TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (session_id, incarnation, position)
);

CREATE TABLE workers (
    worker_id TEXT PRIMARY KEY,
    jobs BIGINT NOT NULL,
    max_jobs BIGINT NOT NULL,
    is_draining BIGINT NOT NULL,
    beat_at_ms BIGINT NOT NULL
);

CREATE TABLE stream_tokens (
    -- SHA-256 of the token, hexadecimal.
    token_hash TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id),
    expires_at_ms BIGINT NOT NULL,
    used_at_ms BIGINT
);

CREATE INDEX stream_tokens_by_expiry ON stream_tokens (expires_at_ms);
