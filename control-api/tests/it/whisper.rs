use crate::{
    accounts::signed_in,
    test_app::{Answer, KEY, NEIGHBOURS_KEY, TestApp, eventually, now_ms, send},
};
use casp_providers::{ProviderError, SpeechToText, Transcript, Utterance};
use casp_store::ceilings::{self, AccountLimits, Ceiling, Resource};
use reqwest::{
    StatusCode,
    multipart::{Form, Part},
};
use serde_json::json;
use std::sync::Arc;

/// Says how much it heard, and in which language.
#[derive(Debug)]
struct Measuring;

#[async_trait::async_trait]
impl SpeechToText for Measuring {
    fn name(&self) -> &'static str {
        "measuring"
    }

    async fn transcribe(&self, utterance: Utterance) -> Result<Transcript, ProviderError> {
        let ms = utterance.pcm.len() * 1_000 / utterance.sample_rate_hz as usize;
        Ok(Transcript {
            text: format!("{ms} ms {}", utterance.language).trim().to_owned(),
        })
    }
}

async fn app() -> TestApp {
    TestApp::with(|config| config.speech_to_text = Some(Arc::new(Measuring))).await
}

/// A WAV file: mono, 16 bit.
fn wav(rate_hz: u32, samples: usize) -> Vec<u8> {
    let data = samples * 2;
    let mut file = Vec::with_capacity(44 + data);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + data as u32).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    for half in [1_u16, 1] {
        file.extend_from_slice(&half.to_le_bytes());
    }
    file.extend_from_slice(&rate_hz.to_le_bytes());
    file.extend_from_slice(&(rate_hz * 2).to_le_bytes());
    for half in [2_u16, 16] {
        file.extend_from_slice(&half.to_le_bytes());
    }
    file.extend_from_slice(b"data");
    file.extend_from_slice(&(data as u32).to_le_bytes());
    file.resize(44 + data, 0);
    file
}

async fn upload(app: &TestApp, form: Form) -> Answer {
    upload_as(app, KEY, form).await
}

async fn upload_as(app: &TestApp, key: &str, form: Form) -> Answer {
    let request = app.post("/whisper/transcribe").bearer_auth(key);
    send(request.multipart(form)).await
}

fn file(bytes: Vec<u8>) -> Form {
    Form::new().part("file", Part::bytes(bytes).file_name("call.wav"))
}

#[tokio::test]
async fn a_file_becomes_text() {
    let app = app().await;
    let answer = upload(&app, file(wav(16_000, 24_000))).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(
        answer.json(),
        json!({"status": "success", "transcription": "1500 ms"})
    );
    let telephone = upload(&app, file(wav(8_000, 8_000)).text("language", "de-DE")).await;
    assert_eq!(telephone.json()["transcription"], "1000 ms de-DE");
}

#[tokio::test]
async fn a_long_file_is_transcribed_in_pieces() {
    let app = app().await;
    let answer = upload(&app, file(wav(16_000, 16_000 * 90))).await;
    let text = answer.json()["transcription"].as_str().unwrap().to_owned();
    assert_eq!(text.matches("ms").count(), 2, "{text}");
}

#[tokio::test]
async fn what_is_no_audio_is_refused_in_words() {
    let app = app().await;
    let cut = wav(16_000, 8_000)[..30].to_vec();
    for bytes in [
        b"Dear Sir or Madam, this is a letter".to_vec(),
        Vec::new(),
        vec![0xff; 5_000],
        cut,
    ] {
        let answer = upload(&app, file(bytes)).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{answer:?}"
        );
        assert_eq!(answer.json()["errors"][0]["loc"], json!(["body", "file"]));
    }
    let none = upload(&app, Form::new().text("other", "x")).await;
    assert_eq!(none.json()["errors"][0]["msg"], "this field is required");
    let language = upload(&app, file(wav(16_000, 100)).text("language", "; DROP")).await;
    assert_eq!(
        language.json()["errors"][0]["loc"],
        json!(["body", "language"])
    );
    let json = send(
        app.post("/whisper/transcribe")
            .bearer_auth(KEY)
            .json(&json!({})),
    )
    .await;
    assert_eq!(json.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_is_too_large_is_not_taken() {
    let app = TestApp::with(|config| {
        config.speech_to_text = Some(Arc::new(Measuring));
        config.limits.upload_bytes = 10_000;
    })
    .await;
    let answer = upload(&app, file(wav(16_000, 10_000))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        upload(&app, file(wav(16_000, 1_000))).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn it_needs_a_key_and_speech_to_text() {
    let app = TestApp::production().await;
    let stranger = app
        .post("/whisper/transcribe")
        .multipart(file(wav(16_000, 100)));
    assert_eq!(send(stranger).await.status, StatusCode::UNAUTHORIZED);
    let answer = upload(&app, file(wav(16_000, 100))).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn what_is_heard_is_counted_and_its_ceiling_is_a_hard_stop() {
    let app = app().await;
    let used = async || {
        let account = app.account;
        ceilings::used_today(&app.store, account, Resource::Tokens, now_ms())
            .await
            .unwrap()
    };
    assert_eq!(
        upload(&app, file(wav(16_000, 40_000))).await.status,
        StatusCode::OK
    );
    eventually("2.5 seconds are counted", async || used().await == 25).await;
    let limits = AccountLimits {
        tokens: Some(Ceiling::AtMost(25)),
        ..AccountLimits::default()
    };
    ceilings::set_limits(&app.store, app.account, &limits)
        .await
        .unwrap();
    let refused = upload(&app, file(wav(16_000, 16_000))).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.text.contains("a day is reached"), "{refused:?}");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(used().await, 25, "what is refused costs nothing");
    let neighbour = upload_as(&app, NEIGHBOURS_KEY, file(wav(16_000, 16_000))).await;
    assert_eq!(neighbour.status, StatusCode::OK);
}

#[tokio::test]
async fn so_many_uploads_a_minute_and_at_once_and_no_more() {
    let app = TestApp::with(|config| {
        config.speech_to_text = Some(Arc::new(Measuring));
        config.limits.chats_per_minute = 2;
    })
    .await;
    for _ in 0..2 {
        let answer = upload(&app, file(wav(16_000, 100))).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    let third = upload(&app, file(wav(16_000, 100))).await;
    assert_eq!(third.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(third.headers.contains_key("retry-after"));
    let neighbour = upload_as(&app, NEIGHBOURS_KEY, file(wav(16_000, 100))).await;
    assert_eq!(neighbour.status, StatusCode::OK);
    let full = TestApp::with(|config| {
        config.speech_to_text = Some(Arc::new(Measuring));
        config.limits.chats_at_once = 0;
    })
    .await;
    let refused = upload(&full, file(wav(16_000, 100))).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn nobody_has_anything_transcribed_before_the_email_is_verified() {
    let app = app().await;
    let (stranger, _) = signed_in(&app).await;
    let refused = upload_as(&app, &stranger, file(wav(16_000, 100))).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("Verify your e-mail first"));
}
