//! G.711, Opus, pacing, voice activity and clean-up: sans-IO, no async.
//!
//! Everything here is arithmetic on buffers that the caller owns: no sockets, no threads, no clock
//! (where time matters it is an argument). PCM is mono, 16 bit, in the machine's byte order
//! throughout, and a *frame* is 20 ms unless said otherwise.
//!
//! | direction | path |
//! | --- | --- |
//! | hearing | [`receive::StreamDecoder`] (Opus or μ-law → 16 kHz) → [`cleanup::Cleanup`] (by setting) → [`vad::VoiceDetector`] |
//! | speaking | [`resample::Resampler`] (where the wire wants another rate) → [`pacer::Pacer`] → [`opus::Encoder`] or [`pcmu::encode`] |
//!
//! After its first frames nothing on either path allocates.

pub mod cleanup;
pub mod dtmf;
mod error;
pub mod file;
pub mod opus;
pub mod pacer;
pub mod pcmu;
pub mod receive;
pub mod resample;
mod sample_rate;
pub mod tone;
pub mod vad;

pub use error::AudioError;
pub use sample_rate::SampleRate;

/// Shorthand of this crate.
pub type Result<T> = std::result::Result<T, AudioError>;
