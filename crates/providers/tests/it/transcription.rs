//! `POST /audio/transcriptions`.

use crate::stand_in::{KEY, Reply, StandIn};
use axum::extract::{FromRequest, Multipart, Request};
use casp_providers::{OpenAiSettings, ProviderError, Providers, Utterance};
use serde_json::json;
use std::{collections::HashMap, time::Duration};

pub(crate) fn utterance(samples: usize) -> Utterance {
    Utterance {
        pcm: (0..samples).map(|n| (n % 999) as i16).collect(),
        sample_rate_hz: 16_000,
        language: "en-US".into(),
    }
}

#[tokio::test]
async fn the_speech_travels_as_a_wav_in_a_form() {
    let mut server = StandIn::start([Reply::json(&json!({"text": " Good morning. \n"}))]).await;
    let said = server
        .providers()
        .stt()
        .transcribe(utterance(16_000))
        .await
        .unwrap();
    assert_eq!(said.text, "Good morning.");

    let seen = server.seen().await;
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("POST", "/v1/audio/transcriptions")
    );
    assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"));
    let request = Request::builder()
        .header("content-type", &seen.headers["content-type"])
        .body(seen.body.into())
        .unwrap();
    let mut form = Multipart::from_request(request, &()).await.unwrap();
    let mut fields = HashMap::new();
    while let Some(field) = form.next_field().await.unwrap() {
        let name = field.name().unwrap().to_owned();
        if name == "file" {
            assert_eq!(field.file_name(), Some("speech.wav"));
            assert_eq!(field.content_type(), Some("audio/wav"));
        }
        fields.insert(name, field.bytes().await.unwrap());
    }
    let wav = fields.remove("file").unwrap();
    let mut wav = hound::WavReader::new(wav.as_ref()).unwrap();
    assert_eq!(
        (
            wav.spec().channels,
            wav.spec().sample_rate,
            wav.spec().bits_per_sample
        ),
        (1, 16_000, 16)
    );
    let samples: Vec<i16> = wav.samples().map(Result::unwrap).collect();
    assert_eq!(samples, utterance(16_000).pcm.to_vec());
    let mut texts: Vec<_> = fields
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_ref()))
        .collect();
    texts.sort_unstable();
    let expected: [(&str, &[u8]); 3] = [
        ("language", b"en"),
        ("model", b"gpt-4o-mini-transcribe"),
        ("response_format", b"json"),
    ];
    assert_eq!(texts, expected);
}

#[tokio::test]
async fn without_a_key_no_authorization_is_sent() {
    let mut server = StandIn::start([Reply::json(&json!({"text": "x"}))]).await;
    let mut settings = server.settings();
    settings.openai = OpenAiSettings {
        api_key: None,
        ..settings.openai
    };
    let providers = Providers::new(&settings).unwrap();
    providers.stt().transcribe(utterance(16_000)).await.unwrap();
    assert!(!server.seen().await.headers.contains_key("authorization"));
}

#[tokio::test]
async fn less_than_a_tenth_of_a_second_is_no_word_and_no_request() {
    let mut server = StandIn::start([Reply::json(&json!({"text": "x"}))]).await;
    let said = server
        .providers()
        .stt()
        .transcribe(utterance(1_599))
        .await
        .unwrap();
    assert_eq!(said.text, "");
    assert_eq!(server.unseen(), 0);
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_a_bad_answer() {
    let huge = format!("{{\"text\": \"{}\"}}", "a".repeat(2 << 20));
    for (body, says) in [
        ("{\"words\": 1}", "no JSON with a `text`"),
        ("<html>hello</html>", "no JSON with a `text`"),
        ("", "no JSON with a `text`"),
        (&huge, "too long"),
    ] {
        let server = StandIn::start([Reply::body("application/json", body)]).await;
        let error = server
            .providers()
            .stt()
            .transcribe(utterance(16_000))
            .await
            .unwrap_err();
        assert!(matches!(error, ProviderError::BadAnswer { .. }), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[tokio::test]
async fn silence_is_given_up_and_the_server_sees_it() {
    let mut server = StandIn::start([Reply::never()]).await;
    let error = server
        .impatient()
        .stt()
        .transcribe(utterance(16_000))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            ProviderError::Timeout {
                phase: "whole answer",
                ..
            }
        ),
        "{error}"
    );
    server.disconnected().await;
    server.seen().await;
    assert_eq!(server.unseen(), 0, "who was slow is not asked again");
}

#[tokio::test]
async fn a_refusal_says_which() {
    let server = StandIn::start([
        Reply::body("text/plain", "").status(401),
        Reply::json(
            &json!({"error": {"message": format!("no\nmodel for {KEY} {}", "x".repeat(400))}}),
        )
        .status(404),
        Reply::body("text/html", "<html>private words</html>").status(413),
    ])
    .await;
    let stt = server.providers().stt();
    let error = stt.transcribe(utterance(16_000)).await.unwrap_err();
    assert!(
        matches!(error, ProviderError::Unauthorized { status: 401, .. }),
        "{error}"
    );
    let error = stt.transcribe(utterance(16_000)).await.unwrap_err();
    let ProviderError::Rejected {
        status: 404,
        message,
        ..
    } = error
    else {
        panic!("{error}")
    };
    assert!(message.starts_with("no model for *** xxx"), "{message}");
    assert_eq!(message.chars().count(), 200);
    let error = stt.transcribe(utterance(16_000)).await.unwrap_err();
    let ProviderError::Rejected {
        status: 413,
        message,
        ..
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!(message, "no reason given");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_at_once() {
    // Bound, so that nobody else gets it, and nobody listens.
    let nobody = tokio::net::TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let mut settings = StandIn::start([]).await.settings();
    settings.openai.base_url = Some(format!("http://{}/v1", nobody.local_addr().unwrap()));
    settings.timeouts.connect = Duration::from_secs(1);
    let error = Providers::new(&settings)
        .unwrap()
        .stt()
        .transcribe(utterance(16_000))
        .await
        .unwrap_err();
    assert!(
        matches!(error, ProviderError::Unavailable { .. }),
        "{error}"
    );
}
