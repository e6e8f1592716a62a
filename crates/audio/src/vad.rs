//! Whether somebody is speaking, from 16 kHz PCM.
//!
//! A small recurrent network (`earshot`) scores each 16 ms; a gate on energy over the noise floor
//! and a debounce make voice out of scores. It was chosen over Silero and TEN, which need the ONNX
//! runtime (8 MB of native code, not pure Rust, some 40 times the CPU), over WebRTC's own
//! detector, which calls most noise speech, and over energy alone, which calls all of it so.

mod detector;
mod noise_floor;

pub use detector::{VadEvent, VadOptions, VoiceDetector};
