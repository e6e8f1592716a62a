use crate::{
    participant::room_exists,
    test_app::{PUBLIC_URL, TestApp, now_ms, send, unique},
    twilio_request::{signed, stream_token},
};
use casp_store::{
    sessions::{self, SessionKind, SessionState},
    stream_tokens,
};
use casp_twilio::signature::HEADER;
use reqwest::StatusCode;
use std::time::Instant;

const NUMBERS: [(&str, &str); 2] = [("From", "+15551230001"), ("To", "+15551230002")];

async fn voice(app: &TestApp, call: &str) -> crate::test_app::Answer {
    signed(
        app,
        "/twilio/voice",
        &[("CallSid", call), NUMBERS[0], NUMBERS[1]],
    )
    .await
}

#[tokio::test]
async fn a_call_gets_a_session_a_room_and_a_stream() {
    let app = TestApp::production().await;
    app.worker(1).await;
    let call = unique("CA");
    let answer = voice(&app, &call).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "text/xml; charset=utf-8");
    let token = stream_token(&answer.text);
    let twiml = answer.text.replace(&call, "CA1").replace(&token, "[token]");
    insta::assert_snapshot!(twiml, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Response><Connect action="https://voice.example.com/twilio/resume/CA1"><Stream url="wss://voice.example.com/twilio/stream/CA1"><Parameter name="token" value="[token]"/></Stream></Connect></Response>
    "#);
    let id = format!("phone-{call}");
    let session = sessions::get(&app.store, &id).await.unwrap().unwrap();
    assert_eq!(
        (session.from.as_str(), session.to.as_str()),
        (NUMBERS[0].1, NUMBERS[1].1)
    );
    assert_eq!(
        (session.account, session.room_name.as_str()),
        (app.account, format!("twilio-{call}").as_str())
    );
    assert!(room_exists(&format!("twilio-{call}")).await);
    assert_eq!(
        stream_tokens::redeem(&app.store, &token, now_ms())
            .await
            .unwrap(),
        Some(id)
    );
}

#[tokio::test]
async fn a_webhook_that_comes_twice_has_one_effect() {
    let app = TestApp::production().await;
    app.worker(1).await;
    let call = unique("CA");
    let first = voice(&app, &call).await;
    let second = voice(&app, &call).await;
    assert_eq!(
        second.status,
        StatusCode::OK,
        "though the only place is taken"
    );
    assert_ne!(stream_token(&first.text), stream_token(&second.text));
    assert_eq!(app.get_ours("/sessions").await.json()["total"], 1);
}

#[tokio::test]
async fn a_call_that_has_ended_is_hung_up_and_not_revived() {
    let app = TestApp::production().await;
    app.worker(1).await;
    let call = unique("CA");
    voice(&app, &call).await;
    signed(
        &app,
        "/twilio/status",
        &[("CallSid", &call), ("CallStatus", "completed")],
    )
    .await;
    let late = voice(&app, &call).await;
    assert!(
        late.text.contains("<Response><Hangup/></Response>"),
        "{}",
        late.text
    );
    assert!(!room_exists(&format!("twilio-{call}")).await);
}

#[tokio::test]
async fn with_every_place_taken_the_caller_hears_the_busy_tone() {
    let app = TestApp::production().await;
    let answer = voice(&app, &unique("CA")).await;
    assert!(
        answer.text.contains(r#"<Reject reason="busy"/>"#),
        "no worker: {}",
        answer.text
    );
    app.worker(1).await;
    assert!(voice(&app, &unique("CA")).await.text.contains("<Connect"));
    assert!(
        voice(&app, &unique("CA")).await.text.contains("<Reject"),
        "the place is spoken for"
    );
    assert_eq!(app.get_ours("/sessions").await.json()["total"], 1);
}

/// Nobody listens where LiveKit should be.
async fn without_livekit() -> TestApp {
    let app = TestApp::with(|config| {
        config.livekit = casp_room::admin::LiveKit::new("http://127.0.0.1:1", "k", "s").unwrap();
    })
    .await;
    app.worker(1).await;
    app
}

#[tokio::test]
async fn without_livekit_the_caller_hears_why() {
    let app = without_livekit().await;
    let answer = voice(&app, "CA1").await;
    assert!(
        answer.text.contains("<Say>") && answer.text.contains("<Hangup/>"),
        "{}",
        answer.text
    );
    let session = sessions::get(&app.store, "phone-CA1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(session.state, SessionState::Ended);
}

#[tokio::test]
async fn a_number_of_nobody_is_refused_politely() {
    let app = TestApp::with(|config| config.default_account = None).await;
    let answer = voice(&app, "CA1").await;
    assert!(
        answer.text.contains("not in service") && answer.text.contains("<Hangup/>"),
        "{}",
        answer.text
    );
    assert!(
        sessions::get(&app.store, "phone-CA1")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn what_is_not_signed_has_no_effect() {
    let app = TestApp::production().await;
    app.worker(1).await;
    let form = [("CallSid", "CA1"), NUMBERS[0], NUMBERS[1]];
    let good = {
        let owned: Vec<(String, String)> = form.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        casp_twilio::signature::RequestValidator::new("another token")
            .sign(&format!("{PUBLIC_URL}/twilio/voice"), &owned)
    };
    for path in [
        "/twilio/voice",
        "/twilio/status",
        "/twilio/resume/CA1",
        "/twilio/transferred/CA1",
    ] {
        for signature in [None, Some(""), Some("x"), Some(good.as_str())] {
            let mut request = app.post(path).form(&form);
            if let Some(signature) = signature {
                request = request.header(HEADER, signature);
            }
            let answer = send(request).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {signature:?}");
            assert_eq!(
                answer.json()["detail"],
                "The signature is missing or wrong."
            );
        }
    }
    assert!(
        sessions::get(&app.store, "phone-CA1")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn without_a_token_signed_routes_are_closed_but_in_dev() {
    let form = [("CallSid", "CA1"), NUMBERS[0], NUMBERS[1]];
    let closed = TestApp::with(|config| config.twilio.auth_token = None).await;
    assert_eq!(
        send(closed.post("/twilio/voice").form(&form)).await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    let dev = TestApp::dev().await;
    assert_eq!(
        send(dev.post("/twilio/voice").form(&form)).await.status,
        StatusCode::OK
    );
    let dev_with_token = TestApp::with(|config| config.is_dev = true).await;
    assert_eq!(
        send(dev_with_token.post("/twilio/voice").form(&form))
            .await
            .status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn calls_without_a_good_id_are_refused() {
    let app = TestApp::production().await;
    app.worker(1).await;
    let long = "C".repeat(65);
    for call in ["", "../x", "CA 1", "CA\u{0}", long.as_str()] {
        let answer = voice(&app, call).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{call:?}");
        assert_eq!(answer.json()["errors"][0]["loc"][1], "CallSid", "{call:?}");
    }
    assert_eq!(
        signed(&app, "/twilio/voice", &[]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        signed(&app, "/twilio/resume/a%2Fb", &[]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn callers_may_be_anything() {
    let app = TestApp::production().await;
    app.worker(10).await;
    for from in [
        "anonymous",
        "sip:x@y",
        "client:ann",
        "",
        "+1\u{0}5",
        &"9".repeat(5_000),
    ] {
        let call = unique("CA");
        let answer = signed(&app, "/twilio/voice", &[("CallSid", &call), ("From", from)]).await;
        assert!(answer.text.contains("<Connect"), "{from:?}");
        let session = sessions::get(&app.store, &format!("phone-{call}"))
            .await
            .unwrap()
            .unwrap();
        assert!(
            session.from.len() <= 256 && !session.from.contains('\0'),
            "{from:?}"
        );
    }
}

#[tokio::test]
async fn a_stream_that_broke_gets_a_new_one_into_the_same_room() {
    let app = TestApp::production().await;
    app.worker(1).await;
    let call = unique("CA");
    let first = stream_token(&voice(&app, &call).await.text);
    let path = format!("/twilio/resume/{call}");
    let answer = signed(
        &app,
        &path,
        &[("CallSid", &call), ("CallStatus", "in-progress")],
    )
    .await;
    assert!(
        answer
            .text
            .contains(&format!("wss://voice.example.com/twilio/stream/{call}")),
        "{}",
        answer.text
    );
    let second = stream_token(&answer.text);
    assert_ne!(first, second);
    assert!(
        stream_tokens::redeem(&app.store, &second, now_ms())
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_call_that_is_over_is_hung_up() {
    let app = TestApp::production().await;
    app.worker(1).await;
    let call = unique("CA");
    let path = format!("/twilio/resume/{call}");
    assert!(
        signed(&app, &path, &[]).await.text.contains("<Hangup/>"),
        "never heard of"
    );
    voice(&app, &call).await;
    assert!(
        signed(&app, &path, &[("CallStatus", "completed")])
            .await
            .text
            .contains("<Hangup/>")
    );
    sessions::end(&app.store, &format!("phone-{call}"), "hung up", now_ms())
        .await
        .unwrap();
    assert!(
        signed(&app, &path, &[("CallStatus", "in-progress")])
            .await
            .text
            .contains("<Hangup/>")
    );
}

#[tokio::test]
async fn a_stream_that_breaks_again_and_again_ends_the_call() {
    let app = TestApp::production().await;
    app.worker(1).await;
    let call = unique("CA");
    voice(&app, &call).await;
    let path = format!("/twilio/resume/{call}");
    let mut streams = 1;
    while signed(&app, &path, &[]).await.text.contains("<Connect") {
        streams += 1;
        assert!(streams < 50, "it goes on for ever");
    }
    assert_eq!(streams, 10);
    let session = sessions::get(&app.store, &format!("phone-{call}"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(session.state, SessionState::Ended);
    assert!(!room_exists(&format!("twilio-{call}")).await);
}

#[tokio::test]
async fn without_livekit_a_stream_that_breaks_again_and_again_ends_the_call_too() {
    let app = without_livekit().await;
    let session = app.session(SessionKind::Phone, app.account, "CA1").await;
    for stream in 1..=10 {
        let again = signed(&app, "/twilio/resume/CA1", &[]).await;
        assert!(again.text.contains("<Connect"), "{stream}: {}", again.text);
    }
    let over = signed(&app, "/twilio/resume/CA1", &[]).await;
    assert_eq!(over.status, StatusCode::OK, "{over:?}");
    assert_eq!(over.headers["content-type"], "text/xml; charset=utf-8");
    assert!(
        over.text.contains("<Say>") && over.text.contains("<Hangup/>"),
        "{}",
        over.text
    );
    let session = sessions::get(&app.store, &session.id).await;
    assert_eq!(session.unwrap().unwrap().state, SessionState::Ended);
}

#[tokio::test]
async fn without_livekit_what_twilio_tells_is_taken_too() {
    let app = without_livekit().await;
    for (call, path, status) in [
        ("CA1", "/twilio/status", StatusCode::NO_CONTENT),
        ("CA2", "/twilio/transferred/CA2", StatusCode::OK),
    ] {
        let session = app.session(SessionKind::Phone, app.account, call).await;
        let form = [
            ("CallSid", call),
            ("CallStatus", "completed"),
            ("DialCallStatus", "completed"),
        ];
        let answer = signed(&app, path, &form).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(
            answer.text.contains("<Hangup/>"),
            status == StatusCode::OK,
            "{answer:?}"
        );
        let session = sessions::get(&app.store, &session.id).await;
        assert_eq!(session.unwrap().unwrap().state, SessionState::Ended);
    }
}

#[tokio::test]
async fn only_a_final_status_ends_the_call_and_only_once() {
    let app = TestApp::production().await;
    app.worker(10).await;
    for (status, ends) in [
        ("initiated", false),
        ("ringing", false),
        ("in-progress", false),
        ("", false),
        ("completed", true),
        ("failed", true),
        ("busy", true),
        ("no-answer", true),
        ("canceled", true),
    ] {
        let call = unique("CA");
        voice(&app, &call).await;
        for _ in 0..2 {
            let answer = signed(
                &app,
                "/twilio/status",
                &[("CallSid", &call), ("CallStatus", status)],
            )
            .await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT, "{status}");
        }
        let session = sessions::get(&app.store, &format!("phone-{call}"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(session.state == SessionState::Ended, ends, "{status}");
        assert_eq!(
            room_exists(&format!("twilio-{call}")).await,
            !ends,
            "{status}"
        );
    }
    let unknown = signed(
        &app,
        "/twilio/status",
        &[("CallSid", "CAunknown"), ("CallStatus", "completed")],
    )
    .await;
    assert_eq!(unknown.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn the_answer_comes_fast() {
    let app = TestApp::production().await;
    app.worker(100).await;
    voice(&app, &unique("CA")).await;
    let mut times = Vec::new();
    for _ in 0..20 {
        let begin = Instant::now();
        voice(&app, &unique("CA")).await;
        times.push(begin.elapsed());
    }
    times.sort();
    println!(
        "/twilio/voice: median {:?}, worst {:?}",
        times[10], times[19]
    );
    // A shared test machine may be held up most of the time.
    assert!(times[5].as_millis() < 250, "{times:?}");
}
