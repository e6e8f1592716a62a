use crate::test_app::{TestApp, send};
use casp_room::admin::LiveKit;
use metrics_exporter_prometheus::PrometheusBuilder;
use reqwest::StatusCode;
use std::sync::Arc;

#[tokio::test]
async fn the_process_is_healthy_even_when_nothing_else_is() {
    let app = TestApp::production().await;
    app.store.close().await;
    let answer = send(app.get("/healthz")).await;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (StatusCode::OK, r#"{"status":"ok"}"#)
    );
}

#[tokio::test]
async fn ready_with_a_provider_down() {
    let app = TestApp::with(|config| config.degraded = Arc::new(|| vec!["openai".into()])).await;
    let answer = send(app.get("/readyz")).await;
    assert_eq!(answer.status, StatusCode::OK);
    insta::assert_snapshot!(answer.redacted(&[]), @r#"
    {
      "database": true,
      "degraded": [
        "openai"
      ],
      "draining": false,
      "livekit": true,
      "status": "ready"
    }
    "#);
}

#[tokio::test]
async fn not_ready_while_draining() {
    let app = TestApp::production().await;
    app.draining.cancel();
    let answer = send(app.get("/readyz")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        (
            answer.json()["status"].as_str(),
            answer.json()["draining"].as_bool()
        ),
        (Some("not ready"), Some(true))
    );
}

#[tokio::test]
async fn not_ready_without_livekit() {
    let app = TestApp::with(|config| {
        config.livekit = LiveKit::new("http://127.0.0.1:1", "k", "s").unwrap();
    })
    .await;
    let answer = send(app.get("/readyz")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        (
            answer.json()["livekit"].as_bool(),
            answer.json()["database"].as_bool()
        ),
        (Some(false), Some(true))
    );
}

#[tokio::test]
async fn not_ready_without_a_database() {
    let app = TestApp::production().await;
    app.store.close().await;
    let answer = send(app.get("/readyz")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["database"], false);
}

#[tokio::test]
async fn metrics_are_for_this_machine_and_for_who_has_the_token() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::with_local_recorder(&recorder, || {
        metrics::counter!("casp_test_total").increment(3);
    });
    let app = TestApp::with(|config| {
        config.metrics = Some(handle);
        config.metrics_token = Some("metrics-token".to_owned().into());
    })
    .await;
    let here = send(app.get("/metrics")).await;
    assert_eq!(here.status, StatusCode::OK);
    assert!(here.text.contains("casp_test_total 3"), "{}", here.text);
    let elsewhere = || app.get("/metrics").header("x-forwarded-for", "192.0.2.1");
    assert_eq!(send(elsewhere()).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        send(elsewhere().bearer_auth("wrong")).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        send(elsewhere().bearer_auth("metrics-token")).await.status,
        StatusCode::OK
    );
}
