-- Telephone numbers (also of WhatsApp): whose they are, and who answers there.
CREATE TABLE numbers (
    -- E.164, with its plus. One number, one owner.
    number TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    -- An assistant's name; one that is gone is answered by the default one.
    assistant TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL
);

CREATE INDEX numbers_by_account ON numbers (account_id, number);

-- What a caller was told before a call was recorded, and when. The recording itself comes later, from Twilio.
CREATE TABLE recording_consents (
    session_id TEXT PRIMARY KEY REFERENCES sessions (id),
    announcement TEXT NOT NULL,
    announced_at_ms BIGINT NOT NULL
);
