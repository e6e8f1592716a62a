//! Whether the latest sound is periodic at the pitch of a voice.

/// Samples in a frame of 16 ms after halving the rate to 8 kHz.
const FRAME: usize = 128;
/// What is compared with its own past: 30 ms.
const WINDOW: usize = 240;
/// Periods of 400 down to 60 Hz, at 8 kHz.
const SHORTEST_PERIOD: usize = 20;
const LONGEST_PERIOD: usize = 133;
/// What is kept: whole frames that hold the window and the longest period before it.
const HISTORY: usize = FRAME * 3;

/// The last 48 ms at 8 kHz.
#[derive(Debug)]
pub(super) struct Voicing {
    history: [f32; HISTORY],
}

impl Voicing {
    pub(super) fn new() -> Self {
        Self {
            history: [0.0; HISTORY],
        }
    }

    /// Takes a frame of 256 samples at 16 kHz.
    pub(super) fn push(&mut self, frame: &[i16; FRAME * 2]) {
        self.history.copy_within(FRAME.., 0);
        let halved = frame
            .chunks_exact(2)
            .map(|pair| f32::from(pair[0]) + f32::from(pair[1]));
        for (sample, half) in self.history[HISTORY - FRAME..].iter_mut().zip(halved) {
            *sample = half;
        }
    }

    /// The highest normalised autocorrelation at any pitch period: about 0.2 to 0.4 for noise,
    /// breath and clicks, 0.7 to 1 for vowels (and tones). Some 27,000 multiplications.
    pub(super) fn periodicity(&self) -> f32 {
        let window = &self.history[HISTORY - WINDOW..];
        let energy = dot(window, window);
        (SHORTEST_PERIOD..=LONGEST_PERIOD)
            .map(|period| {
                let past = &self.history[HISTORY - WINDOW - period..HISTORY - period];
                dot(window, past) / (energy * dot(past, past)).sqrt().max(1.0)
            })
            .fold(0.0, f32::max)
    }
}

/// Eight sums side by side, which the compiler turns into vector instructions.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for ((sum, x), y) in sums.iter_mut().zip(a).zip(b) {
            *sum += x * y;
        }
    }
    sums.iter().sum()
}
