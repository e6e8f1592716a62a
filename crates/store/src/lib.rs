//! All SQL: one module per aggregate, plain structs out.
//!
//! One dialect that SQLite and PostgreSQL take, through sqlx's `any` driver: flags are `BIGINT` 0/1, times `BIGINT`
//! Unix milliseconds, JSON `TEXT`. Every change that others compete for is one compare-and-set statement, whose
//! outer `WHERE` holds the whole condition: PostgreSQL checks that one again when it had to wait for a row.
//!
//! No call waits for ever: a connection is there within 5 s, a query done within 10 s, else it is an error.
pub mod accounts;
pub mod action_log;
pub mod call_codes;
pub mod call_settings;
pub mod calls;
pub mod ceilings;
pub mod chat_turns;
pub mod connections;
mod database_url;
pub mod do_not_call;
pub mod ephemeral_keys;
pub mod erasures;
mod error;
pub mod idempotency;
pub mod identities;
mod ids;
pub mod jobs;
pub mod mailed_tokens;
pub mod masking;
mod migrations;
pub mod numbers;
pub mod oauth;
pub mod pins;
pub mod recording_consents;
pub mod recordings;
pub mod refresh_tokens;
pub mod resources;
pub mod scenarios;
pub mod scheduled_calls;
mod secret_hash;
pub mod session_minutes;
pub mod sessions;
mod store;
pub mod stream_tokens;
pub mod transcripts;
pub mod transfers;
pub mod turns;
pub mod twilio_transcripts;
pub mod webhooks;
pub mod workers;
pub use error::StoreError;
pub use ids::AccountId;
pub use store::Store;
