-- OAuth connections: what end users (resources) of accounts let CASP do for them at other services.

CREATE TABLE connections (
    -- con_…
    id TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    resource TEXT NOT NULL,
    provider TEXT NOT NULL,
    -- Whose account at the provider it is, as the provider says; lower case.
    user_email TEXT,
    -- What the user granted, separated by spaces.
    scopes TEXT NOT NULL,
    -- What else the provider told of itself: Slack's team, Jira's cloud id. JSON, nothing secret.
    extra TEXT NOT NULL,
    -- With which key both tokens are sealed.
    key_id TEXT NOT NULL,
    sealed_access_token TEXT NOT NULL,
    -- NULL: the provider gave none.
    sealed_refresh_token TEXT,
    -- NULL: the access token does not expire.
    expires_at_ms BIGINT,
    -- Counts the tokens this connection had. Whoever writes new ones names those they came of.
    version BIGINT NOT NULL,
    -- When the tokens are to be renewed, or tried again; NULL: never by themselves.
    refresh_due_at_ms BIGINT,
    -- The grant has ended; only the user can renew it.
    needs_reauth BIGINT NOT NULL,
    -- Why, for people.
    problem TEXT,
    -- Counts those who set out to renew the tokens; one at a time, until the time is over.
    lease BIGINT NOT NULL,
    lease_until_ms BIGINT NOT NULL,
    -- Those of them, since the last outcome, that did not live to tell one: they may have spent the refresh token.
    unfinished BIGINT NOT NULL,
    -- Those, since the last success, that failed.
    failures BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    UNIQUE (account_id, resource, provider)
);

CREATE INDEX connections_due ON connections (refresh_due_at_ms);
CREATE INDEX connections_by_user ON connections (user_email);

-- Tokens of connections that are gone, until the provider has been told.
CREATE TABLE revocations (
    -- rev_…
    id TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    resource TEXT NOT NULL,
    provider TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed_access_token TEXT NOT NULL,
    sealed_refresh_token TEXT,
    created_at_ms BIGINT NOT NULL
);

-- Links that an account's backend makes for one end user to connect one provider: once, for ten minutes.
CREATE TABLE oauth_sessions (
    token_hash TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    provider TEXT NOT NULL,
    resource TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);

-- Users who are at a provider's consent page at the moment.
CREATE TABLE oauth_authorizations (
    -- Of the state that the provider gives back.
    state_hash TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    provider TEXT NOT NULL,
    -- NULL: the e-mail that the provider vouches for.
    resource TEXT,
    -- Where the user is sent in the end.
    return_to TEXT NOT NULL,
    -- The state of whoever sent the user.
    client_state TEXT,
    -- The redirect_uri that the provider was told.
    callback_uri TEXT NOT NULL,
    -- What was asked for, separated by spaces.
    scopes TEXT NOT NULL,
    -- Of what the browser's cookie holds; NULL: it began where no cookie can be set.
    browser_hash TEXT,
    key_id TEXT NOT NULL,
    sealed_verifier TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);

-- Where users may be sent after they connected, besides our own pages.
CREATE TABLE oauth_redirect_uris (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    -- In the order they were given.
    position BIGINT NOT NULL,
    uri TEXT NOT NULL,
    PRIMARY KEY (account_id, position)
);
