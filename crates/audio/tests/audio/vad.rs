//! What is called voice, when, and what is not.

use crate::signals::{mix, noise, tone, utterance_16k};
use casp_audio::vad::{VadEvent, VadOptions, VoiceDetector};

/// Samples of background before the sound that is tested.
const LEAD: usize = 16_000;

/// Starts (position, when found) and stops in `pcm`, pushed in frames of 20 ms.
fn voice_in(pcm: &[i16]) -> Vec<VadEvent> {
    let mut detector = VoiceDetector::new(VadOptions::default());
    let mut events = Vec::new();
    for frame in pcm.chunks(320) {
        detector.push(frame);
        while let Some(event) = detector.next_event() {
            if !matches!(event, VadEvent::Frame { .. }) {
                events.push(event);
            }
        }
    }
    events
}

/// `sound` after a second of low noise, and half a second of it after.
fn in_background(sound: &[i16], noise_rms: f64) -> Vec<i16> {
    let mut pcm = noise(LEAD + sound.len() + 8_000, noise_rms, 3);
    mix(&mut pcm, LEAD, sound);
    pcm
}

#[test]
fn the_utterance_is_one_voice_from_its_first_to_its_last_sound() {
    let utterance = utterance_16k();
    for noise_rms in [0.0, 8.0] {
        let events = voice_in(&in_background(&utterance, noise_rms));
        let [
            VadEvent::VoiceStarted {
                at_sample: start, ..
            },
            stop,
        ] = events[..]
        else {
            panic!("one start and one stop expected, not {events:?}");
        };
        let VadEvent::VoiceStopped {
            at_sample: stop,
            detected_at_sample,
        } = stop
        else {
            panic!("the second event is {stop:?}");
        };
        // Frames of 16 ms blur both ends.
        let end = (LEAD + utterance.len()) as u64;
        assert!(start.abs_diff(LEAD as u64) <= 512, "starts at {start}");
        assert!(stop.abs_diff(end) <= 512, "stops at {stop}, not {end}");
        assert_eq!(
            detected_at_sample - stop,
            7 * 256,
            "100 ms rounded up to frames"
        );
    }
}

#[test]
fn it_is_found_within_60_ms_however_it_lies_to_the_frames() {
    let utterance = utterance_16k();
    let first_loud = utterance
        .iter()
        .position(|sample| sample.unsigned_abs() > 300)
        .unwrap();
    for noise_rms in [0.0, 8.0, 60.0] {
        for offset in (0..256).step_by(16) {
            let mut pcm = noise(LEAD + offset + utterance.len(), noise_rms, offset as u64);
            mix(&mut pcm, LEAD + offset, &utterance);
            let Some(VadEvent::VoiceStarted {
                detected_at_sample, ..
            }) = voice_in(&pcm).first().copied()
            else {
                panic!("nothing found at offset {offset} in noise of {noise_rms}");
            };
            let delay = detected_at_sample as i64 - (LEAD + offset + first_loud) as i64;
            assert!(
                (0..=60 * 16).contains(&delay),
                "{delay} samples at {offset}, {noise_rms}"
            );
        }
    }
}

#[test]
fn it_is_found_in_loud_noise_too_and_ends() {
    let utterance = utterance_16k();
    for noise_rms in [100.0, 300.0] {
        let mut pcm = noise(3 * LEAD + utterance.len(), noise_rms, 5);
        mix(&mut pcm, LEAD, &utterance);
        let events = voice_in(&pcm);
        assert!(
            matches!(
                events[..],
                [VadEvent::VoiceStarted { .. }, VadEvent::VoiceStopped { .. }]
            ),
            "{events:?} in noise of {noise_rms}"
        );
    }
}

#[test]
fn quiet_speech_is_found() {
    for divisor in [10, 30] {
        let quiet: Vec<i16> = utterance_16k()
            .iter()
            .map(|sample| sample / divisor)
            .collect();
        let events = voice_in(&in_background(&quiet, 4.0));
        assert_eq!(events.len(), 2, "{events:?} at 1/{divisor}");
    }
}

#[test]
fn silence_and_steady_noise_are_no_voice() {
    for noise_rms in [0.0, 6.0, 10.0, 30.0, 100.0, 300.0] {
        for seed in 1..6 {
            let events = voice_in(&noise(10 * 16_000, noise_rms, seed));
            assert!(events.is_empty(), "{events:?} in noise of {noise_rms}");
        }
    }
}

#[test]
fn noise_bursts_are_no_voice() {
    for seed in 1..8 {
        for level in [100.0, 300.0, 1_000.0, 3_000.0, 8_000.0] {
            for milliseconds in [50, 300, 1_000] {
                let burst = noise(16 * milliseconds, level, seed);
                let events = voice_in(&in_background(&burst, 8.0));
                assert!(
                    events.is_empty(),
                    "{events:?}: {milliseconds} ms of {level}"
                );
            }
        }
    }
}

#[test]
fn clicks_and_breath_are_no_voice() {
    for seed in 1..8 {
        // A knock: noise that dies away within 2 to 14 ms.
        let decay = 30.0 * seed as f64;
        let click: Vec<i16> = noise(2_000, 9_000.0, seed)
            .iter()
            .enumerate()
            .map(|(n, &sample)| (f64::from(sample) * (-(n as f64) / decay).exp()) as i16)
            .collect();
        assert!(
            voice_in(&in_background(&click, 8.0)).is_empty(),
            "click {seed}"
        );
        // Half a second of dark noise that swells and falls.
        let mut dark = 0.0;
        let breath: Vec<i16> = noise(8_000, 3_000.0, seed)
            .iter()
            .enumerate()
            .map(|(n, &sample)| {
                dark += (f64::from(sample) - dark) * 0.3;
                (dark * (std::f64::consts::PI * n as f64 / 8_000.0).sin()) as i16
            })
            .collect();
        assert!(
            voice_in(&in_background(&breath, 8.0)).is_empty(),
            "breath {seed}"
        );
    }
    assert!(voice_in(&in_background(&[i16::MAX, i16::MIN], 8.0)).is_empty());
}

#[test]
fn tones_are_voice_while_they_could_be_hummed() {
    let voiced_for = |hz: f64| {
        let events = voice_in(&in_background(&tone(16_000, hz, 16_000, 8_000.0), 8.0));
        match events[..] {
            [] => 0,
            [
                VadEvent::VoiceStarted {
                    at_sample: start, ..
                },
                VadEvent::VoiceStopped {
                    at_sample: stop, ..
                },
                ..,
            ] => (stop - start) / 16,
            _ => panic!("{events:?} at {hz} Hz"),
        }
    };
    assert!(voiced_for(440.0) > 900);
    // The network lets go of it soon.
    assert!((48..=200).contains(&voiced_for(1_000.0)));
    assert_eq!(voiced_for(2_000.0), 0);
}

#[test]
fn pieces_of_any_size_give_the_same() {
    let pcm = in_background(&utterance_16k(), 8.0);
    let whole = voice_in(&pcm);
    for size in [1, 7, 255, 256, 257, 5_000] {
        let mut detector = VoiceDetector::new(VadOptions::default());
        let mut events = Vec::new();
        for piece in pcm.chunks(size) {
            detector.push(piece);
            while let Some(event) = detector.next_event() {
                if !matches!(event, VadEvent::Frame { .. }) {
                    events.push(event);
                }
            }
        }
        assert_eq!(events, whole, "pieces of {size}");
        assert_eq!(detector.position(), pcm.len() as u64);
    }
}

#[test]
fn a_gap_in_the_stream_ends_voice_by_time() {
    let utterance = utterance_16k();
    let mut detector = VoiceDetector::new(VadOptions::default());
    detector.push(&utterance[..16_000]);
    assert!(detector.is_voice());
    while detector.next_event().is_some() {}
    // An hour of DTX, and 5 samples.
    detector.push_silence(3_600 * 16_000 + 5);
    assert!(!detector.is_voice());
    assert_eq!(detector.position(), 3_601 * 16_000 + 5);
    let mut stops = Vec::new();
    while let Some(event) = detector.next_event() {
        if let VadEvent::VoiceStopped { at_sample, .. } = event {
            stops.push(at_sample);
        }
    }
    assert_eq!(stops.len(), 1);
    assert!(stops[0].abs_diff(16_000) <= 512, "{stops:?}");
}

#[test]
fn a_reader_who_does_not_read_loses_the_oldest() {
    let mut detector = VoiceDetector::new(VadOptions::default());
    detector.push(&noise(256 * 1_000, 8.0, 1));
    let mut positions = Vec::new();
    while let Some(VadEvent::Frame { ends_at_sample, .. }) = detector.next_event() {
        positions.push(ends_at_sample / 256);
    }
    assert_eq!(positions, (701..=1_000).collect::<Vec<_>>());
}
