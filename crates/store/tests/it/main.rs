//! Every test runs on SQLite and on PostgreSQL.
mod accounts;
mod connecting;
mod databases;
mod postgres_server;
mod sessions;
mod stream_tokens;
mod turns;
mod workers;
