//! Opus (RFC 6716) through libopus, mono.
//!
//! A packet is hostile input: decoding never panics and never writes past the caller's buffer; the
//! longest packet is 120 ms.

mod decoder;
mod encoder;

pub use decoder::Decoder;
pub use encoder::{Application, Encoder, EncoderOptions, MAX_PACKET_BYTES};
