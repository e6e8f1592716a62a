-- Work that is done in the background, and what is kept so that a request or a delivery has one effect.

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    -- 'scheduled-call', 'place-call', 'webhook-delivery', …
    kind TEXT NOT NULL,
    -- NULL: nobody's, the house's own.
    account_id BIGINT REFERENCES accounts (id),
    -- The same work asked for twice is there once, as long as the row is kept.
    unique_key TEXT,
    payload TEXT NOT NULL,
    -- 'open' -> 'done' | 'dead' | 'cancelled'
    state TEXT NOT NULL,
    -- When somebody may take it: its time, or while one works on it, the end of that one's lease.
    due_at_ms BIGINT NOT NULL,
    -- Who works on it.
    worker TEXT,
    -- Counts how often it was taken; only the last taker may change it.
    lease BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    last_error TEXT,
    created_at_ms BIGINT NOT NULL,
    finished_at_ms BIGINT
);

CREATE UNIQUE INDEX jobs_by_key ON jobs (kind, unique_key);
-- What is done is in neither the way of claiming nor of looking for what is dead.
CREATE INDEX jobs_open ON jobs (kind, due_at_ms) WHERE state = 'open';
CREATE INDEX jobs_dead ON jobs (created_at_ms) WHERE state = 'dead';
CREATE INDEX jobs_finished ON jobs (finished_at_ms) WHERE state <> 'open';

CREATE TABLE idempotency_keys (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    route TEXT NOT NULL,
    -- SHA-256 of the client's key, hexadecimal.
    key_hash TEXT NOT NULL,
    -- SHA-256 of what was asked for, hexadecimal.
    request_hash TEXT NOT NULL,
    -- Counts who ran the request; more than one when the one before died.
    lease BIGINT NOT NULL,
    lease_until_ms BIGINT NOT NULL,
    -- NULL while it runs.
    status BIGINT,
    body TEXT,
    expires_at_ms BIGINT NOT NULL,
    PRIMARY KEY (account_id, route, key_hash)
);

CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at_ms);

CREATE TABLE webhook_endpoints (
    account_id BIGINT PRIMARY KEY REFERENCES accounts (id),
    url TEXT NOT NULL,
    -- Which key the secret is sealed with, and the sealed secret (base64).
    secret_key_id TEXT NOT NULL,
    sealed_secret TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL
);

CREATE TABLE webhook_deliveries (
    -- 'msg_…', the receiver's `webhook-id`
    id TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    event_type TEXT NOT NULL,
    -- What is sent, to the letter.
    body TEXT NOT NULL,
    -- Counts how often it was sent for by hand. Where it stands, its job says: key '<id>/<round>'.
    round BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    last_status BIGINT,
    last_error TEXT,
    created_at_ms BIGINT NOT NULL,
    delivered_at_ms BIGINT
);

CREATE INDEX webhook_deliveries_by_account ON webhook_deliveries (account_id, created_at_ms);
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at_ms);

CREATE TABLE scheduled_calls (
    id TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    phone_number TEXT NOT NULL,
    scenario TEXT NOT NULL,
    scheduled_at_ms BIGINT NOT NULL,
    -- 'scheduled' -> 'placing' -> 'placed' | 'failed'; 'scheduled' -> 'missed' | 'cancelled'. Its job's key is its id.
    state TEXT NOT NULL,
    call_sid TEXT,
    last_error TEXT,
    created_at_ms BIGINT NOT NULL
);

CREATE INDEX scheduled_calls_by_account ON scheduled_calls (account_id, scheduled_at_ms);
