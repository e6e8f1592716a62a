//! Call-progress tones as μ-law frames.

use crate::pcmu;

/// Samples in a frame of 20 ms at 8 kHz.
const FRAME: usize = 160;
/// 440 and 480 Hz both repeat every 1/40 s: 200 samples at 8 kHz.
const PERIOD: usize = 200;
/// Frames of 2 s of tone, and of the whole 6 s.
const ON_FRAMES: u32 = 100;
const CYCLE_FRAMES: u32 = 300;
/// Each of the two tones, about −19 dBm0 (ITU-T E.180 and the American precise tone plan).
const AMPLITUDE: f64 = 3_600.0;

/// The North American ringback tone (440 + 480 Hz, 2 s on, 4 s off): what a caller hears while
/// nobody has answered yet.
#[derive(Debug, Clone)]
pub struct Ringback {
    period: [u8; PERIOD],
    frame: u32,
}

impl Default for Ringback {
    fn default() -> Self {
        Self::new()
    }
}

impl Ringback {
    /// From the start of a ring.
    pub fn new() -> Self {
        let mut period = [pcmu::SILENCE; PERIOD];
        for (n, code) in period.iter_mut().enumerate() {
            let at = n as f64 / 8_000.0 * std::f64::consts::TAU;
            let sample = ((at * 440.0).sin() + (at * 480.0).sin()) * AMPLITUDE;
            *code = pcmu::encode_sample(sample.round() as i16);
        }
        Self { period, frame: 0 }
    }

    /// Writes the next 20 ms; returns whether it is tone (false: silence).
    pub fn next_frame(&mut self, out: &mut [u8; FRAME]) -> bool {
        let is_tone = self.frame < ON_FRAMES;
        if is_tone {
            let start = self.frame as usize * FRAME;
            for (n, code) in out.iter_mut().enumerate() {
                *code = self.period[(start + n) % PERIOD];
            }
        } else {
            out.fill(pcmu::SILENCE);
        }
        self.frame = (self.frame + 1) % CYCLE_FRAMES;
        is_tone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Power of one frequency in `pcm` at 8 kHz, relative to all of it (Goertzel's sum, written out).
    fn share_of(pcm: &[i16], hz: f64) -> f64 {
        let (mut re, mut im, mut power) = (0.0, 0.0, 0.0);
        for (n, &sample) in pcm.iter().enumerate() {
            let phase = std::f64::consts::TAU * hz * n as f64 / 8_000.0;
            let value = f64::from(sample);
            re += value * phase.cos();
            im += value * phase.sin();
            power += value * value;
        }
        2.0 * (re * re + im * im) / (power * pcm.len() as f64)
    }

    #[test]
    fn rings_two_seconds_of_six() {
        let mut ringback = Ringback::new();
        let mut frame = [0; FRAME];
        for _ in 0..2 {
            for n in 0..CYCLE_FRAMES {
                assert_eq!(ringback.next_frame(&mut frame), n < 100);
                assert_eq!(frame == [pcmu::SILENCE; FRAME], n >= 100);
            }
        }
    }

    #[test]
    fn consists_of_440_and_480_hz_in_equal_parts() {
        let mut ringback = Ringback::new();
        let mut pcm = Vec::new();
        for _ in 0..50 {
            let mut frame = [0; FRAME];
            ringback.next_frame(&mut frame);
            pcm.extend(frame.map(pcmu::decode_sample));
        }
        assert!((share_of(&pcm, 440.0) - 0.5).abs() < 0.01);
        assert!((share_of(&pcm, 480.0) - 0.5).abs() < 0.01);
        assert!(share_of(&pcm, 460.0) < 0.001);
    }
}
