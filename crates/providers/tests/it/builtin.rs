//! The offline default for real: Flite speaks, PocketSphinx listens. Both packages are part of the set-up.

use casp_providers::{ProviderName, ProviderSettings, Providers, SpeechRequest, Utterance};
use futures_util::StreamExt;
use std::time::Duration;

fn providers() -> Providers {
    Providers::new(&ProviderSettings {
        stt: vec![ProviderName::Builtin],
        tts: vec![ProviderName::Builtin],
        // The machine of a test is busier than that of a talk.
        timeouts: casp_providers::Timeouts {
            stt_total: Duration::from_mins(1),
            tts_gap: Duration::from_mins(1),
            ..casp_providers::Timeouts::default()
        },
        ..ProviderSettings::default()
    })
    .unwrap()
}

async fn speak(providers: &Providers, voice_type: &str, text: &str) -> (Vec<i16>, u32) {
    let request = SpeechRequest {
        text: text.into(),
        voice_type: voice_type.into(),
        language: "en-US".into(),
    };
    let speech = providers.tts().synthesize(request).await.unwrap();
    let chunks: Vec<_> = speech.chunks.collect().await;
    let samples = chunks.into_iter().flat_map(|chunk| chunk.unwrap());
    (samples.collect(), speech.sample_rate_hz)
}

async fn hear(providers: &Providers, pcm: &[i16]) -> String {
    let utterance = Utterance {
        pcm: pcm.into(),
        sample_rate_hz: 16_000,
        language: "en-US".into(),
    };
    providers.stt().transcribe(utterance).await.unwrap().text
}

/// What a voice detector would hand on: no silence at either end.
fn trimmed(pcm: &[i16]) -> &[i16] {
    let is_loud = |sample: &i16| sample.unsigned_abs() > 300;
    let first = pcm.iter().position(is_loud).unwrap();
    let last = pcm.iter().rposition(is_loud).unwrap();
    &pcm[first..=last]
}

#[tokio::test]
async fn commands_are_understood_as_spoken() {
    let providers = providers();
    providers.warm();
    for text in [
        "what is on my calendar today",
        "hello",
        "good morning",
        "yes please",
        "goodbye",
        "what time is it",
        "read my unread messages",
    ] {
        let (speech, rate) = speak(&providers, "", text).await;
        assert_eq!(rate, 16_000);
        assert_eq!(hear(&providers, trimmed(&speech)).await, text);
    }
}

#[tokio::test]
async fn commands_that_newspapers_do_not_print_are_understood_from_both_voices() {
    let providers = providers();
    for text in [
        "move my three pm meeting to four",
        "send an email to john about the meeting",
        "cancel my call with maria",
        "schedule a meeting tomorrow at ten a m",
    ] {
        for voice in ["slt", "rms"] {
            let (speech, _) = speak(&providers, voice, text).await;
            assert_eq!(hear(&providers, trimmed(&speech)).await, text, "{voice}");
        }
    }
}

#[tokio::test]
async fn other_english_does_not_become_a_command() {
    let providers = providers();
    let (speech, _) = speak(
        &providers,
        "rms",
        "the quick brown fox jumps over the lazy dog",
    )
    .await;
    let heard = hear(&providers, &speech).await;
    assert!(heard.starts_with("the quick brown fox"), "{heard}");
}

#[tokio::test]
async fn both_voices_speak_all_sentences() {
    let providers = providers();
    let (one, _) = speak(&providers, "concerned_female", "Good morning.").await;
    let (two, _) = speak(
        &providers,
        "concerned_female",
        "Good morning. You are free.",
    )
    .await;
    assert!(
        one.len() > 8_000 && two.len() > one.len() + 8_000,
        "{} {}",
        one.len(),
        two.len()
    );
    let (man, _) = speak(&providers, "aggressive_male", "Good morning.").await;
    assert_ne!(one, man);
}

#[tokio::test]
async fn silence_and_noise_are_no_words() {
    let providers = providers();
    assert_eq!(hear(&providers, &vec![0; 16_000]).await, "");
    assert_eq!(hear(&providers, &[]).await, "");
}

#[tokio::test]
async fn text_that_looks_like_an_option_is_only_text() {
    let (speech, _) = speak(&providers(), "", "- -o /dev/full $(false) `false` ; help").await;
    assert!(speech.len() > 8_000);
}
