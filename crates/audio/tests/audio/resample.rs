//! Rates in, rates out: nothing lost, nothing added, no aliases.

use crate::signals::{level_db, noise, rms, tone, utterance_16k};
use casp_audio::AudioError;
use casp_audio::resample::{RATES_HZ, Resampler};

fn convert(pcm: &[i16], from_hz: u32, to_hz: u32) -> Vec<i16> {
    let mut resampler = Resampler::new(from_hz, to_hz).unwrap();
    let mut out = Vec::new();
    resampler.process(pcm, &mut out);
    resampler.finish(&mut out);
    out
}

/// A tone of 1 kHz found in `pcm`: its amplitude, its delay against one that starts at zero (s), and
/// how far all else lies below it (dB). `pcm` must be whole periods.
fn find_tone(pcm: &[i16], sample_rate_hz: u32) -> (f64, f64, f64) {
    let step = std::f64::consts::TAU * 1_000.0 / f64::from(sample_rate_hz);
    let (mut sine, mut cosine, mut power) = (0.0, 0.0, 0.0);
    for (n, &sample) in pcm.iter().enumerate() {
        let value = f64::from(sample);
        sine += value * (n as f64 * step).sin();
        cosine += value * (n as f64 * step).cos();
        power += value * value;
    }
    let length = pcm.len() as f64;
    let amplitude = 2.0 * sine.hypot(cosine) / length;
    let rest = (power / length - amplitude * amplitude / 2.0).max(0.01);
    let delay = -cosine.atan2(sine) / (std::f64::consts::TAU * 1_000.0);
    (
        amplitude,
        delay,
        10.0 * (amplitude * amplitude / 2.0 / rest).log10(),
    )
}

#[test]
fn every_pair_of_rates_keeps_a_tone_and_its_place() {
    for from_hz in RATES_HZ {
        for to_hz in RATES_HZ {
            let sent = tone(from_hz as usize, 1_000.0, from_hz, 10_000.0);
            let heard = convert(&sent, from_hz, to_hz);
            assert_eq!(heard.len(), to_hz as usize, "{from_hz} to {to_hz}");
            // Not the ends, which ring since the tone begins and stops at once.
            let middle = &heard[to_hz as usize / 10..to_hz as usize * 9 / 10];
            let (amplitude, delay, snr) = find_tone(middle, to_hz);
            assert!(
                (amplitude / 10_000.0 - 1.0).abs() < 0.01,
                "{from_hz} to {to_hz}: {amplitude}"
            );
            assert!(snr > 60.0, "{from_hz} to {to_hz}: {snr} dB");
            let limit = 1.0 / f64::from(from_hz.min(to_hz));
            assert!(
                delay.abs() <= limit,
                "{from_hz} to {to_hz}: late by {delay} s"
            );
        }
    }
}

#[test]
fn pieces_of_any_size_give_the_same() {
    let speech = utterance_16k();
    let whole = convert(&speech, 16_000, 8_000);
    for size in [1, 79, 80, 81, 320, 4_096] {
        let mut resampler = Resampler::new(16_000, 8_000).unwrap();
        let mut out = Vec::new();
        for piece in speech.chunks(size) {
            resampler.process(piece, &mut out);
        }
        resampler.finish(&mut out);
        assert!(out == whole, "pieces of {size}");
    }
}

#[test]
fn the_tail_comes_with_finish_and_the_next_utterance_starts_afresh() {
    let speech = utterance_16k();
    let mut resampler = Resampler::new(16_000, 24_000).unwrap();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for out in [&mut first, &mut second] {
        resampler.process(&speech, out);
        let expected = (speech.len() * 3).div_ceil(2);
        let held_back = expected - out.len();
        assert!(
            held_back <= 24 * 9,
            "{held_back} samples at 24 kHz held back: over 9 ms"
        );
        resampler.finish(out);
        assert_eq!(out.len(), expected);
    }
    assert!(first == second);
    let mut nothing = Vec::new();
    resampler.finish(&mut nothing);
    assert!(nothing.is_empty(), "nothing in, nothing out");
}

#[test]
fn a_single_sample_is_enough() {
    for (from_hz, to_hz, expected) in [(24_000, 8_000, 0), (8_000, 24_000, 3), (16_000, 8_000, 1)] {
        assert_eq!(
            convert(&[1_000], from_hz, to_hz).len(),
            expected,
            "{from_hz} to {to_hz}"
        );
    }
}

#[test]
fn what_the_lower_rate_cannot_hold_is_taken_off() {
    for hz in [5_000.0, 7_000.0, 11_000.0] {
        let heard = convert(&tone(24_000, hz, 24_000, 10_000.0), 24_000, 8_000);
        let level = 20.0 * (rms(&heard[400..7_600]).max(0.1) / 7_071.0).log10();
        assert!(level < -55.0, "{hz} Hz is heard at {level} dB");
    }
    // And telephone speech keeps its band.
    let heard = convert(&tone(24_000, 3_300.0, 24_000, 10_000.0), 24_000, 8_000);
    let level = level_db(&heard[400..7_600], 3_300.0, 8_000, 10_000.0);
    assert!(level > -1.0, "3300 Hz at {level} dB");
}

#[test]
fn upsampling_adds_no_images() {
    let heard = convert(&tone(8_000, 3_000.0, 8_000, 10_000.0), 8_000, 16_000);
    let image = level_db(&heard[800..15_200], 5_000.0, 16_000, 10_000.0);
    assert!(image < -55.0, "{image} dB");
}

#[test]
fn peaks_over_full_scale_clip_and_do_not_wrap() {
    let square: Vec<i16> = (0..16_000)
        .map(|n| if n / 40 % 2 == 0 { i16::MAX } else { i16::MIN })
        .collect();
    let heard = convert(&square, 16_000, 8_000);
    // In the middle of each half wave the sign is that of the input.
    assert!((10..390).all(|half| (heard[half * 20 + 10] > 20_000) == (half % 2 == 0)));
}

#[test]
fn a_day_of_audio_does_not_drift() {
    // 22.05 kHz to 24 kHz has the longest cycle; half a minute stands for the day.
    let seconds = 30;
    let mut resampler = Resampler::new(22_050, 24_000).unwrap();
    let mut out = Vec::new();
    for _ in 0..seconds {
        resampler.process(&noise(22_050, 1_000.0, 1), &mut out);
        assert!(
            out.len().abs_diff(24_000) <= 24 * 9 * 2,
            "{} samples in a second",
            out.len()
        );
        out.clear();
    }
}

#[test]
fn other_rates_are_refused() {
    for (from_hz, to_hz) in [(0, 8_000), (8_000, 11_025), (96_000, 48_000)] {
        assert!(matches!(
            Resampler::new(from_hz, to_hz),
            Err(AudioError::SampleRate(_))
        ));
    }
}
