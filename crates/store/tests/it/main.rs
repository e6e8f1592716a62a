//! Every test runs on SQLite and on PostgreSQL.
mod accounts;
mod connecting;
mod databases;
mod idempotency;
mod jobs;
mod killed;
mod migrating;
mod numbers;
mod recordings;
mod scheduled_calls;
mod sessions;
mod stream_tokens;
mod transcripts;
mod turns;
mod webhooks;
mod workers;
