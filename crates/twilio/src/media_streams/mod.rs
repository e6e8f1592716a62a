//! Twilio's Media Streams protocol, and the little that CASP adds to it (interface §7).
//!
//! [`StreamProtocol`] is the server's side as a sans-IO state machine: WebSocket frames go in with the time they
//! came, events and errors come out. [`outgoing`] writes what the server says. Sources: Twilio's "Media Streams –
//! WebSocket messages"; `transcript`, a client's `clear` and `error` are CASP's own.

mod bucket;
mod fault;
mod format;
mod incoming;
pub mod outgoing;
mod protocol;

pub use bucket::TokenBucket;
pub use fault::{Close, Fault, FaultCode, close_code};
pub use format::{Encoding, MediaFormat, UnsupportedFormat, opus_packet_duration};
pub use incoming::{Incoming, Media, Start, Text};
pub use protocol::{Event, Limits, Outcome, StreamProtocol};
