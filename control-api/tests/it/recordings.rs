use crate::{
    test_app::{NEIGHBOURS_KEY, TestApp, eventually, send},
    twilio_rest::{Twilio, calls},
};
use casp_store::recordings::{self, NewRecording, StoredSound};
use reqwest::{StatusCode, header};
use serde_json::json;
use std::time::Duration;
use wiremock::ResponseTemplate;

/// A recording of 1,000 bytes, each its place modulo 256.
async fn recorded(app: &TestApp) {
    let new = NewRecording {
        account: app.account,
        sid: "RE1".into(),
        session_id: Some("phone-CA1".into()),
        call_sid: Some("CA1".into()),
        source: "twilio",
        duration_ms: Some(61_000),
        channels: Some(2),
        consent: json!({"announcement": "This call is recorded.", "announced_at": "2024-01-15T10:29:58Z"}),
        started_at_ms: 1_705_314_600_000,
    };
    assert!(recordings::announce(&app.store, &new).await.unwrap());
}

async fn kept(app: &TestApp) {
    recorded(app).await;
    let sound: Vec<u8> = (0..1_000).map(|n| (n % 256) as u8).collect();
    let file = app.recordings_folder().join("RE1.wav");
    std::fs::write(file, &sound).unwrap();
    let sound = StoredSound {
        object_key: "RE1.wav".into(),
        content_type: "audio/x-wav".into(),
        bytes: 1_000,
    };
    assert!(recordings::stored(&app.store, "RE1", &sound).await.unwrap());
}

#[tokio::test]
async fn recordings_are_listed_with_what_the_caller_was_told() {
    let app = TestApp::production().await;
    assert_eq!(app.get_ours("/recordings").await.text, "[]");
    kept(&app).await;
    insta::assert_snapshot!(app.get_ours("/recordings?limit=5").await.text, @r#"[{"id":"RE1","status":"stored","source":"twilio","sessionId":"phone-CA1","callSid":"CA1","startedAt":"2024-01-15T10:30:00Z","duration":61.0,"channels":2,"contentType":"audio/x-wav","bytes":1000,"consent":{"announced_at":"2024-01-15T10:29:58Z","announcement":"This call is recorded."},"error":null}]"#);
}

#[tokio::test]
async fn a_recording_is_heard_whole_and_in_parts() {
    let app = TestApp::production().await;
    kept(&app).await;
    let get = |range: &'static str| {
        let request = app.get("/recordings/RE1").bearer_auth(crate::test_app::KEY);
        async move { request.header(header::RANGE, range).send().await.unwrap() }
    };
    let whole = app
        .get("/recordings/RE1")
        .bearer_auth(crate::test_app::KEY)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (whole.status(), &whole.headers()[header::CONTENT_TYPE]),
        (StatusCode::OK, &"audio/x-wav".parse().unwrap())
    );
    assert_eq!(whole.headers()[header::ACCEPT_RANGES], "bytes");
    assert_eq!(whole.bytes().await.unwrap().len(), 1_000);
    let part = get("bytes=10-19").await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.headers()[header::CONTENT_RANGE], "bytes 10-19/1000");
    assert_eq!(
        part.bytes().await.unwrap().as_ref(),
        (10..20).collect::<Vec<u8>>()
    );
    assert_eq!(
        get("bytes=-5").await.headers()[header::CONTENT_RANGE],
        "bytes 995-999/1000"
    );
    assert_eq!(get("bytes=0-1,5-6").await.status(), StatusCode::OK);
    let beyond = get("bytes=1000-").await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(beyond.headers()[header::CONTENT_RANGE], "bytes */1000");
}

#[tokio::test]
async fn what_is_not_there_yet_unknown_or_the_neighbours_is_not_found() {
    let app = TestApp::production().await;
    recorded(&app).await;
    for path in [
        "/recordings/RE1",
        "/recordings/REunknown",
        "/recordings/%00",
        "/recordings/..%2Fcasp.db",
    ] {
        assert_eq!(
            app.get_ours(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let theirs = app.get("/recordings/RE1").bearer_auth(NEIGHBOURS_KEY);
    assert_eq!(send(theirs).await.status, StatusCode::NOT_FOUND);
    let theirs = app.get("/recordings").bearer_auth(NEIGHBOURS_KEY);
    assert_eq!(send(theirs).await.text, "[]");
    assert_eq!(
        send(app.get("/recordings")).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn the_audio_of_whoever_wants_to_be_forgotten_goes_too() {
    let app = TestApp::production().await;
    app.session(casp_store::sessions::SessionKind::Phone, app.account, "CA1")
        .await;
    casp_store::sessions::end(
        &app.store,
        "phone-CA1",
        "completed",
        crate::test_app::now_ms(),
    )
    .await
    .unwrap();
    kept(&app).await;
    let erased = app
        .post_ours("/v1/erase", &json!({"number": "+15551230001"}))
        .await
        .json();
    assert_eq!(
        erased["erased"],
        json!({"transcripts": 1, "recordings": 1, "messages": 0})
    );
    assert_eq!(app.get_ours("/recordings").await.text, "[]");
    assert!(!app.recordings_folder().join("RE1.wav").exists());
}

/// What Twilio was asked to delete.
async fn deleted_at(twilio: &Twilio) -> Vec<String> {
    let requests = twilio.server.received_requests().await.unwrap();
    let deletions = requests
        .iter()
        .filter(|request| request.method == reqwest::Method::DELETE);
    deletions
        .map(|request| request.url.path().to_owned())
        .collect()
}

#[tokio::test]
async fn twilios_copy_goes_with_what_is_too_old_and_no_other() {
    let twilio = Twilio::start().await;
    calls("DELETE", "Recordings/RE1.json")
        .respond_with(ResponseTemplate::new(204))
        .mount(&twilio.server)
        .await;
    let app = twilio
        .app(1, |config| {
            config.retention = Some(Duration::from_hours(24));
            config.limits.retention_round = Duration::from_millis(100);
        })
        .await;
    // One of next door that is new, and one that was never at Twilio.
    for (account, sid, source, started_at_ms) in [
        (app.neighbour, "RE2", "twilio", crate::test_app::now_ms()),
        (app.account, "RE3", "room", 1_705_314_600_001),
    ] {
        let new = NewRecording {
            account,
            sid: sid.into(),
            session_id: None,
            call_sid: None,
            source,
            duration_ms: None,
            channels: None,
            consent: json!({}),
            started_at_ms,
        };
        assert!(recordings::announce(&app.store, &new).await.unwrap());
    }
    recorded(&app).await;
    eventually("Twilio deleted it", async || {
        !deleted_at(&twilio).await.is_empty()
    })
    .await;
    eventually("the old ones are gone", async || {
        app.get_ours("/recordings").await.text == "[]"
    })
    .await;
    assert_eq!(
        deleted_at(&twilio).await,
        ["/2010-04-01/Accounts/AC1/Recordings/RE1.json"]
    );
    let theirs = app.get("/recordings").bearer_auth(NEIGHBOURS_KEY);
    assert!(send(theirs).await.text.contains("RE2"));
}
