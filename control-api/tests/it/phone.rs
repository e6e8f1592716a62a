use crate::{
    participant::room_exists,
    test_app::{NEIGHBOURS_KEY, TWILIO_TOKEN, TestApp, eventually, send, unique},
    twilio_request::signed,
};
use casp_store::sessions::SessionKind;
use reqwest::StatusCode;
use serde_json::json;
use std::time::{Duration, Instant};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{basic_auth, body_string, method, path},
};

#[tokio::test]
async fn the_integration_test_of_the_guide_to_the_letter() {
    let app = TestApp::dev().await;
    app.worker(1).await;
    let call = unique("CAtest123");
    let form = [
        ("CallSid", call.as_str()),
        ("From", "+1234567890"),
        ("To", "+0987654321"),
    ];
    assert_eq!(
        send(app.post("/twilio/voice").form(&form)).await.status,
        StatusCode::OK
    );
    let session = send(app.get(&format!("/sessions/phone-{call}")))
        .await
        .json();
    assert_eq!(session["status"], "active");
    let ended = send(app.post(&format!("/phone/end/{call}"))).await;
    assert_eq!(
        (ended.status, ended.json()),
        (
            StatusCode::OK,
            json!({"callSid": call, "status": "completed"})
        )
    );
    assert_eq!(
        send(app.get(&format!("/sessions/phone-{call}")))
            .await
            .json()["status_code"],
        404
    );
    assert!(!room_exists(&format!("twilio-{call}")).await);
}

/// Twilio, which is to be told once that the call is over.
async fn ends_once(call: &str) -> MockServer {
    let twilio = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(format!("/2010-04-01/Accounts/AC1/Calls/{call}.json")))
        .and(basic_auth("AC1", TWILIO_TOKEN))
        .and(body_string("Status=completed"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({"sid": call, "status": "completed"})),
        )
        .expect(1)
        .mount(&twilio)
        .await;
    twilio
}

#[tokio::test]
async fn ending_a_call_ends_it_at_twilio_too() {
    let call = unique("CA");
    let twilio = ends_once(&call).await;
    let app = TestApp::with(|config| {
        config.twilio.account_sid = Some("AC1".into());
        config.twilio.api_base_url = twilio.uri();
    })
    .await;
    app.worker(1).await;
    signed(&app, "/twilio/voice", &[("CallSid", &call)]).await;
    let path = format!("/phone/end/{call}");
    assert_eq!(
        app.post_ours(&path, &json!(null)).await.status,
        StatusCode::OK
    );
    assert_eq!(
        app.post_ours(&path, &json!(null)).await.status,
        StatusCode::NOT_FOUND,
        "it is over"
    );
}

#[tokio::test]
async fn without_livekit_a_call_is_ended_at_twilio_too() {
    let call = unique("CA");
    let twilio = ends_once(&call).await;
    let app = TestApp::with(|config| {
        config.twilio.account_sid = Some("AC1".into());
        config.twilio.api_base_url = twilio.uri();
        // Nobody listens there.
        config.livekit = casp_room::admin::LiveKit::new("http://127.0.0.1:1", "k", "s").unwrap();
    })
    .await;
    app.session(SessionKind::Phone, app.account, &call).await;
    let path = format!("/phone/end/{call}");
    let theirs = send(app.post(&path).bearer_auth(NEIGHBOURS_KEY)).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    let ended = app.post_ours(&path, &json!(null)).await;
    assert_eq!(
        (ended.status, ended.json()),
        (
            StatusCode::OK,
            json!({"callSid": call, "status": "completed"})
        )
    );
    let session = app.get_ours(&format!("/sessions/phone-{call}")).await;
    assert_eq!(session.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_call_ends_though_twilio_does_not_answer_and_there_too_once_it_does() {
    let twilio = MockServer::start().await;
    // Nobody waits for the first of them.
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(500).set_delay(Duration::from_secs(8)))
        .up_to_n_times(1)
        .mount(&twilio)
        .await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(500))
        .up_to_n_times(4)
        .mount(&twilio)
        .await;
    // The client's own repeats are used up by then.
    Mock::given(method("POST"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({"sid": "CA1", "status": "completed"})),
        )
        .expect(1)
        .mount(&twilio)
        .await;
    let app = TestApp::with(|config| {
        config.twilio.account_sid = Some("AC1".into());
        config.twilio.api_base_url = twilio.uri();
    })
    .await;
    app.worker(1).await;
    let call = unique("CA");
    signed(&app, "/twilio/voice", &[("CallSid", &call)]).await;
    let begin = Instant::now();
    assert_eq!(
        app.post_ours(&format!("/phone/end/{call}"), &json!(null))
            .await
            .status,
        StatusCode::OK
    );
    assert!(begin.elapsed() < Duration::from_secs(8));
    eventually("it is ended at Twilio", async || {
        twilio.received_requests().await.unwrap().len() == 6
    })
    .await;
}

#[tokio::test]
async fn the_neighbours_call_is_not_found_and_lives_on() {
    let app = TestApp::production().await;
    app.worker(1).await;
    let call = unique("CA");
    signed(&app, "/twilio/voice", &[("CallSid", &call)]).await;
    let path = format!("/phone/end/{call}");
    assert_eq!(
        send(app.post(&path).bearer_auth(NEIGHBOURS_KEY))
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(send(app.post(&path)).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        app.get_ours(&format!("/sessions/phone-{call}"))
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn calls_that_are_unknown_or_no_calls() {
    let app = TestApp::production().await;
    assert_eq!(
        app.post_ours("/phone/end/CAunknown", &json!(null))
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        app.post_ours("/phone/end/a%2Fb", &json!(null)).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}
