//! What clean-up takes off and what it leaves.

use crate::signals::{level_db, mix, noise, rms, tone, utterance_16k};
use casp_audio::AudioError;
use casp_audio::cleanup::{Cleanup, CleanupOptions, NoiseSuppressionLevel};

fn clean(options: &CleanupOptions, pcm: &[i16]) -> Vec<i16> {
    let mut pcm = pcm[..pcm.len() / 160 * 160].to_vec();
    let mut cleanup = Cleanup::new(options);
    for frame in pcm.chunks_mut(320) {
        cleanup.process(frame).unwrap();
    }
    pcm
}

#[test]
fn nothing_is_on_by_default_and_nothing_changes() {
    assert!(!CleanupOptions::default().is_any());
    let speech = utterance_16k();
    let cleaned = clean(&CleanupOptions::default(), &speech);
    assert!(cleaned == speech[..cleaned.len()]);
}

#[test]
fn the_high_pass_takes_off_hum_and_leaves_speech() {
    let options = CleanupOptions {
        uses_high_pass: true,
        ..CleanupOptions::default()
    };
    let mut pcm = tone(32_000, 50.0, 16_000, 5_000.0);
    mix(&mut pcm, 0, &tone(32_000, 600.0, 16_000, 5_000.0));
    let cleaned = &clean(&options, &pcm)[16_000..];
    let hum = level_db(cleaned, 50.0, 16_000, 5_000.0);
    let speech = level_db(cleaned, 600.0, 16_000, 5_000.0);
    assert!(hum < -10.0, "hum at {hum} dB");
    assert!(speech.abs() < 1.0, "600 Hz at {speech} dB");
}

#[test]
fn noise_suppression_takes_off_steady_noise() {
    let options = CleanupOptions {
        noise_suppression: Some(NoiseSuppressionLevel::High),
        ..CleanupOptions::default()
    };
    let mut pcm = noise(16_000 * 5, 300.0, 1);
    mix(&mut pcm, 16_000 * 3, &utterance_16k());
    let cleaned = clean(&options, &pcm);
    let background = rms(&cleaned[32_000..46_000]);
    assert!(
        background < 100.0,
        "noise of rms 300 is left at {background}"
    );
    let speech = rms(&cleaned[49_000..76_000]);
    assert!(speech > 2_000.0, "speech is left at {speech}");
}

#[test]
fn gain_control_lifts_quiet_speech() {
    let options = CleanupOptions {
        uses_gain_control: true,
        ..CleanupOptions::default()
    };
    let quiet: Vec<i16> = utterance_16k()
        .iter()
        .cycle()
        .take(16_000 * 8)
        .map(|s| s / 30)
        .collect();
    let cleaned = clean(&options, &quiet);
    let gain = rms(&cleaned[16_000 * 6..]) / rms(&quiet[16_000 * 6..]);
    assert!(gain > 3.0, "{gain}");
}

#[test]
fn echo_cancellation_takes_off_what_the_agent_said() {
    let options = CleanupOptions {
        uses_echo_cancellation: true,
        ..CleanupOptions::default()
    };
    let agent: Vec<i16> = utterance_16k()
        .iter()
        .cycle()
        .take(16_000 * 10)
        .copied()
        .collect();
    // The microphone hears it 60 ms later at a third of its level.
    let mut echo = vec![0; 960];
    echo.extend(agent.iter().map(|sample| sample / 3));
    let mut cleanup = Cleanup::new(&options);
    let mut cleaned = Vec::new();
    for (said, heard) in agent.chunks_exact(160).zip(echo.chunks_exact(160)) {
        let mut frame = heard.to_vec();
        cleanup.agent_spoke(said).unwrap();
        cleanup.process(&mut frame).unwrap();
        cleaned.extend(frame);
    }
    let left = rms(&cleaned[16_000 * 5..]) / rms(&echo[16_000 * 5..]);
    assert!(left < 0.1, "{left} of the echo is left");
}

#[test]
fn frames_of_other_lengths_are_refused() {
    let mut cleanup = Cleanup::new(&CleanupOptions::default());
    let error = cleanup.process(&mut [1; 161]).unwrap_err();
    assert!(
        matches!(error, AudioError::FrameLength { samples: 161, .. }),
        "{error}"
    );
    assert!(cleanup.agent_spoke(&[1; 100]).is_err());
    assert!(cleanup.process(&mut []).is_ok());
}
