//! Second tries and stand-ins, seen from the server.

use crate::{
    chat::{hello, question},
    speech::{request, spoken},
    stand_in::{Piece, Reply, StandIn},
    transcription::utterance,
};
use casp_providers::{Delta, ProviderError, ProviderName, Providers};
use futures_util::StreamExt;
use serde_json::json;
use std::time::{Duration, Instant};

fn broken() -> Reply {
    Reply::body("text/plain", "oops").status(500)
}

#[tokio::test]
async fn a_hiccup_is_not_heard() {
    let heard = Reply::json(&json!({"text": "hello"}));
    let mut server = StandIn::start([broken(), heard, broken(), hello(), broken(), spoken()]).await;
    let providers = server.providers();
    // A second try that came late would be an error.
    assert_eq!(
        providers
            .stt()
            .transcribe(utterance(16_000))
            .await
            .unwrap()
            .text,
        "hello"
    );
    let first = providers
        .llm()
        .chat(question())
        .await
        .unwrap()
        .next()
        .await
        .unwrap()
        .unwrap();
    assert_eq!(first, Delta::Text("Hel".into()));
    assert!(providers.tts().synthesize(request()).await.is_ok());
    assert_eq!(server.unseen(), 6);
}

#[tokio::test]
async fn two_tries_and_no_more() {
    let mut server = StandIn::start([broken()]).await;
    let error = server
        .providers()
        .llm()
        .chat(question())
        .await
        .err()
        .unwrap();
    assert!(
        matches!(error, ProviderError::Unavailable { .. }),
        "{error}"
    );
    assert_eq!(server.unseen(), 2);
}

#[tokio::test]
async fn an_answer_without_a_word_is_asked_for_once_more() {
    let stop = r#"{"choices":[{"index":0,"delta":{"content":" "},"finish_reason":"stop"}]}"#;
    let empty = || Reply::events(&[stop, "[DONE]"]);
    let mut server = StandIn::start([empty(), hello(), empty()]).await;
    let providers = server.providers();
    let mut answer = providers.llm().chat(question()).await.unwrap();
    let first = answer.next().await.unwrap().unwrap();
    assert_eq!(first, Delta::Text("Hel".into()));
    assert_eq!(server.unseen(), 2);
    // Nor a second time: that is a failure.
    let error = providers.llm().chat(question()).await.err().unwrap();
    assert!(error.to_string().contains("an empty answer"), "{error}");
    assert_eq!(server.unseen(), 2);
}

#[tokio::test]
async fn retry_after_is_kept_to() {
    let limited = Reply::body("text/plain", "")
        .status(429)
        .header("retry-after", "1");
    let server = StandIn::start([limited, hello()]).await;
    let started = Instant::now();
    assert!(server.providers().llm().chat(question()).await.is_ok());
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn nobody_waits_for_a_retry_after_of_a_minute() {
    let limited = Reply::body("text/plain", "")
        .status(429)
        .header("retry-after", "60");
    let mut server = StandIn::start([limited]).await;
    let started = Instant::now();
    let error = server
        .providers()
        .llm()
        .chat(question())
        .await
        .err()
        .unwrap();
    let minute = Duration::from_mins(1);
    assert!(
        matches!(error, ProviderError::RateLimited { retry_after: Some(after), .. } if after == minute),
        "{error:?}"
    );
    assert!(started.elapsed() < minute);
    assert_eq!(server.unseen(), 1);
}

#[tokio::test]
async fn a_second_try_that_hangs_is_given_up_within_the_budget() {
    let server = StandIn::start([broken(), Reply::never()]).await;
    let started = Instant::now();
    let error = server
        .providers()
        .llm()
        .chat(question())
        .await
        .err()
        .unwrap();
    assert!(matches!(error, ProviderError::Timeout { .. }), "{error}");
    // A first try is waited for as long as that.
    let patience = server.settings().timeouts.llm_first_byte;
    assert!(started.elapsed() < patience, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_refusal_is_not_repeated() {
    for status in [400, 401, 403, 404, 422] {
        let mut server = StandIn::start([Reply::json(&json!({})).status(status)]).await;
        assert!(server.providers().llm().chat(question()).await.is_err());
        assert_eq!(server.unseen(), 1, "{status}");
    }
}

#[tokio::test]
async fn what_was_begun_is_not_begun_again() {
    let half = Reply::events(&[r#"{"choices":[{"delta":{"content":"Well"}}]}"#]).then(Piece::Break);
    let mut server = StandIn::start([half, hello()]).await;
    let deltas: Vec<_> = server
        .providers()
        .llm()
        .chat(question())
        .await
        .unwrap()
        .collect()
        .await;
    assert!(
        matches!(
            deltas.as_slice(),
            [Ok(_), Err(ProviderError::BadAnswer { .. })]
        ),
        "{deltas:?}"
    );
    assert_eq!(server.unseen(), 1);
}

#[tokio::test]
async fn who_keeps_failing_is_named_until_it_answers() {
    let failures = [broken(), broken(), broken(), broken()];
    let server = StandIn::start(failures.into_iter().chain([hello()])).await;
    let providers = server.providers();
    assert!(providers.degraded().is_empty());
    assert!(providers.llm().chat(question()).await.is_err());
    assert!(providers.degraded().is_empty(), "two failures are a hiccup");
    assert!(providers.llm().chat(question()).await.is_err());
    assert_eq!(providers.degraded(), ["llm:openai"]);
    let _: Vec<_> = providers
        .llm()
        .chat(question())
        .await
        .unwrap()
        .collect()
        .await;
    assert!(providers.degraded().is_empty());
}

#[tokio::test]
async fn the_next_one_stands_in_and_whoever_keeps_failing_is_left_alone() {
    let mut server = StandIn::start([broken()]).await;
    let mut settings = server.settings();
    settings.llm = vec![ProviderName::OpenAi, ProviderName::Builtin];
    let providers = Providers::new(&settings).unwrap();
    let mut asked = Vec::new();
    for _ in 0..4 {
        let answer = providers.llm().chat(question()).await.unwrap();
        let deltas: Vec<_> = answer.collect().await;
        assert!(
            matches!(deltas.last(), Some(Ok(Delta::Finish(_)))),
            "{deltas:?}"
        );
        asked.push(server.unseen());
    }
    assert_eq!(
        asked,
        [2, 2, 0, 0],
        "two tries each, then none while it rests"
    );
    assert_eq!(providers.degraded(), ["llm:openai"]);
}

#[tokio::test]
async fn a_refusal_goes_to_the_next_one_and_is_nobodys_illness() {
    let server = StandIn::start([Reply::json(&json!({})).status(400)]).await;
    let mut settings = server.settings();
    settings.llm = vec![ProviderName::OpenAi, ProviderName::Builtin];
    let providers = Providers::new(&settings).unwrap();
    for _ in 0..4 {
        assert!(providers.llm().chat(question()).await.is_ok());
    }
    assert!(providers.degraded().is_empty());
}
