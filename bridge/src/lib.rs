//! One WebSocket in, one room participant out.
//!
//! A phone call arrives as a Twilio Media Streams socket and becomes a participant `caller-…` of the room
//! `twilio-<CallSid>`: μ-law passes untouched both ways, the agent's `casp.event`s become Twilio's `clear` and
//! `mark`. A caller is never left alone ([`call`]'s watch), and a call that ends leaves nothing behind.
//!
//! [`router`] is what the binary mounts; it must be served with
//! `into_make_service_with_connect_info::<SocketAddr>()`, since in dev only loopback is let in without a key.
//! [`BridgeState::drain`] is what it awaits before it exits.

mod access;
mod admission;
mod apology;
mod call;
mod config;
mod error;
mod metrics;
mod routes;
mod state;

pub use config::BridgeConfig;
pub use error::BridgeError;
pub use routes::router;
pub use state::BridgeState;
