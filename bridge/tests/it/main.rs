//! Whole calls: a phone caller on a real WebSocket, a real LiveKit server, and a participant that plays the agent.
//!
//! The server's binary comes from `LIVEKIT_SERVER_BIN`, else `.tools/bin/livekit-server` of the workspace, else
//! `PATH`.

mod agent;
mod assistants;
mod audio;
mod bad_input;
mod bridge;
mod caller;
mod company;
mod ends;
mod ephemeral_keys;
mod formats;
mod livekit;
mod marks;
mod refusals;

use std::time::Duration;

/// Nothing here takes longer on an idle machine than a tenth of this.
const PATIENCE: Duration = Duration::from_secs(40);
