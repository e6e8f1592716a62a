//! Whether a microphone hears the agent: by likeness, whatever the delay is.
//!
//! A canceller that has lost the delay (a network that stalls shifts it) lets the echo through until it has found it
//! again. What it lets through is still the agent's own sound; a caller's is not, and a caller beside an echo is only
//! partly.

use std::collections::VecDeque;

/// Both are compared at 2 kHz: voices have their pitch and the most of their power below 1 kHz.
const DECIMATION: usize = 8;
const RATE_HZ: usize = 16_000 / DECIMATION;
/// What is compared: long enough to tell two voices apart, short enough to be heard without a gap of the network.
const WINDOW: usize = RATE_HZ * 120 / 1_000;
/// The longest delay.
const MAX_DELAY: usize = RATE_HZ * 1_000 / 1_000;
/// Correlation from which it is an echo. An echo reaches 0.99, another voice 0.75.
const ALIKE: f32 = 0.85;
/// Sound below this level is silence: mean square of 16-bit samples.
const SILENCE: f32 = 400.0;

/// Compares a microphone with what the agent says.
#[derive(Debug)]
pub struct Likeness {
    microphone: VecDeque<f32>,
    said: VecDeque<f32>,
}

impl Default for Likeness {
    fn default() -> Self {
        Self {
            microphone: VecDeque::from(vec![0.0; WINDOW]),
            said: VecDeque::from(vec![0.0; WINDOW + MAX_DELAY]),
        }
    }
}

impl Likeness {
    /// Takes the same stretch of both, before the canceller, at 16 kHz.
    pub fn push(&mut self, microphone: &[i16], said: &[i16]) {
        decimate(microphone, &mut self.microphone);
        decimate(said, &mut self.said);
    }

    /// Whether the agent has said anything that could be heard now.
    pub fn is_spoken(&self) -> bool {
        let power: f32 = self.said.iter().map(|sample| sample * sample).sum();
        power >= SILENCE * WINDOW as f32
    }

    /// Whether what the microphone has heard lately is what the agent says, or nothing at all.
    pub fn is_echo(&self) -> bool {
        let heard: f32 = self.microphone.iter().map(|sample| sample * sample).sum();
        heard < SILENCE * WINDOW as f32 || self.correlation() >= ALIKE
    }

    /// The largest correlation over all delays, 0 to 1; 0 in silence.
    pub fn correlation(&self) -> f32 {
        let microphone: Vec<f32> = self.microphone.iter().copied().collect();
        let said: Vec<f32> = self.said.iter().copied().collect();
        let silence = SILENCE * WINDOW as f32;
        let heard = energy(&microphone);
        if heard < silence || energy(&said) < silence {
            return 0.0;
        }
        let mut largest = 0.0_f32;
        for stretch in said.windows(WINDOW) {
            let power = energy(stretch);
            if power < silence {
                continue;
            }
            let product: f32 = stretch.iter().zip(&microphone).map(|(a, b)| a * b).sum();
            largest = largest.max(product.abs() / (power * heard).sqrt());
        }
        largest
    }
}

fn decimate(pcm: &[i16], kept: &mut VecDeque<f32>) {
    for samples in pcm.chunks_exact(DECIMATION) {
        kept.pop_front();
        let sum: f32 = samples.iter().map(|&sample| f32::from(sample)).sum();
        kept.push_back(sum / DECIMATION as f32);
    }
}

fn energy(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum()
}
