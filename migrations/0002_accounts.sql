-- Registration, sign-in, keys that have names, mailed links, and what an account may spend.

ALTER TABLE accounts ADD COLUMN email_verified_at_ms BIGINT;

-- Nobody could register until now: these were made by whoever runs the service.
UPDATE accounts SET email_verified_at_ms = created_at_ms;

-- What a key is called in lists and when it is deleted; says nothing of the key.
ALTER TABLE api_keys ADD COLUMN id TEXT;
ALTER TABLE api_keys ADD COLUMN name TEXT NOT NULL DEFAULT '';
-- The key's end, for people to tell keys apart; empty for keys too short to show any of.
ALTER TABLE api_keys ADD COLUMN hint TEXT NOT NULL DEFAULT '';
UPDATE api_keys SET id = 'key_' || SUBSTR(key_hash, 1, 24);
CREATE UNIQUE INDEX api_keys_by_id ON api_keys (id);

-- One row a sign-in: all access and refresh tokens that come of it live and die with it.
CREATE TABLE token_families (
    id TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    created_at_ms BIGINT NOT NULL,
    -- Of the newest refresh token.
    expires_at_ms BIGINT NOT NULL,
    revoked_at_ms BIGINT
);

CREATE INDEX token_families_by_account ON token_families (account_id);
CREATE INDEX token_families_by_expiry ON token_families (expires_at_ms);

CREATE TABLE refresh_tokens (
    -- SHA-256 of the token, hexadecimal.
    token_hash TEXT PRIMARY KEY,
    family_id TEXT NOT NULL REFERENCES token_families (id),
    expires_at_ms BIGINT NOT NULL,
    -- Kept after use: one that comes a second time gives its thief away.
    used_at_ms BIGINT
);

CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);

CREATE TABLE mailed_tokens (
    -- SHA-256 of the token, hexadecimal.
    token_hash TEXT PRIMARY KEY,
    -- 'verify-email', 'reset-password', 'invitation'
    purpose TEXT NOT NULL,
    email TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    used_at_ms BIGINT
);

CREATE INDEX mailed_tokens_by_email ON mailed_tokens (email, purpose);
CREATE INDEX mailed_tokens_by_expiry ON mailed_tokens (expires_at_ms);

-- What an administrator set for one account: NULL is the setting's default, -1 no limit.
CREATE TABLE account_limits (
    account_id BIGINT PRIMARY KEY REFERENCES accounts (id),
    calls BIGINT,
    messages BIGINT,
    minutes BIGINT,
    tokens BIGINT,
    -- Country prefixes, separated by commas.
    destinations TEXT
);

CREATE TABLE daily_use (
    -- 0 is all accounts together.
    account_id BIGINT NOT NULL,
    -- Days since 1970, UTC.
    day BIGINT NOT NULL,
    -- 'calls', 'messages', 'minutes', 'tokens'
    resource TEXT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (account_id, day, resource)
);

-- Minutes of a live session that its account was charged with.
CREATE TABLE session_minutes (
    session_id TEXT NOT NULL,
    incarnation BIGINT NOT NULL,
    counted BIGINT NOT NULL,
    PRIMARY KEY (session_id, incarnation)
);
