//! Connections are opened once and used again.

use crate::{
    chat::{hello, question},
    speech::{request, spoken},
    stand_in::{Piece, Reply, StandIn},
    transcription::utterance,
};
use casp_providers::Providers;
use futures_util::StreamExt;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn ten_turns_use_one_connection() {
    let turn = || [Reply::json(&json!({"text": "hello"})), hello(), spoken()];
    let server = StandIn::start((0..10).flat_map(|_| turn())).await;
    let providers = server.providers();
    for _ in 0..10 {
        providers.stt().transcribe(utterance(16_000)).await.unwrap();
        let deltas: Vec<_> = providers
            .llm()
            .chat(question())
            .await
            .unwrap()
            .collect()
            .await;
        assert!(deltas.iter().all(Result::is_ok), "{deltas:?}");
        let speech = providers.tts().synthesize(request()).await.unwrap();
        let chunks: Vec<_> = speech.chunks.collect().await;
        assert!(chunks.iter().all(Result::is_ok));
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn the_first_turn_finds_a_connection_open() {
    let mut server = StandIn::start([hello()]).await;
    let providers = server.providers();
    providers.warm();
    let first = server.seen().await;
    assert_eq!(
        (first.method.as_str(), first.path.as_str()),
        ("HEAD", "/v1/models")
    );
    // The server has answered once the pool has the connection back, which no one can see from outside:
    // so the question is asked until it finds the connection.
    let deltas: Vec<_> = providers
        .llm()
        .chat(question())
        .await
        .unwrap()
        .collect()
        .await;
    assert!(deltas.iter().all(Result::is_ok), "{deltas:?}");
    assert!(server.connections() <= 2);
    let before = server.connections();
    let _: Vec<_> = providers
        .llm()
        .chat(question())
        .await
        .unwrap()
        .collect()
        .await;
    assert_eq!(server.connections(), before);
}

#[tokio::test]
async fn an_idle_connection_is_used_before_it_is_closed() {
    let mut server = StandIn::start([hello()]).await;
    let mut settings = server.settings();
    settings.timeouts.warm_idle = Duration::from_millis(20);
    let providers = Providers::new(&settings).unwrap();
    providers.warm();
    for _ in 0..5 {
        assert_eq!(server.seen().await.method, "HEAD");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_cancelled_answer_is_followed_by_a_fresh_connection() {
    let begun = Reply::events(&[r#"{"choices":[{"delta":{"content":"Well"}}]}"#]);
    let mut server = StandIn::start([begun.then(Piece::Hang), hello()]).await;
    let providers = server.providers();
    providers.warm();
    assert_eq!(server.seen().await.method, "HEAD");
    drop(providers.llm().chat(question()).await.unwrap());
    assert_eq!(server.seen().await.method, "POST");
    server.disconnected().await;
    assert_eq!(
        server.seen().await.method,
        "HEAD",
        "long before the idle time is over"
    );
}
