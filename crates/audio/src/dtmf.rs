//! DTMF: the keys of a telephone as two tones at once (ITU-T Q.23).
//!
//! Twilio's Media Streams have no message for keys that we press, so they are sent as sound, which is what a telephone
//! does itself. Q.24 has receivers take tones of 40 ms and more with pauses of 40 ms; both are 100 ms here, so that they
//! survive jitter and coding. The high tone is 2 dB louder than the low one, for lines that damp it more (ETSI ES 201 235-2).

use std::f64::consts::TAU;

/// The tones' rate, of the telephone network.
pub const SAMPLE_RATE_HZ: u32 = 8_000;
/// Samples of a tone, and of the pause after it.
const LONG: usize = 800;
/// Samples in which a tone rises and falls, so that it does not click.
const EDGE: usize = 16;
/// −11 and −9 dBm0, where a full sine in μ-law is +3.17 dBm0 (G.711) and 32,124 high.
const LOW: f64 = 6_284.0;
const HIGH: f64 = 7_912.0;

/// Frequencies of the rows and columns of keys (Q.23, clause 5).
const ROWS_HZ: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS_HZ: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
const KEYS: [[char; 4]; 4] = [
    ['1', '2', '3', 'A'],
    ['4', '5', '6', 'B'],
    ['7', '8', '9', 'C'],
    ['*', '0', '#', 'D'],
];

/// The two frequencies of a key.
fn frequencies(key: char) -> Option<(f64, f64)> {
    let rows = KEYS.iter().zip(ROWS_HZ);
    rows.into_iter().find_map(|(keys, row)| {
        let column = keys.iter().position(|known| *known == key)?;
        Some((row, COLUMNS_HZ[column]))
    })
}

/// Appends a key's tone and the pause after it, at [`SAMPLE_RATE_HZ`]; false, and nothing, for what is no key.
pub fn press(key: char, out: &mut Vec<i16>) -> bool {
    let Some((low, high)) = frequencies(key) else {
        return false;
    };
    out.extend((0..LONG).map(|n| {
        let at = n as f64 / f64::from(SAMPLE_RATE_HZ) * TAU;
        let edge = n.min(LONG - 1 - n).min(EDGE) as f64 / EDGE as f64;
        let sample = (at * low).sin() * LOW + (at * high).sin() * HIGH;
        (sample * edge).round() as i16
    }));
    out.resize(out.len() + LONG, 0);
    true
}

/// Appends silence, half a second: for whoever is slow to take the next key.
pub fn wait(out: &mut Vec<i16>) {
    out.resize(out.len() + SAMPLE_RATE_HZ as usize / 2, 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pcmu;

    /// The amplitude of one frequency in `pcm` (Goertzel's sum, written out).
    fn amplitude(pcm: &[i16], hz: f64) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, &sample) in pcm.iter().enumerate() {
            let phase = TAU * hz * n as f64 / f64::from(SAMPLE_RATE_HZ);
            re += f64::from(sample) * phase.cos();
            im += f64::from(sample) * phase.sin();
        }
        2.0 * f64::hypot(re, im) / pcm.len() as f64
    }

    fn over_the_telephone(pcm: &[i16]) -> Vec<i16> {
        let codes = pcm.iter().map(|sample| pcmu::encode_sample(*sample));
        codes.map(pcmu::decode_sample).collect()
    }

    /// dBm0 of a sine of this height.
    fn level(amplitude: f64) -> f64 {
        20.0 * (amplitude / 32_124.0).log10() + 3.17
    }

    #[test]
    fn each_key_is_its_row_and_its_column_and_nothing_else() {
        for (row, keys) in KEYS.iter().enumerate() {
            for (column, key) in keys.iter().enumerate() {
                let mut pcm = Vec::new();
                assert!(press(*key, &mut pcm), "{key}");
                let tone = over_the_telephone(&pcm[..LONG]);
                for (n, hz) in ROWS_HZ.into_iter().enumerate() {
                    let is_there = level(amplitude(&tone, hz)) > -12.0;
                    assert_eq!(is_there, n == row, "{key} {hz}");
                }
                for (n, hz) in COLUMNS_HZ.into_iter().enumerate() {
                    let is_there = level(amplitude(&tone, hz)) > -12.0;
                    assert_eq!(is_there, n == column, "{key} {hz}");
                }
            }
        }
    }

    #[test]
    fn levels_and_times_are_those_of_a_telephone() {
        let mut pcm = Vec::new();
        press('5', &mut pcm);
        assert_eq!(pcm.len(), 1_600, "100 ms of tone, 100 ms of pause");
        assert!(pcm[LONG..].iter().all(|sample| *sample == 0));
        // Without the edges, in which the tone is not at its height yet.
        let steady = &pcm[EDGE..LONG - EDGE];
        let (low, high) = (
            level(amplitude(steady, 770.0)),
            level(amplitude(steady, 1_336.0)),
        );
        assert!((low + 11.0).abs() < 0.3, "{low} dBm0");
        assert!((high + 9.0).abs() < 0.3, "{high} dBm0");
        assert!(pcm[0].abs() < 100 && pcm[LONG - 1].abs() < 1_000);
    }

    #[test]
    fn what_is_no_key_makes_no_sound() {
        let mut pcm = Vec::new();
        for key in ['x', 'a', ' ', '\0', '１'] {
            assert!(!press(key, &mut pcm), "{key}");
        }
        assert!(pcm.is_empty());
        wait(&mut pcm);
        assert_eq!(pcm, [0; 4_000]);
    }
}
