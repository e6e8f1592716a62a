use crate::{
    test_app::{Answer, NEIGHBOURS_KEY, TestApp, eventually, now_ms, send, unique},
    twilio_request::signed,
    twilio_rest::{Twilio, calls},
};
use casp_store::{
    jobs::{self, JobFilter, NewJob},
    recording_consents,
    sessions::{self, SessionKind},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

async fn recorded(app: &TestApp, call: &str, recording: &str, status: &str) -> Answer {
    let form = [
        ("CallSid", call),
        ("RecordingSid", recording),
        ("RecordingStatus", status),
        ("RecordingDuration", "12"),
        ("RecordingChannels", "2"),
        ("RecordingUrl", "https://evil.example.com/steal"),
    ];
    signed(app, "/recording-callback", &form).await
}

/// Whether a job with that key is there.
async fn is_asked_for(app: &TestApp, recording: &str) -> bool {
    let same = NewJob {
        kind: "fetch-recording",
        account: None,
        key: Some(recording.to_owned()),
        payload: Value::Null,
        run_at_ms: i64::MAX,
        max_attempts: 1,
    };
    !jobs::enqueue(&app.store, &same, 0).await.unwrap().is_new
}

#[tokio::test]
async fn a_recording_is_fetched_once_with_what_the_caller_was_told() {
    let app = TestApp::production().await;
    let (call, recording) = (unique("CA"), unique("RE"));
    let session = app.session(SessionKind::Phone, app.account, &call).await;
    recording_consents::note(&app.store, &session.id, "We record.", 1_700_000_000_123)
        .await
        .unwrap();
    for _ in 0..3 {
        let answer = recorded(&app, &call, &recording, "completed").await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
    }
    let open = jobs::list(&app.store, JobFilter::Open, 100).await.unwrap();
    let ours: Vec<_> = open
        .iter()
        .filter(|job| job.kind == "fetch-recording")
        .collect();
    assert!(ours.len() <= 1 && ours.iter().all(|job| job.account == Some(app.account)));
    assert!(is_asked_for(&app, &recording).await);
}

#[tokio::test]
async fn only_a_complete_recording_of_a_call_that_was_here_is_fetched() {
    let app = TestApp::production().await;
    let (call, recording) = (unique("CA"), unique("RE"));
    let unknown = recorded(&app, &call, &recording, "completed").await;
    assert_eq!(
        (unknown.status, unknown.json()),
        (
            StatusCode::NOT_FOUND,
            json!({"detail": "There is no such call.", "status_code": 404})
        )
    );
    app.session(SessionKind::Phone, app.account, &call).await;
    for status in ["in-progress", "absent", "failed", "nonsense"] {
        assert_eq!(
            recorded(&app, &call, &recording, status).await.status,
            StatusCode::NO_CONTENT,
            "{status}"
        );
    }
    assert!(!is_asked_for(&app, &recording).await);
    for bad in ["../x", "a b", "é", &"R".repeat(10_000)] {
        let answer = recorded(&app, &call, bad, "completed").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        assert_eq!(answer.json()["errors"][0]["loc"][1], "RecordingSid");
    }
}

#[tokio::test]
async fn a_recording_that_is_told_of_late_is_fetched_and_revives_nothing() {
    let app = TestApp::production().await;
    let (call, recording) = (unique("CA"), unique("RE"));
    let session = app.session(SessionKind::Phone, app.account, &call).await;
    sessions::end(&app.store, &session.id, "completed", now_ms())
        .await
        .unwrap();
    assert_eq!(
        recorded(&app, &call, &recording, "completed").await.status,
        StatusCode::NO_CONTENT
    );
    assert!(is_asked_for(&app, &recording).await);
    assert_eq!(app.get_ours("/sessions").await.json()["total"], 0);
}

#[tokio::test]
async fn a_recording_of_whoever_was_forgotten_is_deleted_at_twilio_and_not_kept() {
    let twilio = Twilio::start().await;
    let app = twilio.app(1, |_| {}).await;
    let (call, recording) = (unique("CA"), unique("RE"));
    let session = app.session(SessionKind::Phone, app.account, &call).await;
    sessions::end(&app.store, &session.id, "completed", now_ms())
        .await
        .unwrap();
    let erased = app
        .post_ours("/v1/erase", &json!({"number": session.from}))
        .await;
    assert_eq!(erased.json()["erased"]["transcripts"], 1, "{erased:?}");
    let resource = format!("Recordings/{recording}.json");
    calls("DELETE", &resource)
        .respond_with(ResponseTemplate::new(204))
        .mount(&twilio.server)
        .await;
    let told = recorded(&app, &call, &recording, "completed").await;
    assert_eq!(told.status, StatusCode::NO_CONTENT);
    let requests = async || twilio.server.received_requests().await.unwrap();
    eventually("it is deleted at Twilio", async || {
        let requests = requests().await;
        requests.iter().any(|request| {
            request.method == Method::DELETE && request.url.path().ends_with(&resource)
        })
    })
    .await;
    eventually("nothing is left of it here", async || {
        app.get_ours("/recordings").await.text == "[]"
    })
    .await;
    assert!(
        requests()
            .await
            .iter()
            .all(|request| request.method != Method::GET),
        "its sound was never fetched"
    );
    // The same caller, next door.
    let (call, theirs) = (unique("CA"), unique("RE"));
    app.session(SessionKind::Phone, app.neighbour, &call).await;
    recorded(&app, &call, &theirs, "completed").await;
    eventually("next door nobody was forgotten", async || {
        let list = app.get("/recordings").bearer_auth(NEIGHBOURS_KEY);
        send(list).await.text.contains(&theirs)
    })
    .await;
}
