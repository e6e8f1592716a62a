//! G.711 μ-law (ITU-T G.711, table 2), the codec of the telephone network and of Twilio's streams.
//!
//! PCM is 16 bit: the Recommendation's 14-bit values times four. Decoding is a table look-up;
//! encoding finds the segment by counting leading zeros. Both are far below 1 ms of CPU a
//! call-minute.

/// The code of silence (positive zero).
pub const SILENCE: u8 = 0xFF;

/// Added to a magnitude so that segments begin at powers of two (33 in 14 bits).
const BIAS: i32 = 132;
/// The largest magnitude that has a code of its own (8,158.75 in 14 bits).
const CLIP: i32 = 32_635;

/// Linear value of each code.
static LINEAR: [i16; 256] = linear_table();

const fn linear_table() -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        // Codes travel inverted, so that silence is rich in ones.
        let bits = !(code as u8);
        let segment = (bits >> 4) & 7;
        let step = (bits & 0x0F) as i32;
        let magnitude = (((step << 3) + BIAS) << segment) - BIAS;
        table[code] = if bits & 0x80 == 0 {
            magnitude as i16
        } else {
            -magnitude as i16
        };
        code += 1;
    }
    table
}

/// The linear value of one code.
pub fn decode_sample(code: u8) -> i16 {
    LINEAR[usize::from(code)]
}

/// The code of one linear value: that of the interval, by the Recommendation's decision values,
/// which holds it.
pub fn encode_sample(sample: i16) -> u8 {
    let is_negative = sample < 0;
    let biased = i32::from(sample).abs().min(CLIP) + BIAS;
    // `biased` is 132 to 32,767: bit 7 to 14 leads.
    let segment = 24 - biased.leading_zeros() as i32;
    let step = (biased >> (segment + 3)) & 0x0F;
    let bits = (segment << 4 | step) as u8;
    !(if is_negative { bits | 0x80 } else { bits })
}

/// Decodes as many codes as fit in `out`; returns how many.
pub fn decode(codes: &[u8], out: &mut [i16]) -> usize {
    for (sample, &code) in out.iter_mut().zip(codes) {
        *sample = decode_sample(code);
    }
    codes.len().min(out.len())
}

/// Encodes as many samples as fit in `out`; returns how many.
pub fn encode(pcm: &[i16], out: &mut [u8]) -> usize {
    for (code, &sample) in out.iter_mut().zip(pcm) {
        *code = encode_sample(sample);
    }
    pcm.len().min(out.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Positive half of the Recommendation's table 2a in 14-bit numbers: decision values x1 to x129
    /// (0, 1, 3, 5 … 31, 35 … 8159), from its step sizes: one of 1, fifteen of 2, then sixteen of
    /// each doubled step.
    fn decision_values() -> Vec<i32> {
        let mut values = vec![0, 1];
        let steps = std::iter::repeat_n(2, 15)
            .chain((2..=8).flat_map(|exponent| std::iter::repeat_n(1 << exponent, 16)));
        for step in steps {
            values.push(values.last().unwrap() + step);
        }
        values
    }

    #[test]
    fn decodes_to_the_output_values_of_the_recommendation() {
        let decisions = decision_values();
        assert_eq!((decisions.len(), decisions[128]), (129, 8159));
        for n in 0..128_usize {
            // y = (x_n + x_{n+1}) / 2, but 0 in the first interval; times 4 for 16 bits.
            let output = if n == 0 {
                0
            } else {
                (decisions[n] + decisions[n + 1]) * 2
            };
            assert_eq!(
                i32::from(decode_sample(0xFF - n as u8)),
                output,
                "positive {n}"
            );
            assert_eq!(
                i32::from(decode_sample(0x7F - n as u8)),
                -output,
                "negative {n}"
            );
        }
    }

    #[test]
    fn every_code_survives_a_round_trip() {
        for code in 0..=255 {
            // Negative zero has no linear value of its own.
            let expected = if code == 0x7F { SILENCE } else { code };
            assert_eq!(encode_sample(decode_sample(code)), expected);
        }
    }

    #[test]
    fn every_value_gets_the_code_of_its_interval() {
        let decisions = decision_values();
        for sample in i16::MIN..=i16::MAX {
            let magnitude = i32::from(sample).abs();
            let interval = decisions[1..128]
                .iter()
                .filter(|&&x| x * 4 <= magnitude)
                .count() as u8;
            let expected = if sample < 0 {
                0x7F - interval
            } else {
                0xFF - interval
            };
            assert_eq!(encode_sample(sample), expected, "{sample}");
        }
    }

    #[test]
    fn every_value_gets_the_nearest_code_except_where_the_recommendation_prefers_the_next_segment()
    {
        for sample in i16::MIN..=i16::MAX {
            let distance = |code: u8| (i32::from(decode_sample(code)) - i32::from(sample)).abs();
            let nearest = (0..=255).map(distance).min().unwrap();
            let code = encode_sample(sample);
            if distance(code) != nearest {
                // A segment begins at its decision value, a quarter of its step below the middle
                // between two output values.
                let bits = !code;
                let step = 8 << ((bits >> 4) & 7);
                assert_eq!(bits & 0x0F, 0, "{sample} is not at a segment's start");
                assert!(distance(code) - nearest <= step / 4, "{sample}");
            }
        }
    }

    #[test]
    fn slices_stop_at_the_shorter_one() {
        let mut pcm = [1; 4];
        assert_eq!(decode(&[SILENCE, 0x80], &mut pcm), 2);
        assert_eq!(pcm, [0, 32_124, 1, 1]);
        let mut codes = [0; 1];
        assert_eq!(encode(&pcm, &mut codes), 1);
        assert_eq!(codes, [SILENCE]);
    }
}
