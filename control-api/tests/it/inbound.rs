//! Calls that come in: by number, by path, through a menu, recorded.

use crate::{
    participant::room_exists,
    test_app::{Answer, PUBLIC_URL, TWILIO_TOKEN, TestApp, now_ms, send, unique},
    twilio_request::{signed, stream_token},
};
use casp_store::{
    AccountId,
    ceilings::{self, AccountLimits, Ceiling},
    numbers, recording_consents, scenarios,
    sessions::{self, Session, SessionState},
    stream_tokens,
};
use casp_twilio::signature::{HEADER, RequestValidator};
use reqwest::StatusCode;
use serde_json::{Value, json};

const NUMBER: &str = "+15551230002";

/// A webhook by GET, signed over its query.
async fn signed_get(app: &TestApp, path_and_query: &str) -> Answer {
    let url = format!("{PUBLIC_URL}{path_and_query}");
    let signature = RequestValidator::new(TWILIO_TOKEN).sign(&url, &[]);
    send(app.get(path_and_query).header(HEADER, signature)).await
}

async fn call(app: &TestApp, path: &str, call: &str, more: &[(&str, &str)]) -> Answer {
    let form: Vec<(&str, &str)> = [("CallSid", call), ("From", "+15551230001"), ("To", NUMBER)]
        .into_iter()
        .chain(more.iter().copied())
        .collect();
    let answer = signed(app, path, &form).await;
    assert_eq!(answer.status, StatusCode::OK, "{path} {}", answer.text);
    answer
}

async fn session(app: &TestApp, call: &str) -> Option<Session> {
    sessions::get(&app.store, &format!("phone-{call}"))
        .await
        .unwrap()
}

/// A scenario of the account that answers at the number.
async fn scenario(app: &TestApp, account: AccountId, more: Value) -> String {
    let mut definition = json!({"persona": "p", "prompt": "q", "greeting": "Hello, I am an AI."});
    let fields = more.as_object().unwrap().clone();
    definition.as_object_mut().unwrap().extend(fields);
    let content = scenarios::Content {
        name: None,
        definition: &definition,
    };
    let scenario = scenarios::create(&app.store, account, content, now_ms())
        .await
        .unwrap();
    numbers::assign(&app.store, account, NUMBER, &scenario.scenario_id, 1)
        .await
        .unwrap();
    scenario.scenario_id
}

fn menu() -> Value {
    json!({"menu": {"sentence": "For sales press 1, for support press 2.", "choices": {"1": "sales", "2": "support"}}})
}

/// The names of the answer's verbs, in order.
fn verbs(answer: &Answer) -> Vec<String> {
    let (_, mut rest) = answer.text.split_once("<Response>").expect("TwiML");
    let mut verbs = Vec::new();
    while let Some(verb) = rest.strip_prefix('<') {
        if verb.starts_with('/') {
            break;
        }
        let name: String = verb.chars().take_while(char::is_ascii_alphabetic).collect();
        let close = format!("</{name}>");
        rest = match (verb.split_once("/>"), rest.split_once(close.as_str())) {
            (Some((head, after)), _) if !head.contains('>') => after,
            (_, Some((_, after))) => after,
            _ => panic!("not closed: {rest}"),
        };
        verbs.push(name);
    }
    verbs
}

#[tokio::test]
async fn the_path_says_who_answers_by_post_and_by_get() {
    let app = TestApp::production().await;
    app.worker(100).await;
    for path in ["/incoming-call/sales", "/incoming-call-webhook/sales"] {
        let (one, two) = (unique("CA"), unique("CA"));
        let by_post = call(&app, path, &one, &[]).await;
        let by_get = signed_get(
            &app,
            &format!("{path}?CallSid={two}&From=%2B15551230001&To=%2B15551230002"),
        )
        .await;
        assert_eq!(by_get.status, StatusCode::OK, "{}", by_get.text);
        for (answer, sid) in [(by_post, one), (by_get, two)] {
            let twiml = answer
                .text
                .replace(&sid, "CA1")
                .replace(&stream_token(&answer.text), "[token]");
            insta::allow_duplicates! {
                insta::assert_snapshot!(twiml, @r#"
                <?xml version="1.0" encoding="UTF-8"?>
                <Response><Connect action="https://voice.example.com/twilio/resume/CA1"><Stream url="wss://voice.example.com/media-stream/sales"><Parameter name="token" value="[token]"/></Stream></Connect></Response>
                "#);
            }
            let session = session(&app, &sid).await.unwrap();
            assert_eq!(
                (
                    session.assistant.as_str(),
                    session.from.as_str(),
                    session.to.as_str()
                ),
                ("sales", "+15551230001", NUMBER)
            );
            assert!(room_exists(&format!("twilio-{sid}")).await);
        }
    }
}

#[tokio::test]
async fn a_custom_scenario_answers_for_its_owner_alone() {
    let app = TestApp::production().await;
    app.worker(100).await;
    let ours = scenario(&app, app.account, json!({})).await;
    let sid = unique("CA");
    let path = format!("/incoming-custom-call/{ours}");
    let answer = call(&app, &path, &sid, &[]).await;
    assert!(
        answer
            .text
            .contains(&format!("/media-stream-custom/{ours}\"")),
        "{}",
        answer.text
    );
    assert_eq!(session(&app, &sid).await.unwrap().assistant, ours);
    // The number goes to the neighbour: their calls cannot be held with our scenario, nor can a built-in one be had here.
    numbers::assign(&app.store, app.neighbour, NUMBER, "default", 2)
        .await
        .unwrap();
    for path in [
        path.as_str(),
        "/incoming-custom-call/sales",
        "/incoming-call/nobody",
        "/incoming-call/%00",
        "/incoming-call/..%2F",
    ] {
        let sid = unique("CA");
        let form = [("CallSid", sid.as_str()), ("To", NUMBER)];
        let answer = signed(&app, path, &form).await;
        let is_refused = answer.status == 422 || verbs(&answer) == ["Say", "Hangup"];
        assert!(is_refused, "{path} {}", answer.text);
        assert!(session(&app, &sid).await.is_none(), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_signed_has_no_effect() {
    let app = TestApp::production().await;
    app.worker(100).await;
    let sid = unique("CA");
    let query = format!("CallSid={sid}&To=%2B15551230002");
    for path in [
        "/twilio/routing",
        "/incoming-call/sales",
        "/incoming-call-webhook/sales",
        "/incoming-custom-call/1",
        "/handle-user-input",
        "/recording-callback",
        "/twilio-callback",
    ] {
        let bare = send(app.post(path).form(&[("CallSid", sid.as_str())])).await;
        assert_eq!(bare.status, StatusCode::FORBIDDEN, "{path}");
        let wrong = send(
            app.post(path)
                .header(HEADER, "x")
                .form(&[("CallSid", sid.as_str())]),
        )
        .await;
        assert_eq!(wrong.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in [
        "/incoming-call/sales",
        "/incoming-call-webhook/sales",
        "/incoming-custom-call/1",
    ] {
        let url = format!("{path}?{query}");
        assert_eq!(
            send(app.get(&url)).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
        let other = RequestValidator::new(TWILIO_TOKEN).sign(&format!("{PUBLIC_URL}{path}"), &[]);
        assert_eq!(
            send(app.get(&url).header(HEADER, other)).await.status,
            StatusCode::FORBIDDEN,
            "without its query"
        );
    }
    assert!(session(&app, &sid).await.is_none());
}

#[tokio::test]
async fn a_menu_is_read_out_first_and_the_stream_comes_after_it() {
    let app = TestApp::production().await;
    app.worker(100).await;
    let own = scenario(&app, app.account, menu()).await;
    let sid = unique("CA");
    let answer = call(&app, "/twilio/voice", &sid, &[]).await;
    let twiml = answer
        .text
        .replace(&sid, "CA1")
        .replace(&stream_token(&answer.text), "[token]");
    insta::assert_snapshot!(twiml, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Response><Gather input="dtmf" numDigits="1" action="https://voice.example.com/twilio/routing" timeout="5"><Say language="en-US">For sales press 1, for support press 2.</Say></Gather><Connect action="https://voice.example.com/twilio/resume/CA1"><Stream url="wss://voice.example.com/twilio/stream/CA1"><Parameter name="token" value="[token]"/></Stream></Connect></Response>
    "#);
    assert!(
        !room_exists(&format!("twilio-{sid}")).await,
        "nobody knows yet whose agent it needs"
    );
    let by_path = call(&app, &format!("/incoming-call/{own}"), &unique("CA"), &[]).await;
    assert!(
        by_path
            .text
            .contains(&format!("/twilio/routing?menu={own}\"")),
        "{}",
        by_path.text
    );
    assert_eq!(verbs(&by_path), ["Gather", "Connect"]);
}

#[tokio::test]
async fn a_key_leads_to_the_assistant_behind_it_once() {
    let app = TestApp::production().await;
    app.worker(100).await;
    let own = scenario(&app, app.account, menu()).await;
    for (path, query) in [
        ("/twilio/voice".to_owned(), String::new()),
        (format!("/incoming-call/{own}"), format!("?menu={own}")),
    ] {
        let sid = unique("CA");
        call(&app, &path, &sid, &[]).await;
        let routing = format!("/twilio/routing{query}");
        let answer = call(&app, &routing, &sid, &[("Digits", "2")]).await;
        assert_eq!(verbs(&answer), ["Connect"]);
        assert_eq!(session(&app, &sid).await.unwrap().assistant, "support");
        assert!(room_exists(&format!("twilio-{sid}")).await);
        // An agent is there: a webhook that comes late changes nothing.
        sessions::claim_agent(&app.store, &format!("phone-{sid}"), "w1", now_ms(), 2_000)
            .await
            .unwrap()
            .unwrap();
        call(&app, &routing, &sid, &[("Digits", "1")]).await;
        assert_eq!(session(&app, &sid).await.unwrap().assistant, "support");
    }
}

#[tokio::test]
async fn a_wrong_key_repeats_the_menu_twice_and_then_the_call_goes_on() {
    let app = TestApp::production().await;
    app.worker(100).await;
    let own = scenario(&app, app.account, menu()).await;
    let sid = unique("CA");
    call(&app, "/twilio/voice", &sid, &[]).await;
    for digits in ["9", "*"] {
        let again = call(&app, "/twilio/routing", &sid, &[("Digits", digits)]).await;
        assert_eq!(verbs(&again), ["Gather", "Connect"]);
        assert!(
            again.text.contains("not one of the choices"),
            "{}",
            again.text
        );
    }
    let enough = call(&app, "/twilio/routing", &sid, &[("Digits", "9")]).await;
    assert_eq!(verbs(&enough), ["Connect"]);
    assert_eq!(session(&app, &sid).await.unwrap().assistant, own);
    for digits in ["", "ü", "\u{0}", "<Say>", &"1".repeat(10_000)] {
        let sid = unique("CA");
        call(&app, "/twilio/voice", &sid, &[]).await;
        call(&app, "/twilio/routing", &sid, &[("Digits", digits)]).await;
    }
}

#[tokio::test]
async fn a_menu_of_somebody_elses_twiml_may_end_here_too() {
    let app = TestApp::production().await;
    app.worker(100).await;
    scenario(&app, app.account, menu()).await;
    let sid = unique("CA");
    let answer = call(&app, "/twilio/routing", &sid, &[("Digits", "1")]).await;
    assert_eq!(verbs(&answer), ["Connect"]);
    assert_eq!(session(&app, &sid).await.unwrap().assistant, "sales");
    sessions::end(&app.store, &format!("phone-{sid}"), "completed", now_ms())
        .await
        .unwrap();
    let late = call(&app, "/twilio/routing", &sid, &[("Digits", "1")]).await;
    assert_eq!(verbs(&late), ["Hangup"]);
}

#[tokio::test]
async fn a_caller_at_the_menu_keeps_the_session() {
    let app = TestApp::with(|config| {
        config.limits.lost_room_grace = std::time::Duration::from_millis(100);
    })
    .await;
    app.worker(100).await;
    scenario(&app, app.account, menu()).await;
    let sid = unique("CA");
    let answer = call(&app, "/twilio/voice", &sid, &[]).await;
    let begin = now_ms();
    crate::test_app::eventually("several rounds have passed", async || {
        now_ms() - begin > 1_000
    })
    .await;
    assert_eq!(
        session(&app, &sid).await.unwrap().state,
        SessionState::Announced
    );
    // Its stream came and went: now it is lost like any other.
    stream_tokens::redeem(&app.store, &stream_token(&answer.text), now_ms())
        .await
        .unwrap()
        .unwrap();
    crate::test_app::eventually("the session is ended", async || {
        session(&app, &sid).await.unwrap().state == SessionState::Ended
    })
    .await;
}

#[tokio::test]
async fn a_recording_begins_after_the_announcement_and_never_before() {
    let app = TestApp::production().await;
    app.worker(100).await;
    scenario(&app, app.account, json!({"record": true})).await;
    let sid = unique("CA");
    let answer = call(&app, "/twilio/voice", &sid, &[]).await;
    assert_eq!(verbs(&answer), ["Say", "Start", "Connect"]);
    insta::assert_snapshot!(answer.text.split_once("<Connect").unwrap().0, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Response><Say language="en-US">This call is recorded, so that we can serve you better.</Say><Start><Recording recordingStatusCallback="https://voice.example.com/recording-callback" recordingStatusCallbackEvent="completed absent" channels="dual" trim="do-not-trim"/></Start>
    "#);
    let consent = recording_consents::get(&app.store, &format!("phone-{sid}"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        consent.announcement,
        "This call is recorded, so that we can serve you better."
    );
    assert!((now_ms() - consent.announced_at_ms).abs() < 5_000);
    let resumed = call(&app, &format!("/twilio/resume/{sid}"), &sid, &[]).await;
    assert_eq!(
        verbs(&resumed),
        ["Connect"],
        "it was announced, and goes on by itself"
    );
    let plain = call(&app, "/incoming-call/sales", &unique("CA"), &[]).await;
    assert_eq!(verbs(&plain), ["Connect"], "nobody asked for a recording");
}

#[tokio::test]
async fn behind_a_menu_the_chosen_assistant_says_whether_it_records() {
    let app = TestApp::production().await;
    app.worker(100).await;
    let recorded = scenario(
        &app,
        app.account,
        json!({"record": true, "record_announcement": "Sales records."}),
    )
    .await;
    let mut reception = menu();
    reception["menu"]["choices"]["1"] = recorded.into();
    scenario(&app, app.account, reception).await;
    let sid = unique("CA");
    assert_eq!(
        verbs(&call(&app, "/twilio/voice", &sid, &[]).await),
        ["Gather", "Connect"]
    );
    let sales = call(&app, "/twilio/routing", &sid, &[("Digits", "1")]).await;
    assert_eq!(verbs(&sales), ["Say", "Start", "Connect"]);
    let consent = recording_consents::get(&app.store, &format!("phone-{sid}"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(consent.announcement, "Sales records.");
    let sid = unique("CA");
    call(&app, "/twilio/voice", &sid, &[]).await;
    assert_eq!(
        verbs(&call(&app, "/twilio/routing", &sid, &[("Digits", "2")]).await),
        ["Connect"]
    );
}

#[tokio::test]
async fn the_callers_number_is_ours_when_we_placed_the_call() {
    let app = TestApp::production().await;
    app.worker(100).await;
    numbers::assign(&app.store, app.neighbour, NUMBER, "support", 1)
        .await
        .unwrap();
    let sid = unique("CA");
    let form = [
        ("CallSid", sid.as_str()),
        ("From", NUMBER),
        ("To", "+15559990000"),
        ("Direction", "outbound-api"),
    ];
    signed(&app, "/incoming-call/sales", &form).await;
    assert_eq!(session(&app, &sid).await.unwrap().account, app.neighbour);
}

#[tokio::test]
async fn an_end_that_overtakes_the_beginning_counts() {
    let app = TestApp::production().await;
    app.worker(100).await;
    for path in ["/twilio/status", "/twilio-callback", "/recording-callback"] {
        let sid = unique("CA");
        let form = [
            ("CallSid", sid.as_str()),
            ("CallStatus", "completed"),
            ("To", NUMBER),
        ];
        assert_eq!(
            signed(&app, path, &form).await.status,
            StatusCode::NO_CONTENT,
            "{path}"
        );
        let late = call(&app, "/twilio/voice", &sid, &[]).await;
        assert_eq!(verbs(&late), ["Hangup"], "{path}");
        assert!(!room_exists(&format!("twilio-{sid}")).await);
    }
    let sid = unique("CA");
    let form = [
        ("CallSid", sid.as_str()),
        ("CallStatus", "failed"),
        ("Direction", "outbound-api"),
    ];
    signed(&app, "/twilio/status", &form).await;
    assert!(
        session(&app, &sid).await.is_none(),
        "our own calls are known before Twilio tells of them"
    );
}

#[tokio::test]
async fn an_account_without_minutes_left_is_busy_and_its_neighbour_is_not() {
    let app = TestApp::production().await;
    app.worker(5).await;
    let limits = AccountLimits {
        minutes: Some(Ceiling::AtMost(0)),
        ..AccountLimits::default()
    };
    ceilings::set_limits(&app.store, app.account, &limits)
        .await
        .unwrap();
    for path in ["/twilio/voice", "/incoming-call/sales"] {
        let sid = unique("CA");
        let answer = call(&app, path, &sid, &[]).await;
        assert!(
            answer.text.contains("<Reject reason=\"busy\"/>"),
            "{}",
            answer.text
        );
        assert!(session(&app, &sid).await.is_none(), "nothing was begun");
    }
    numbers::assign(&app.store, app.neighbour, NUMBER, "default", 1)
        .await
        .unwrap();
    let sid = unique("CA");
    let answer = call(&app, "/twilio/voice", &sid, &[]).await;
    assert!(answer.text.contains("<Connect"), "{}", answer.text);
}

#[tokio::test]
async fn nothing_that_twilio_signs_runs_without_the_secret() {
    let app = TestApp::with(|config| config.twilio.auth_token = None).await;
    let document = serde_json::to_value(casp_control_api::openapi_document()).unwrap();
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["security"][0].get("twilio_signature").is_none() {
                continue;
            }
            let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let url = app.url(&path.replace(['{', '}'], ""));
            let form = [("CallSid", "CA1"), ("From", "+15551230001"), ("To", NUMBER)];
            let answer = send(app.http.request(method, url).form(&form)).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
            assert_eq!(answer.json()["status_code"], 503, "{path}");
            seen += 1;
        }
    }
    assert!(seen > 10, "the document has lost its signed routes");
    assert!(session(&app, "CA1").await.is_none());
}
