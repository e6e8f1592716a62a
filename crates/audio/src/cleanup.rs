//! Cleaning what a microphone heard: `sonora`, WebRTC's audio processing module in Rust.
//!
//! Off unless a setting asks for it: browsers clean up before they send, and the telephone network
//! has little echo of the agent. It is for devices without processing of their own: hands-free telephones, speakers.

mod likeness;

pub use likeness::Likeness;

use crate::{AudioError, Result};
use sonora::config::{
    AdaptiveDigital, EchoCanceller, GainController2, HighPassFilter, NoiseSuppression,
};
use sonora::{AudioProcessing, Config, StreamConfig};

pub use sonora::config::NoiseSuppressionLevel;

/// Samples in a frame of 10 ms at 16 kHz.
pub const FRAME_SAMPLES: usize = 160;

/// Gain grows from none to this. What is left of an echo must not be lifted to the level of speech.
const MAX_GAIN_DB: f32 = 12.0;

/// Which stages run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CleanupOptions {
    /// Takes off hum and rumble below about 100 Hz.
    pub uses_high_pass: bool,
    /// Takes off steady noise.
    pub noise_suppression: Option<NoiseSuppressionLevel>,
    /// Brings speech to an even level.
    pub uses_gain_control: bool,
    /// Takes off the agent's own voice, given by [`Cleanup::agent_spoke`].
    pub uses_echo_cancellation: bool,
}

impl CleanupOptions {
    /// Whether any stage runs at all.
    pub fn is_any(&self) -> bool {
        *self != Self::default()
    }
}

/// Cleans one stream at 16 kHz.
pub struct Cleanup {
    processing: AudioProcessing,
    cleaned: [i16; FRAME_SAMPLES],
    uses_echo_cancellation: bool,
}

impl std::fmt::Debug for Cleanup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cleanup").finish_non_exhaustive()
    }
}

impl Cleanup {
    /// The stages of `options`, with no history.
    pub fn new(options: &CleanupOptions) -> Self {
        let config = Config {
            high_pass_filter: options.uses_high_pass.then(HighPassFilter::default),
            noise_suppression: options.noise_suppression.map(|level| NoiseSuppression {
                level,
                ..NoiseSuppression::default()
            }),
            gain_controller2: options.uses_gain_control.then(|| GainController2 {
                adaptive_digital: Some(AdaptiveDigital {
                    initial_gain_db: 0.0,
                    max_gain_db: MAX_GAIN_DB,
                    ..AdaptiveDigital::default()
                }),
                ..GainController2::default()
            }),
            echo_canceller: options.uses_echo_cancellation.then(EchoCanceller::default),
            ..Config::default()
        };
        let stream = StreamConfig::new(16_000, 1);
        let processing = AudioProcessing::builder()
            .config(config)
            .capture_config(stream)
            .render_config(stream)
            .build();
        Self {
            processing,
            cleaned: [0; FRAME_SAMPLES],
            uses_echo_cancellation: options.uses_echo_cancellation,
        }
    }

    /// Cleans `pcm` in place: any number of frames of 10 ms at 16 kHz.
    ///
    /// # Errors
    /// `FrameLength` when it is not whole frames; nothing is changed then.
    pub fn process(&mut self, pcm: &mut [i16]) -> Result<()> {
        check_length(pcm)?;
        for frame in pcm.chunks_exact_mut(FRAME_SAMPLES) {
            // Fails for formats that it does not support only; then the frame stays as it is.
            if self
                .processing
                .process_capture_i16(frame, &mut self.cleaned)
                .is_ok()
            {
                frame.copy_from_slice(&self.cleaned);
            }
        }
        Ok(())
    }

    /// The reference for echo cancellation: what the agent says, at 16 kHz, in whole frames of 10 ms,
    /// before the microphone audio in which it may be heard. The delay up to 500 ms is found by
    /// itself, but has to be steady: for each frame of the microphone give one of these, silence
    /// where nothing is said. (With speech alone each pause shifts the two against each other, and
    /// the first second after it comes through.) Does nothing without echo cancellation.
    ///
    /// # Errors
    /// `FrameLength` when it is not whole frames.
    pub fn agent_spoke(&mut self, pcm: &[i16]) -> Result<()> {
        check_length(pcm)?;
        if self.uses_echo_cancellation {
            for frame in pcm.chunks_exact(FRAME_SAMPLES) {
                // As above: it fails for unsupported formats only.
                let _ = self.processing.process_render_i16(frame, &mut self.cleaned);
            }
        }
        Ok(())
    }
}

fn check_length(pcm: &[i16]) -> Result<()> {
    if pcm.len().is_multiple_of(FRAME_SAMPLES) {
        return Ok(());
    }
    Err(AudioError::FrameLength {
        samples: pcm.len(),
        sample_rate_hz: 16_000,
        expected: "a multiple of 10 ms",
    })
}
