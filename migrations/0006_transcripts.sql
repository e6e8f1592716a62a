-- One row a conversation: a web room that begins anew begins a new one.
CREATE TABLE transcripts (
    -- Start in Unix milliseconds times 1,000, plus something random: the order of the ids is that of time.
    id BIGINT PRIMARY KEY,
    -- 'GT' and 32 hexadecimal digits
    transcript_sid TEXT NOT NULL UNIQUE,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    session_id TEXT NOT NULL,
    incarnation BIGINT NOT NULL,
    -- 'phone', 'web', … as in sessions.kind
    channel TEXT NOT NULL,
    -- 'inbound', 'outbound'
    call_direction TEXT NOT NULL,
    scenario_name TEXT NOT NULL,
    from_address TEXT NOT NULL,
    to_address TEXT NOT NULL,
    -- The end user, where the start message named one.
    resource TEXT,
    started_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    end_reason TEXT,
    user_turns BIGINT NOT NULL DEFAULT 0,
    agent_turns BIGINT NOT NULL DEFAULT 0,
    user_words BIGINT NOT NULL DEFAULT 0,
    agent_words BIGINT NOT NULL DEFAULT 0,
    notes TEXT,
    -- The Voice Intelligence transcript that was merged in.
    voice_intelligence_sid TEXT,
    -- Something was said, and nobody has deleted it.
    is_shown BIGINT NOT NULL DEFAULT 0,
    is_deleted BIGINT NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX transcripts_by_session ON transcripts (session_id, incarnation);
CREATE INDEX transcripts_by_account ON transcripts (account_id, id);
CREATE INDEX transcripts_shown ON transcripts (account_id, id) WHERE is_shown = 1;
CREATE INDEX transcripts_shown_by_scenario ON transcripts (account_id, scenario_name, id) WHERE is_shown = 1;
CREATE INDEX transcripts_shown_by_direction ON transcripts (account_id, call_direction, id) WHERE is_shown = 1;
CREATE INDEX transcripts_by_caller ON transcripts (account_id, from_address);
CREATE INDEX transcripts_by_called ON transcripts (account_id, to_address);
CREATE INDEX transcripts_by_resource ON transcripts (account_id, resource) WHERE resource IS NOT NULL;
CREATE INDEX transcripts_by_twilios ON transcripts (account_id, voice_intelligence_sid)
    WHERE voice_intelligence_sid IS NOT NULL;

-- How long answers took: counted in steps of a fourth of a power of two, so that any number of calls adds up.
CREATE TABLE answer_times (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    -- Days since 1970, UTC.
    day BIGINT NOT NULL,
    step BIGINT NOT NULL,
    answers BIGINT NOT NULL,
    PRIMARY KEY (account_id, day, step)
);

-- Transcripts by Twilio Voice Intelligence, as far as they are an account's.
CREATE TABLE twilio_transcripts (
    id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    -- Null until Twilio has said which one it is.
    transcript_sid TEXT,
    -- Ours, given to Twilio when it was asked for.
    customer_key TEXT UNIQUE,
    recording_sid TEXT,
    call_sid TEXT,
    scenario_name TEXT,
    -- 'queued', 'in-progress', 'completed', 'failed', 'canceled'
    status TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    -- From here on: null until it is stored.
    stored_at_ms BIGINT,
    date_created TEXT,
    date_updated TEXT,
    duration BIGINT,
    language_code TEXT,
    -- JSON: [{"text","speaker","start_time","end_time","confidence"}]
    sentences TEXT
);

CREATE UNIQUE INDEX twilio_transcripts_by_sid ON twilio_transcripts (account_id, transcript_sid);
CREATE INDEX twilio_transcripts_by_account ON twilio_transcripts (account_id, id);
CREATE INDEX twilio_transcripts_of_any ON twilio_transcripts (transcript_sid);
CREATE INDEX twilio_transcripts_by_recording ON twilio_transcripts (account_id, recording_sid);
CREATE INDEX twilio_transcripts_by_call ON twilio_transcripts (account_id, call_sid);

CREATE TABLE recordings (
    id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    -- 'RE' and 32 hexadecimal digits; Twilio's where it made it.
    recording_sid TEXT NOT NULL UNIQUE,
    session_id TEXT,
    call_sid TEXT,
    -- 'twilio', 'room'
    source TEXT NOT NULL,
    -- 'pending', 'stored', 'failed', 'deleted'
    status TEXT NOT NULL,
    -- Where Twilio has it.
    source_url TEXT,
    -- Place in the object store.
    object_key TEXT,
    content_type TEXT,
    bytes BIGINT,
    duration_ms BIGINT,
    channels BIGINT,
    -- JSON: what the caller was told, and when.
    consent TEXT NOT NULL,
    started_at_ms BIGINT NOT NULL,
    error TEXT
);

CREATE INDEX recordings_by_account ON recordings (account_id, id);
CREATE INDEX recordings_by_session ON recordings (session_id);
CREATE INDEX recordings_by_call ON recordings (account_id, call_sid);

CREATE TABLE erasures (
    id TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    -- What is erased, 'number:…' or 'resource:…'; its hash alone once that is done.
    target TEXT NOT NULL,
    -- 'running', 'completed'
    status TEXT NOT NULL,
    transcripts BIGINT NOT NULL,
    recordings BIGINT NOT NULL,
    messages BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    completed_at_ms BIGINT
);

CREATE INDEX erasures_running ON erasures (created_at_ms) WHERE status = 'running';
CREATE UNIQUE INDEX erasures_running_of ON erasures (account_id, target) WHERE status = 'running';
