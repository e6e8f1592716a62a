//! Whole tests: our participants against a real LiveKit server.
//!
//! The server is `LIVEKIT_SERVER_BIN`, else `.tools/bin/livekit-server` of the workspace, else the one in `PATH`.

mod admin;
mod audio;
mod bad_network;
mod connection;
mod data;
mod network;
mod proxy;
mod server;
mod subscriptions;
mod tls;
