//! The level of the background, followed frame by frame.

/// The quietest background assumed, as rms: a silent line must not make breath into speech.
const LOWEST_RMS: f32 = 4.0;
/// Where it starts.
const INITIAL_RMS: f32 = 10.0;
/// Falls to a quieter frame at once by this share of the way, so that a pause sets it within 100 ms.
const FALL: f32 = 0.3;
/// Rises by 3 dB a second in noise, and by a tenth of that in what may be speech (16 ms frames).
const RISE_IN_NOISE: f32 = 1.005_54;
const RISE_IN_SPEECH: f32 = 1.000_553;

/// Follows the minimum: quick to fall, slow to rise.
#[derive(Debug, Clone)]
pub(super) struct NoiseFloor {
    rms: f32,
}

impl NoiseFloor {
    pub(super) fn new() -> Self {
        Self { rms: INITIAL_RMS }
    }

    pub(super) fn rms(&self) -> f32 {
        self.rms
    }

    /// Takes the level of one frame.
    pub(super) fn update(&mut self, frame_rms: f32, may_be_speech: bool) {
        if frame_rms < self.rms {
            self.rms += (frame_rms - self.rms) * FALL;
        } else {
            let rise = if may_be_speech {
                RISE_IN_SPEECH
            } else {
                RISE_IN_NOISE
            };
            self.rms = (self.rms * rise).min(frame_rms);
        }
        self.rms = self.rms.max(LOWEST_RMS);
    }
}
