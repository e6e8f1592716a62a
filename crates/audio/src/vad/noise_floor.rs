//! The level of the background, followed frame by frame.

/// The quietest background assumed, as rms: a silent line must not make breath into speech.
const LOWEST_RMS: f32 = 4.0;
/// Where it starts.
const INITIAL_RMS: f32 = 10.0;
/// Falls to a quieter frame at once by this share of the way, so that a pause sets it within 100 ms.
const FALL: f32 = 0.3;
/// Rises by 12 dB a second in noise, by 0.3 in what may be speech (a factor a frame of 16 ms).
const RISE_IN_NOISE: f32 = 1.022_35;
const RISE_IN_SPEECH: f32 = 1.000_553;
/// In its first second it rises by 50 dB a second, since nothing is known yet.
const RISE_AT_FIRST: f32 = 1.096;
const FIRST_FRAMES: u32 = 62;

/// Follows the minimum: quick to fall, slow to rise.
#[derive(Debug)]
pub(super) struct NoiseFloor {
    rms: f32,
    frames: u32,
}

impl NoiseFloor {
    pub(super) fn new() -> Self {
        Self {
            rms: INITIAL_RMS,
            frames: 0,
        }
    }

    pub(super) fn rms(&self) -> f32 {
        self.rms
    }

    /// Takes the level of one frame.
    pub(super) fn update(&mut self, frame_rms: f32, may_be_speech: bool) {
        self.frames = self.frames.saturating_add(1);
        if frame_rms < self.rms {
            self.rms += (frame_rms - self.rms) * FALL;
        } else {
            let rise = match (may_be_speech, self.frames <= FIRST_FRAMES) {
                (true, _) => RISE_IN_SPEECH,
                (false, true) => RISE_AT_FIRST,
                (false, false) => RISE_IN_NOISE,
            };
            self.rms = (self.rms * rise).min(frame_rms);
        }
        self.rms = self.rms.max(LOWEST_RMS);
    }
}
