//! The agent's voice comes back from a hands-free telephone: Flite's speech, through G.711 both ways.

use crate::signals::{mix, noise, rms};
use casp_audio::{
    cleanup::{Cleanup, CleanupOptions, Likeness, NoiseSuppressionLevel},
    pcmu,
    resample::Resampler,
    vad::{VadEvent, VadOptions, VoiceDetector},
};

const LENGTH_MS: usize = 13_000;
/// The agent greets, and answers after a pause.
const GREETING_AT_MS: usize = 500;
const ANSWER_AT_MS: usize = 6_000;
const ANSWER_ENDS_AT_MS: usize = 11_700;

/// Speech at 8 kHz, as a telephone carries it.
fn speech(name: &str) -> Vec<i16> {
    let path = format!("{}/tests/data/{name}-8k.ulaw", env!("CARGO_MANIFEST_DIR"));
    let codes = std::fs::read(path).expect("the test's speech");
    codes.into_iter().map(pcmu::decode_sample).collect()
}

fn scaled(pcm: &[i16], gain: f64) -> Vec<i16> {
    pcm.iter()
        .map(|&sample| (f64::from(sample) * gain) as i16)
        .collect()
}

fn at_16_khz(pcm: &[i16]) -> Vec<i16> {
    let mut out = Vec::new();
    Resampler::new(8_000, 16_000)
        .expect("both rates are usual ones")
        .process(pcm, &mut out);
    out
}

/// What the agent says, and what the microphone sends.
struct Line {
    said: Vec<i16>,
    microphone: Vec<i16>,
}

impl Line {
    fn new(echo: f64, delay_ms: usize) -> Self {
        let mut said = vec![0; LENGTH_MS * 8];
        mix(&mut said, GREETING_AT_MS * 8, &speech("greeting"));
        mix(&mut said, ANSWER_AT_MS * 8, &speech("answer"));
        let mut microphone = noise(LENGTH_MS * 8, 10.0, 1);
        mix(&mut microphone, delay_ms * 8, &scaled(&said, echo));
        Self { said, microphone }
    }

    /// Somebody speaks.
    fn interrupted(mut self, at_ms: &[usize]) -> Self {
        for at in at_ms {
            let voice = scaled(&speech("interruption"), 0.7);
            mix(&mut self.microphone, at * 8, &voice);
        }
        self
    }

    /// The microphone as it comes through the telephone.
    fn coded(&self) -> Vec<i16> {
        let codes = self
            .microphone
            .iter()
            .map(|&sample| pcmu::encode_sample(sample));
        codes.map(pcmu::decode_sample).collect()
    }

    /// Cleans the microphone; gives it before and after.
    fn cleaned(&self) -> (Vec<i16>, Vec<i16>) {
        let mut cleanup = Cleanup::new(&CleanupOptions {
            uses_high_pass: true,
            noise_suppression: Some(NoiseSuppressionLevel::Moderate),
            uses_gain_control: true,
            uses_echo_cancellation: true,
        });
        let (said, heard) = (at_16_khz(&self.said), at_16_khz(&self.coded()));
        let mut cleaned = heard.clone();
        for (frame, said) in cleaned.chunks_exact_mut(160).zip(said.chunks_exact(160)) {
            cleanup.agent_spoke(said).unwrap();
            cleanup.process(frame).unwrap();
        }
        (heard, cleaned)
    }
}

/// When voices are noticed, in milliseconds.
fn voices(pcm: &[i16]) -> Vec<u64> {
    let mut detector = VoiceDetector::new(VadOptions::default());
    let mut found = Vec::new();
    for frame in pcm.chunks_exact(320) {
        detector.push(frame);
        while let Some(event) = detector.next_event() {
            if let VadEvent::VoiceStarted {
                detected_at_sample, ..
            } = event
            {
                found.push(detected_at_sample / 16);
            }
        }
    }
    found
}

/// The first voice that is noticed from a time on.
fn noticed_after(pcm: &[i16], at_ms: usize) -> u64 {
    let found = voices(pcm);
    let first = found.iter().find(|found| **found >= at_ms as u64);
    first.unwrap_or_else(|| panic!("not noticed: {found:?}")) - at_ms as u64
}

#[test]
fn an_echo_is_taken_off_from_the_first_word_on() {
    for (echo, delay_ms) in [(0.3, 60), (0.3, 100), (0.3, 200), (0.3, 400), (1.0, 100)] {
        let (heard, cleaned) = Line::new(echo, delay_ms).cleaned();
        assert!(!voices(&heard).is_empty(), "it was a voice");
        assert_eq!(voices(&cleaned), [], "echo {echo} after {delay_ms} ms");
        let answer = (ANSWER_AT_MS + delay_ms) * 16..ANSWER_ENDS_AT_MS * 16;
        let erle_db = 20.0 * (rms(&heard[answer.clone()]) / rms(&cleaned[answer])).log10();
        println!("echo {echo} after {delay_ms} ms: ERLE {erle_db:.0} dB");
        assert!(
            erle_db > 25.0,
            "echo {echo} after {delay_ms} ms: {erle_db} dB"
        );
    }
}

#[test]
fn who_speaks_over_the_agent_is_noticed_beside_its_echo() {
    for delay_ms in [60, 100, 200, 400] {
        let times = [2_000, 8_000];
        let (_, cleaned) = Line::new(0.3, delay_ms).interrupted(&times).cleaned();
        for at in times {
            let after = noticed_after(&cleaned, at);
            println!("delay {delay_ms} ms, voice at {at} ms: noticed after {after} ms");
            assert!(
                after <= 300,
                "after {after} ms at {at} ms, echo after {delay_ms} ms"
            );
        }
    }
}

#[test]
fn without_an_echo_a_voice_is_noticed_soon_once_the_canceller_knows() {
    let times = [2_000, 8_000];
    let (heard, cleaned) = Line::new(0.0, 0).interrupted(&times).cleaned();
    // In its first seconds it takes whatever comes while the agent speaks for an echo.
    for (at, limit_ms) in times.into_iter().zip([500, 200]) {
        let (before, after) = (noticed_after(&heard, at), noticed_after(&cleaned, at));
        println!("voice at {at} ms: noticed after {before} ms, cleaned {after} ms");
        assert!(after <= limit_ms, "{before} ms, cleaned {after} ms");
    }
}

/// How alike microphone and agent are, every 20 ms while the microphone is loud.
fn likenesses(line: &Line, range_ms: std::ops::Range<usize>) -> Vec<f32> {
    let mut likeness = Likeness::default();
    let (said, heard) = (at_16_khz(&line.said), at_16_khz(&line.coded()));
    let frames = heard.chunks_exact(320).zip(said.chunks_exact(320));
    let mut found = Vec::new();
    for (n, (heard, said)) in frames.enumerate() {
        likeness.push(heard, said);
        if range_ms.contains(&(n * 20)) && rms(heard) > 200.0 {
            found.push(likeness.correlation());
        }
    }
    found
}

#[test]
fn an_echo_is_like_what_is_said_at_any_delay_and_a_voice_is_not() {
    for delay_ms in [60, 400, 700] {
        let echo = likenesses(&Line::new(0.3, delay_ms), 1_500..11_000);
        let alike = echo.iter().filter(|like| **like > 0.85).count();
        println!(
            "echo after {delay_ms} ms: {alike} of {} alike, least {:?}",
            echo.len(),
            echo.iter().copied().reduce(f32::min)
        );
        assert!(alike * 100 > echo.len() * 97);
    }
    for echo in [0.0, 0.3] {
        let voice = likenesses(
            &Line::new(echo, 100).interrupted(&[2_000, 8_000]),
            2_200..3_700,
        );
        let alike = voice.iter().filter(|like| **like > 0.85).count();
        println!(
            "voice over {echo}: {alike} of {} alike: {voice:?}",
            voice.len()
        );
        assert!(alike * 2 < voice.len());
    }
}
