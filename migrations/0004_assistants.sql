-- Custom scenarios: assistants that accounts make for themselves.

-- One row an account that ever made one. Whoever adds a scenario changes this row first, so those who add at once take
-- turns, and no number is given twice, not even after a deletion.
CREATE TABLE scenario_counters (
    account_id BIGINT PRIMARY KEY REFERENCES accounts (id),
    last_id BIGINT NOT NULL,
    last_unix_s BIGINT NOT NULL
);

CREATE TABLE scenarios (
    -- custom_<account>_<Unix seconds>
    scenario_id TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    -- Counts from 1 in each account.
    id BIGINT NOT NULL,
    -- A name of the account's choice, beside the scenario_id.
    name TEXT,
    -- The assistant as JSON, without its name.
    definition TEXT NOT NULL,
    -- Counts changes: a change is made only to what its maker has seen.
    revision BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    UNIQUE (account_id, id),
    UNIQUE (account_id, name)
);

-- Which address on which channel belongs to which end user (resource) of an account.
CREATE TABLE identities (
    id TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    -- 'phone', 'sms', 'whatsapp', 'email'
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    resource TEXT NOT NULL,
    verified_at_ms BIGINT,
    -- Keyed hash of the code that was sent to the address; the code itself is nowhere.
    code_hash TEXT,
    code_expires_at_ms BIGINT NOT NULL DEFAULT 0,
    attempts_left BIGINT NOT NULL DEFAULT 0,
    created_at_ms BIGINT NOT NULL,
    UNIQUE (account_id, channel, address)
);

CREATE INDEX identities_by_resource ON identities (account_id, resource);

-- Codes sent to an address by whichever account, for a day: nobody's telephone is made to ring all day.
CREATE TABLE codes_sent (
    address TEXT NOT NULL,
    sent_at_ms BIGINT NOT NULL
);

CREATE INDEX codes_sent_by_address ON codes_sent (address, sent_at_ms);

-- What a caller says or keys to prove that the telephone is in the right hands.
CREATE TABLE resource_pins (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    resource TEXT NOT NULL,
    -- PHC string.
    pin_hash TEXT NOT NULL,
    -- Wrong ones since the last right one.
    failures BIGINT NOT NULL DEFAULT 0,
    locked_until_ms BIGINT NOT NULL DEFAULT 0,
    set_at_ms BIGINT NOT NULL,
    PRIMARY KEY (account_id, resource)
);
