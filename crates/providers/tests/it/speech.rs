//! `POST /audio/speech`, streamed.

use crate::stand_in::{Piece, Reply, StandIn};
use casp_providers::{ProviderError, Providers, SpeechRequest};
use futures_util::StreamExt;
use serde_json::json;

pub(crate) fn request() -> SpeechRequest {
    SpeechRequest {
        text: "Good morning.".into(),
        ..SpeechRequest::default()
    }
}

fn pcm(samples: &[i16]) -> Vec<u8> {
    samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect()
}

/// A tone that begins in silence, as speech does.
pub(crate) fn tone(samples: i16) -> Vec<i16> {
    (0..samples).map(|n| (n % 50) * n.min(300)).collect()
}

pub(crate) fn spoken() -> Reply {
    Reply::body("audio/pcm", pcm(&tone(2_400)))
}

/// Samples, rate and the error that ended them.
async fn speak(providers: &Providers) -> (Vec<i16>, u32, Option<ProviderError>) {
    let mut samples = Vec::new();
    let mut speech = match providers.tts().synthesize(request()).await {
        Ok(speech) => speech,
        Err(error) => return (samples, 0, Some(error)),
    };
    while let Some(chunk) = speech.chunks.next().await {
        match chunk {
            Ok(chunk) => samples.extend(chunk),
            Err(error) => {
                assert!(
                    speech.chunks.next().await.is_none(),
                    "an error ends the speech"
                );
                return (samples, speech.sample_rate_hz, Some(error));
            }
        }
    }
    (samples, speech.sample_rate_hz, None)
}

async fn speak_of(reply: Reply) -> (Vec<i16>, u32, Option<ProviderError>) {
    speak(&StandIn::start([reply]).await.providers()).await
}

#[tokio::test]
async fn raw_samples_are_asked_for_in_a_voice_that_the_server_has() {
    let mut server = StandIn::start([spoken()]).await;
    let request = SpeechRequest {
        voice_type: "concerned_female".into(),
        ..request()
    };
    let speech = server.providers().tts().synthesize(request).await.unwrap();
    assert_eq!(speech.sample_rate_hz, 24_000);
    let seen = server.seen().await;
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("POST", "/v1/audio/speech")
    );
    assert_eq!(
        seen.json(),
        json!({"model": "gpt-4o-mini-tts", "input": "Good morning.", "voice": "shimmer", "response_format": "pcm"})
    );
}

#[tokio::test]
async fn pieces_may_end_in_the_middle_of_a_sample() {
    let samples = tone(2_401);
    let body = pcm(&samples);
    for size in [1, 3, 7, 333] {
        let pieces = body
            .chunks(size)
            .map(|piece| Piece::Bytes(piece.to_vec()))
            .collect();
        let (got, rate, error) = speak_of(Reply::new("audio/pcm", pieces)).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(
            (got, rate),
            (samples.clone(), 24_000),
            "pieces of {size} bytes"
        );
    }
}

#[tokio::test]
async fn a_wav_is_spoken_at_its_own_rate_without_its_header() {
    let samples = tone(1_600);
    let mut wav = std::io::Cursor::new(Vec::new());
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::new(&mut wav, spec).unwrap();
    for sample in &samples {
        writer.write_sample(*sample).unwrap();
    }
    writer.finalize().unwrap();
    let (got, rate, error) = speak_of(Reply::body("audio/wav", wav.into_inner())).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!((got, rate), (samples, 16_000));
}

#[tokio::test]
async fn what_is_not_sound_is_never_played() {
    let mp3 = [b"\xFF\xFB\x90\x64".as_slice(), &[0; 400]].concat();
    for (case, reply) in [
        (
            "a page",
            Reply::body(
                "text/html",
                "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
            ),
        ),
        (
            "a page that says it is sound",
            Reply::body("audio/pcm", "<!DOCTYPE html><html><body>502 Bad Gateway"),
        ),
        ("JSON", Reply::json(&json!({"error": {"message": "no"}}))),
        (
            "JSON that says it is sound",
            Reply::body("audio/pcm", "{\"error\": 1}"),
        ),
        ("nothing", Reply::new("audio/pcm", vec![])),
        ("MP3", Reply::body("audio/pcm", mp3)),
        (
            "ID3",
            Reply::body("audio/pcm", [b"ID3\x04".as_slice(), &[0; 400]].concat()),
        ),
    ] {
        let (samples, _, error) = speak_of(reply).await;
        assert!(samples.is_empty(), "{case}");
        assert!(
            matches!(error, Some(ProviderError::BadAnswer { .. })),
            "{case}: {error:?}"
        );
    }
}

#[tokio::test]
async fn half_a_speech_is_a_bad_answer_after_what_was_good() {
    let body = pcm(&tone(2_400));
    for (case, reply) in [
        (
            "closed in the middle",
            Reply::body("audio/pcm", body.clone()).then(Piece::Break),
        ),
        (
            "half a sample",
            Reply::body("audio/pcm", body.clone()).then(Piece::Bytes(vec![1])),
        ),
    ] {
        let (samples, _, error) = speak_of(reply).await;
        assert_eq!(samples, tone(2_400), "{case}");
        assert!(
            matches!(error, Some(ProviderError::BadAnswer { .. })),
            "{case}: {error:?}"
        );
    }
}

#[tokio::test]
async fn two_minutes_are_enough_for_anybody() {
    let (samples, _, error) = speak_of(Reply::body("audio/pcm", vec![0; 130 * 48_000])).await;
    assert!(samples.len() <= 120 * 24_000, "{}", samples.len());
    assert!(
        matches!(error, Some(ProviderError::BadAnswer { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn silence_is_given_up_wherever_it_begins() {
    let begun = Reply::body("audio/pcm", pcm(&tone(2_400)));
    for (reply, phase) in [
        (Reply::never(), "first byte"),
        (Reply::new("audio/pcm", vec![Piece::Hang]), "first byte"),
        (begun.then(Piece::Hang), "next byte"),
    ] {
        let mut server = StandIn::start([reply]).await;
        let providers = if phase == "next byte" {
            server.impatient_for_the_rest()
        } else {
            server.impatient()
        };
        let (_, _, error) = speak(&providers).await;
        assert!(
            matches!(error, Some(ProviderError::Timeout { phase: p, .. }) if p == phase),
            "{error:?}, not {phase}"
        );
        server.disconnected().await;
    }
}

#[tokio::test]
async fn a_dropped_speech_is_cancelled_at_the_server() {
    let reply = Reply::body("audio/pcm", pcm(&tone(2_400))).then(Piece::Hang);
    let mut server = StandIn::start([reply]).await;
    let speech = server
        .providers()
        .tts()
        .synthesize(request())
        .await
        .unwrap();
    drop(speech);
    server.disconnected().await;
}

#[tokio::test]
async fn no_text_is_no_speech_and_no_request() {
    let mut server = StandIn::start([spoken()]).await;
    let request = SpeechRequest {
        text: " \n".into(),
        ..request()
    };
    let speech = server.providers().tts().synthesize(request).await.unwrap();
    assert_eq!(speech.chunks.count().await, 0);
    assert_eq!(server.unseen(), 0);
}
