//! Real servers for tests, each on free ports or sockets of its own, and gone when the test is, however it ends.
//!
//! Nothing here knows any other crate of the workspace, so that every one of them can use it in its tests.

mod livekit;
mod postgres;
mod supervisor;

pub use livekit::{LiveKitConfig, LiveKitServer};
pub use postgres::PostgresServer;
