//! Signals for tests.

/// "Hello I live in London with my wife.", espeak-ng, 1.79 s at 16 kHz, loud from its first sample.
pub(crate) fn utterance_16k() -> Vec<i16> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/utterance-16k.wav");
    let mut reader = hound::WavReader::open(path).expect("the test's WAV");
    assert_eq!(
        (reader.spec().sample_rate, reader.spec().channels),
        (16_000, 1)
    );
    reader
        .samples::<i16>()
        .map(|sample| sample.expect("16-bit samples"))
        .collect()
}

/// White noise of a level, the same every time.
pub(crate) fn noise(samples: usize, rms: f64, seed: u64) -> Vec<i16> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    // The sum of four uniform numbers has a variance of 4/12.
    let scale = rms * 3.0_f64.sqrt();
    (0..samples)
        .map(|_| (scale * (0..4).map(|_| uniform()).sum::<f64>()).round() as i16)
        .collect()
}

/// A sine.
pub(crate) fn tone(samples: usize, hz: f64, sample_rate_hz: u32, amplitude: f64) -> Vec<i16> {
    let step = std::f64::consts::TAU * hz / f64::from(sample_rate_hz);
    (0..samples)
        .map(|n| ((n as f64 * step).sin() * amplitude).round() as i16)
        .collect()
}

/// Root mean square.
pub(crate) fn rms(pcm: &[i16]) -> f64 {
    let sum: f64 = pcm.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    (sum / pcm.len().max(1) as f64).sqrt()
}

/// Adds `other` to `pcm` from a position on.
pub(crate) fn mix(pcm: &mut [i16], at: usize, other: &[i16]) {
    for (sample, &added) in pcm[at..].iter_mut().zip(other) {
        *sample = sample.saturating_add(added);
    }
}

/// Level of the difference between two signals below the first one, in dB.
pub(crate) fn snr_db(signal: &[i16], other: &[i16]) -> f64 {
    assert_eq!(signal.len(), other.len());
    let difference: Vec<i16> = signal
        .iter()
        .zip(other)
        .map(|(&a, &b)| a.saturating_sub(b))
        .collect();
    20.0 * (rms(signal) / rms(&difference).max(0.01)).log10()
}

/// Power of one frequency in `pcm`, in dB below that of a sine of `amplitude`.
pub(crate) fn level_db(pcm: &[i16], hz: f64, sample_rate_hz: u32, amplitude: f64) -> f64 {
    let step = std::f64::consts::TAU * hz / f64::from(sample_rate_hz);
    // A Hann window keeps neighbours out.
    let length = pcm.len() as f64;
    let (mut re, mut im) = (0.0, 0.0);
    for (n, &sample) in pcm.iter().enumerate() {
        let window = 1.0 - (std::f64::consts::TAU * n as f64 / length).cos();
        re += f64::from(sample) * window * (n as f64 * step).cos();
        im += f64::from(sample) * window * (n as f64 * step).sin();
    }
    let found = 2.0 * re.hypot(im) / length;
    20.0 * (found.max(1e-9) / amplitude).log10()
}
