//! Twilio, as far as CASP needs it and without a network: typed TwiML, webhook signatures, Media Streams.
//!
//! Everything here is a pure function or a sans-IO state machine; sockets and clocks belong to the callers.
pub mod media_streams;
mod sid;
pub mod signature;
pub mod twiml;

pub use sid::{CallSid, InvalidSid, StreamSid};
