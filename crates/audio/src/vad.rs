//! Whether somebody is speaking, from 16 kHz PCM.
//!
//! A small recurrent network (`earshot`) scores each 16 ms; a gate on energy over the noise floor
//! and a debounce make voice out of scores. The network was chosen over Silero and TEN, which need
//! the ONNX runtime (8 MB of native code and some 40 times the CPU), and over WebRTC's detector and
//! energy alone, which call most noise speech.
//!
//! By itself the network is sure only 65 to 100 ms after a word begins, too late for a caller who
//! interrupts. So frames over the gate count from the first one, and while it still hesitates a pitch
//! decides: vowels are periodic, noise, breath and clicks are not.
//!
//! Tones: what lasts over 48 ms and lies between about 200 and 700 Hz (dial and ringback tones, hummed
//! notes) is called voice; 1 kHz is for its first frames only, 2 kHz is not. White noise and noise
//! bursts up to full scale, breath and clicks are not.

mod detector;
mod noise_floor;
mod voicing;

pub use detector::{VadEvent, VadOptions, VoiceDetector};
