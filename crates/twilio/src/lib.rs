//! Twilio, as far as CASP needs it: typed TwiML, webhook signatures, Media Streams, and the REST API.
//!
//! All but [`rest`] are pure functions or sans-IO state machines; sockets and clocks belong to the callers.
pub mod media_streams;
pub mod rest;
mod sid;
pub mod signature;
pub mod twiml;

pub use sid::{CallSid, InvalidSid, MessageSid, RecordingSid, StreamSid, TranscriptSid};
