-- Keys for one socket of a browser or an app: POST /v1/realtime/sessions.
CREATE TABLE ephemeral_keys (
    -- SHA-256 of the key, hexadecimal; the key itself is nowhere.
    key_hash TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    assistant TEXT NOT NULL,
    -- Who speaks; without one, a stranger.
    resource TEXT,
    expires_at_ms BIGINT NOT NULL
);

CREATE INDEX ephemeral_keys_by_expiry ON ephemeral_keys (expires_at_ms);
