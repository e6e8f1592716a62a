-- What a chat completion leaves for the request that goes on with it: the API keeps no conversations, its clients do.
CREATE TABLE chat_turns (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    -- Hash of what the client will send back: the question that was asked, or the id of a call.
    mark_hash TEXT NOT NULL,
    -- With which key it is sealed, and what.
    key_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    PRIMARY KEY (account_id, mark_hash)
);

CREATE INDEX chat_turns_by_expiry ON chat_turns (expires_at_ms);
