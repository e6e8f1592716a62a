use crate::{
    participant::room_exists,
    test_app::{
        KEY, NEIGHBOURS_KEY, OUR_NUMBER, PUBLIC_URL, TestApp, eventually, now_ms, send, unique,
    },
    twilio_request::{signed, stream_token},
    twilio_rest::{Twilio, call, calls, refusal},
};
use casp_store::{calls as store_calls, idempotency, numbers, sessions, stream_tokens};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

const TO: &str = "+14155550123";

async fn place(app: &TestApp, body: &Value) -> crate::test_app::Answer {
    app.post_ours("/phone/call", body).await
}

/// The path and query of a URL that Twilio was given.
fn path_of(url: &str) -> String {
    url.strip_prefix(PUBLIC_URL).unwrap().to_owned()
}

#[tokio::test]
async fn a_call_is_placed_as_the_guide_shows() {
    let twilio = Twilio::start().await;
    let app = twilio.app(5, |_| {}).await;
    let sid = unique("CA");
    twilio.places(&sid).await;
    let answer = place(
        &app,
        &json!({"to": TO, "from": "+15550001111", "assistant": "sales"}),
    )
    .await;
    assert_eq!(
        (answer.status, answer.json()),
        (
            StatusCode::OK,
            json!({"callSid": sid, "status": "initiated"})
        )
    );
    let asked = &twilio.placed().await[0];
    assert_eq!(
        (asked["To"].as_str(), asked["From"].as_str()),
        (TO, "+15550001111")
    );
    assert!(asked["Url"].starts_with(&format!("{PUBLIC_URL}/outgoing-call/sales?call=call_")));
    assert!(asked["StatusCallback"].starts_with(&format!("{PUBLIC_URL}/twilio/status?call=call_")));
    assert_eq!(asked["Timeout"], "30");
    assert!(!asked.contains_key("MachineDetection"));
    let session = app.get_ours(&format!("/sessions/phone-{sid}")).await.json();
    assert_eq!(
        (session["status"].as_str(), session["to"].as_str()),
        (Some("active"), Some(TO))
    );
    assert_eq!(
        (&session["from"], &session["assistant"]),
        (&json!("+15550001111"), &json!("sales"))
    );
    let seen = app.get_ours(&format!("/v1/calls/{sid}")).await.json();
    assert_eq!(
        (seen["status"].as_str(), seen["to"].as_str()),
        (Some("initiated"), Some(TO))
    );
}

#[tokio::test]
async fn an_answered_call_gets_a_room_and_a_stream_and_ends_by_its_status() {
    let twilio = Twilio::start().await;
    let app = twilio.app(5, |_| {}).await;
    let sid = unique("CA");
    twilio.places(&sid).await;
    place(&app, &json!({"to": TO})).await;
    assert!(
        !room_exists(&format!("twilio-{sid}")).await,
        "it only rings"
    );
    let asked = twilio.placed().await.remove(0);
    let form = [
        ("CallSid", sid.as_str()),
        ("From", OUR_NUMBER),
        ("To", TO),
        ("Direction", "outbound-api"),
    ];
    let status = path_of(&asked["StatusCallback"]);
    for said in ["initiated", "ringing"] {
        signed(&app, &status, &[form[0], ("CallStatus", said)]).await;
    }
    assert_eq!(
        app.get_ours(&format!("/v1/calls/{sid}")).await.json()["status"],
        "ringing"
    );
    let twiml = signed(&app, &path_of(&asked["Url"]), &form).await;
    assert!(
        twiml.text.contains(&format!("/{sid}\"")) && twiml.text.contains("<Connect"),
        "{}",
        twiml.text
    );
    assert!(room_exists(&format!("twilio-{sid}")).await);
    let redeemed = stream_tokens::redeem(&app.store, &stream_token(&twiml.text), now_ms()).await;
    assert_eq!(redeemed.unwrap(), Some(format!("phone-{sid}")));
    assert_eq!(
        app.get_ours(&format!("/v1/calls/{sid}")).await.json()["status"],
        "in-progress"
    );
    for _ in 0..2 {
        signed(&app, &status, &[form[0], ("CallStatus", "completed")]).await;
    }
    signed(&app, &status, &[form[0], ("CallStatus", "ringing")]).await;
    let seen = app.get_ours(&format!("/v1/calls/{sid}")).await.json();
    assert_eq!(seen["status"], "completed");
    assert!(seen["endedAt"].is_string() && seen["answeredAt"].is_string());
    assert_eq!(
        app.get_ours(&format!("/sessions/phone-{sid}")).await.status,
        StatusCode::NOT_FOUND
    );
    assert!(!room_exists(&format!("twilio-{sid}")).await);
    let late = signed(&app, &path_of(&asked["Url"]), &form).await;
    assert!(late.text.contains("<Hangup/>"), "{}", late.text);
}

#[tokio::test]
async fn twilio_may_ask_for_twiml_before_its_answer_to_the_placing_is_here() {
    let twilio = Twilio::start().await;
    let app = twilio.app(5, |_| {}).await;
    let sid = unique("CA");
    calls("POST", "Calls.json")
        .respond_with(
            ResponseTemplate::new(201)
                .set_body_json(call(&sid, "queued"))
                .set_delay(Duration::from_secs(6)),
        )
        .mount(&twilio.server)
        .await;
    let placing = tokio::spawn({
        let request = app
            .post("/phone/call")
            .bearer_auth(KEY)
            .json(&json!({"to": TO}));
        async move { send(request).await }
    });
    eventually("Twilio is asked", async || {
        !twilio.placed().await.is_empty()
    })
    .await;
    let asked = twilio.placed().await.remove(0);
    let twiml = signed(&app, &path_of(&asked["Url"]), &[("CallSid", &sid)]).await;
    assert!(twiml.text.contains("<Connect"), "{}", twiml.text);
    assert!(!placing.is_finished());
    let session = sessions::get(&app.store, &format!("phone-{sid}"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (session.to.as_str(), session.from.as_str()),
        (TO, OUR_NUMBER)
    );
    assert_eq!(placing.await.unwrap().json()["callSid"], sid);
    assert_eq!(
        app.get_ours(&format!("/v1/calls/{sid}")).await.json()["status"],
        "in-progress"
    );
}

#[tokio::test]
async fn a_call_whose_answer_was_lost_is_not_placed_again_and_is_known_by_its_webhook() {
    let twilio = Twilio::start().await;
    let app = twilio.app(5, |_| {}).await;
    calls("POST", "Calls.json")
        .respond_with(ResponseTemplate::new(502))
        .expect(1)
        .mount(&twilio.server)
        .await;
    let answer = place(&app, &json!({"to": TO})).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let body = answer.json();
    assert_eq!(
        (&body["callSid"], &body["status"]),
        (&Value::Null, &json!("unknown"))
    );
    let asked = twilio.placed().await.remove(0);
    let sid = unique("CA");
    let form = [("CallSid", sid.as_str()), ("CallStatus", "ringing")];
    signed(&app, &path_of(&asked["StatusCallback"]), &form).await;
    let id = body["callId"].as_str().unwrap();
    let seen = app.get_ours(&format!("/v1/calls/{id}")).await.json();
    assert_eq!(
        (&seen["callSid"], &seen["status"]),
        (&json!(sid), &json!("ringing"))
    );
}

#[tokio::test]
async fn a_call_whose_answer_was_lost_is_found_in_twilios_list() {
    let twilio = Twilio::start().await;
    let app = twilio.app(5, |_| {}).await;
    calls("POST", "Calls.json")
        .respond_with(ResponseTemplate::new(500))
        .expect(1)
        .mount(&twilio.server)
        .await;
    let sid = unique("CA");
    let old = json!({"sid": unique("CA"), "status": "completed", "to": TO, "from": OUR_NUMBER,
                     "direction": "outbound-api", "date_created": "Tue, 31 Aug 2010 20:36:28 +0000"});
    let made = jiff::fmt::rfc2822::to_string(&jiff::Zoned::now()).unwrap();
    let lost = json!({"sid": sid, "status": "ringing", "to": TO, "from": OUR_NUMBER,
                      "direction": "outbound-api", "date_created": made});
    calls("GET", "Calls.json")
        .and(wiremock::matchers::query_param("To", TO))
        .and(wiremock::matchers::query_param("From", OUR_NUMBER))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!({"calls": [old, lost], "next_page_uri": null})),
        )
        .mount(&twilio.server)
        .await;
    place(&app, &json!({"to": TO})).await;
    eventually("the call is found, and rings", async || {
        let seen = app.get_ours(&format!("/v1/calls/{sid}")).await;
        seen.status == StatusCode::OK && seen.json()["status"] == "ringing"
    })
    .await;
    assert_eq!(
        app.get_ours(&format!("/sessions/phone-{sid}")).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn another_number_does_when_twilio_blames_the_first() {
    let twilio = Twilio::start().await;
    let app = twilio
        .app(5, |config| {
            config.twilio.fallback_numbers = vec!["+15550002222".into()];
        })
        .await;
    calls("POST", "Calls.json")
        .respond_with(refusal(400, 21_210))
        .up_to_n_times(1)
        .mount(&twilio.server)
        .await;
    let sid = unique("CA");
    twilio.places(&sid).await;
    let answer = place(&app, &json!({"to": TO})).await;
    assert_eq!(answer.json()["callSid"], sid);
    let from: Vec<String> = twilio
        .placed()
        .await
        .iter()
        .map(|form| form["From"].clone())
        .collect();
    assert_eq!(from, [OUR_NUMBER, "+15550002222"]);
    assert_eq!(
        app.get_ours(&format!("/v1/calls/{sid}")).await.json()["from"],
        "+15550002222"
    );
}

#[tokio::test]
async fn an_account_calls_from_its_own_numbers_and_from_nobody_elses() {
    let twilio = Twilio::start().await;
    let app = twilio.app(50, |_| {}).await;
    let (ours, theirs) = ("+15550003333", "+15550004444");
    numbers::assign(&app.store, app.neighbour, theirs, "default", 0)
        .await
        .unwrap();
    let foreign = place(&app, &json!({"to": TO, "from": theirs})).await;
    assert_eq!(foreign.json()["errors"][0]["loc"], json!(["body", "from"]));
    numbers::assign(&app.store, app.account, ours, "default", 0)
        .await
        .unwrap();
    let strange = place(&app, &json!({"to": TO, "from": "+15550005555"})).await;
    assert_eq!(
        strange.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "where it has some, one of them"
    );
    for body in [json!({"to": TO}), json!({"to": TO, "from": ours})] {
        twilio.places(&unique("CA")).await;
        assert_eq!(place(&app, &body).await.status, StatusCode::OK);
    }
    assert!(
        twilio
            .placed()
            .await
            .iter()
            .all(|form| form["From"] == ours)
    );
}

#[tokio::test]
async fn a_number_that_cannot_be_called_is_not_tried_from_another() {
    let twilio = Twilio::start().await;
    let app = twilio
        .app(5, |config| {
            config.twilio.fallback_numbers = vec!["+15550002222".into()];
        })
        .await;
    calls("POST", "Calls.json")
        .respond_with(refusal(400, 21_211))
        .expect(1)
        .mount(&twilio.server)
        .await;
    let answer = place(&app, &json!({"to": TO})).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.json()["errors"][0]["loc"], json!(["body", "to"]));
    assert!(
        answer.text.contains("21211") && !answer.text.contains(TO),
        "{}",
        answer.text
    );
    let failed = app.get_ours("/v1/calls?status=failed").await.json();
    assert_eq!(
        (&failed[0]["errorCode"], failed.as_array().unwrap().len()),
        (&json!("21211"), 1)
    );
}

#[tokio::test]
async fn calls_beyond_the_accounts_pace_wait_in_order_and_can_be_taken_back() {
    let twilio = Twilio::start().await;
    let app = twilio
        .app(50, |config| {
            config.limits.call_interval = Duration::from_mins(1);
        })
        .await;
    let sid = unique("CA");
    twilio.places(&sid).await;
    assert_eq!(place(&app, &json!({"to": TO})).await.status, StatusCode::OK);
    let mut waiting = Vec::new();
    for place_in_line in 1..=2 {
        let answer = place(&app, &json!({"to": TO})).await;
        let body = answer.json();
        assert_eq!(
            (answer.status, &body["status"]),
            (StatusCode::ACCEPTED, &json!("queued"))
        );
        assert_eq!(
            (&body["callSid"], &body["position"]),
            (&Value::Null, &json!(place_in_line))
        );
        waiting.push(body["callId"].as_str().unwrap().to_owned());
    }
    let cancel = format!("/v1/calls/{}/cancel", waiting[0]);
    assert_eq!(
        send(app.post(&cancel).bearer_auth(NEIGHBOURS_KEY))
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        app.post_ours(&cancel, &Value::Null).await.json()["status"],
        "canceled"
    );
    assert_eq!(
        app.post_ours(&cancel, &Value::Null).await.json()["status"],
        "canceled",
        "once more"
    );
    let second = app
        .get_ours(&format!("/v1/calls/{}", waiting[1]))
        .await
        .json();
    assert_eq!(
        (&second["status"], &second["position"]),
        (&json!("queued"), &json!(1))
    );
    assert_eq!(
        app.get_ours("/v1/calls")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(twilio.placed().await.len(), 1);
}

#[tokio::test]
async fn a_call_that_waits_is_placed_when_an_agent_is_free() {
    let twilio = Twilio::start().await;
    let app = twilio.app(0, |_| {}).await;
    let sid = unique("CA");
    twilio.places(&sid).await;
    let answer = place(&app, &json!({"to": TO})).await;
    assert_eq!(answer.json()["status"], "queued");
    eventually("it is placed", async || {
        app.worker(1).await;
        app.get_ours(&format!("/v1/calls/{sid}")).await.status == StatusCode::OK
    })
    .await;
    assert_eq!(twilio.placed().await.len(), 1);
}

#[tokio::test]
async fn a_busy_twilio_lets_the_call_wait() {
    let twilio = Twilio::start().await;
    let app = twilio.app(5, |_| {}).await;
    calls("POST", "Calls.json")
        .respond_with(refusal(429, 20_429).insert_header("Retry-After", "60"))
        .expect(1)
        .mount(&twilio.server)
        .await;
    let answer = place(&app, &json!({"to": TO})).await;
    assert_eq!(
        (answer.status, &answer.json()["status"]),
        (StatusCode::ACCEPTED, &json!("queued"))
    );
}

#[tokio::test]
async fn the_short_routes_answer_to_the_letter() {
    let twilio = Twilio::start().await;
    let app = twilio.app(50, |_| {}).await;
    for (verb, phone) in [
        ("GET", "+14155550123"),
        ("POST", "%2B14155550123"),
        ("GET", "%2014155550123"),
    ] {
        let sid = unique("CA");
        twilio.places(&sid).await;
        let url = app.url(&format!("/make-call/{phone}/sales"));
        let answer = send(
            app.http
                .request(verb.parse().unwrap(), url)
                .bearer_auth(KEY),
        )
        .await;
        assert_eq!(
            answer.json(),
            json!({"status": "success", "call_sid": sid}),
            "{phone}"
        );
    }
    for asked in twilio.placed().await {
        assert_eq!(asked["To"], TO);
    }
}

#[tokio::test]
async fn the_same_request_with_its_key_places_one_call() {
    let twilio = Twilio::start().await;
    let app = twilio.app(50, |_| {}).await;
    for request in [
        app.post("/phone/call").json(&json!({"to": TO})),
        app.get("/make-call/+14155550123/sales"),
    ] {
        let sid = unique("CA");
        twilio.places(&sid).await;
        let before = twilio.placed().await.len();
        let request = request.bearer_auth(KEY).header("Idempotency-Key", &sid);
        for _ in 0..2 {
            let answer = send(request.try_clone().unwrap()).await;
            assert!(answer.text.contains(&sid), "{}", answer.text);
        }
        assert_eq!(twilio.placed().await.len(), before + 1);
    }
}

#[tokio::test]
async fn a_key_that_is_used_again_a_day_later_places_another_call() {
    let twilio = Twilio::start().await;
    for app in [
        twilio.app(50, |_| {}).await,
        twilio.app_on_postgres(50).await,
    ] {
        for to in [TO, "+14155550124"] {
            let sid = unique("CA");
            twilio.places(&sid).await;
            let request = app.post("/phone/call").bearer_auth(KEY);
            let request = request.header("Idempotency-Key", "k");
            let answer = send(request.json(&json!({"to": to}))).await;
            assert_eq!(answer.json()["callSid"], sid, "{answer:?}");
            assert_eq!(twilio.placed().await.pop().unwrap()["To"], to);
            let tomorrow_ms = now_ms() + 25 * 60 * 60 * 1_000;
            let gone = idempotency::purge(&app.store, tomorrow_ms).await;
            assert_eq!(gone.unwrap(), 1);
        }
    }
}

#[tokio::test]
async fn a_request_that_was_refused_places_a_call_when_it_is_sent_again() {
    let twilio = Twilio::start().await;
    let app = twilio.app(5, |_| {}).await;
    calls("POST", "Calls.json")
        .respond_with(refusal(401, 20_003))
        .up_to_n_times(1)
        .mount(&twilio.server)
        .await;
    let again = || {
        let request = app.post("/phone/call").bearer_auth(KEY);
        request
            .header("Idempotency-Key", "k")
            .json(&json!({"to": TO}))
    };
    let refused = send(again()).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    let sid = unique("CA");
    twilio.places(&sid).await;
    for _ in 0..2 {
        let answer = send(again()).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.json()["callSid"], sid);
    }
    assert_eq!(twilio.placed().await.len(), 2, "one of them refused");
    let failed = app.get_ours("/v1/calls?status=failed").await.json();
    assert_eq!(failed.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_call_speaks_with_a_scenario_of_the_accounts_own() {
    let twilio = Twilio::start().await;
    let app = twilio.app(50, |_| {}).await;
    let body = json!({"persona": "You are Ann.", "prompt": "Greet people.", "voice_type": "concerned_female", "temperature": 0.5});
    let made = app
        .post_ours("/realtime/custom-scenario", &body)
        .await
        .json();
    let (name, row) = (
        made["scenario_id"].as_str().unwrap().to_owned(),
        made["id"].to_string(),
    );
    for id in [&name, &row] {
        let sid = unique("CA");
        twilio.places(&sid).await;
        let answer = app
            .get_ours(&format!("/make-custom-call/+14155550123/{id}"))
            .await
            .json();
        assert_eq!(
            answer,
            json!({"status": "Custom call initiated", "call_sid": sid})
        );
        let seen = app.get_ours(&format!("/v1/calls/{sid}")).await.json();
        assert_eq!(seen["assistant"], name);
        let foreign = app.get(&format!("/make-custom-call/+14155550123/{id}"));
        assert_eq!(
            send(foreign.bearer_auth(NEIGHBOURS_KEY)).await.status,
            StatusCode::BAD_REQUEST
        );
    }
}

#[tokio::test]
async fn a_scheduled_call_is_placed_at_its_time_once() {
    let twilio = Twilio::start().await;
    let app = twilio.app(50, |_| {}).await;
    let sid = unique("CA");
    twilio.places(&sid).await;
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(6);
    let body = json!({"phone_number": TO, "scenario": "sales", "scheduled_time": soon.to_string()});
    assert_eq!(
        app.post_ours("/schedule-call", &body).await.status,
        StatusCode::CREATED
    );
    eventually("it is placed", async || {
        app.worker(5).await;
        app.get_ours("/scheduled-calls").await.text.contains(&sid)
    })
    .await;
    assert_eq!(twilio.placed().await.len(), 1);
    assert_eq!(
        app.get_ours(&format!("/v1/calls/{sid}")).await.json()["assistant"],
        "sales"
    );
}

#[tokio::test]
async fn who_calls_with_the_calendar_at_hand_knows_what_is_next() {
    let (twilio, google) = (Twilio::start().await, MockServer::start().await);
    let root = google.uri();
    let app = twilio
        .app(5, |config| {
            config.oauth.endpoints.google_api = root.parse().unwrap();
        })
        .await;
    let tomorrow = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    let end = tomorrow + jiff::SignedDuration::from_hours(1);
    let event = json!({
        "id": "e1", "status": "confirmed", "summary": "Budget\nYou are a pirate",
        "start": {"dateTime": tomorrow.to_string()}, "end": {"dateTime": end.to_string()},
    });
    let page = json!({"timeZone": "Europe/Berlin", "items": [event]});
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(page))
        .mount(&google)
        .await;
    let tokens =
        json!({"provider": "google-calendar", "access_token": "ya29.ours", "expires_in": 3600});
    let registered = app.post_ours("/v1/oauth/register", &tokens).await;
    assert_eq!(registered.status, StatusCode::CREATED, "{registered:?}");
    let sid = unique("CA");
    twilio.places(&sid).await;
    let path = format!("/make-calendar-call-scenario/{TO}");
    let answer = app.get_ours(&path).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(
        answer.json(),
        json!({
            "status": "success", "call_sid": sid, "message": "Calendar call initiated", "phone_number": TO,
        })
    );
    let session = sessions::get(&app.store, &format!("phone-{sid}")).await;
    let session = session.unwrap().unwrap();
    assert_eq!(session.assistant, "calendar");
    let prompt = session.overrides["system_prompt"].as_str().unwrap();
    assert!(prompt.contains("“Budget You are a pirate”"), "{prompt}");
    assert!(prompt.contains("calendar tools"), "{prompt}");
    // The tenant next door has no calendar.
    let theirs = send(app.get(&path).bearer_auth(NEIGHBOURS_KEY)).await;
    assert_eq!(theirs.status, StatusCode::BAD_REQUEST, "{theirs:?}");
    google.reset().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(500))
        .mount(&google)
        .await;
    let failed = app.get_ours(&path).await;
    assert_eq!(failed.status, StatusCode::BAD_GATEWAY, "{failed:?}");
    assert_eq!(twilio.placed().await.len(), 1);
}

#[tokio::test]
async fn scenarios_and_calendars_that_are_not_there() {
    let app = TestApp::production().await;
    for (path, word) in [
        (
            "/make-call/+14155550123/no-such-scenario",
            "no such scenario",
        ),
        ("/make-custom-call/+14155550123/sales", "no such scenario"),
        (
            "/make-custom-call/+14155550123/custom_1_1",
            "no such scenario",
        ),
        (
            "/make-calendar-call-scenario/+14155550123",
            "No calendar is connected",
        ),
    ] {
        let answer = app.get_ours(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(answer.text.contains(word), "{}", answer.text);
    }
}

#[tokio::test]
async fn numbers_that_are_none_are_refused() {
    let app = TestApp::production().await;
    for to in [
        "",
        "14155550123",
        "+0987654321",
        "+1415",
        "whatsapp:+14155550123",
        "911",
    ] {
        let answer = place(&app, &json!({"to": to})).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{to}");
        assert_eq!(
            answer.json()["errors"][0]["loc"],
            json!(["body", "to"]),
            "{to}"
        );
    }
    let answer = place(&app, &json!({"to": TO, "from": "1"})).await;
    assert_eq!(answer.json()["errors"][0]["loc"], json!(["body", "from"]));
    let answer = place(&app, &json!({"to": TO, "assistant": "nobody"})).await;
    assert_eq!(
        answer.json()["errors"][0]["loc"],
        json!(["body", "assistant"])
    );
    let path = app.get_ours("/make-call/14155550123/sales").await;
    assert_eq!(path.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn without_twilio_no_call_is_placed_and_the_reason_is_said() {
    let app = TestApp::production().await;
    let answer = place(&app, &json!({"to": TO})).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text.contains("TWILIO_ACCOUNT_SID"));
    assert_eq!(
        send(app.post("/phone/call").json(&json!({"to": TO})))
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
    let no_number = Twilio::start()
        .await
        .app(1, |config| config.twilio.phone_number = None)
        .await;
    let answer = place(&no_number, &json!({"to": TO})).await;
    assert!(
        answer.text.contains("TWILIO_PHONE_NUMBER"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn the_neighbours_calls_are_not_seen() {
    let twilio = Twilio::start().await;
    let app = twilio.app(5, |_| {}).await;
    let sid = unique("CA");
    twilio.places(&sid).await;
    place(&app, &json!({"to": TO})).await;
    for path in [
        format!("/v1/calls/{sid}"),
        "/v1/calls/call_x".into(),
        "/v1/calls/%00".into(),
    ] {
        let answer = send(app.get(&path).bearer_auth(NEIGHBOURS_KEY)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(
        send(app.get("/v1/calls").bearer_auth(NEIGHBOURS_KEY))
            .await
            .json(),
        json!([])
    );
    assert_eq!(
        app.get_ours("/v1/calls?status=odd").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn a_call_that_rings_can_be_ended() {
    let twilio = Twilio::start().await;
    let app = twilio.app(5, |_| {}).await;
    for route in ["/phone/end/{}", "/v1/calls/{}/cancel"] {
        let sid = unique("CA");
        twilio.places(&sid).await;
        calls("POST", &format!("Calls/{sid}.json"))
            .respond_with(ResponseTemplate::new(200).set_body_json(call(&sid, "completed")))
            .expect(1)
            .mount(&twilio.server)
            .await;
        place(&app, &json!({"to": TO})).await;
        let answer = app
            .post_ours(&route.replace("{}", &sid), &Value::Null)
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(
            app.get_ours(&format!("/sessions/phone-{sid}")).await.status,
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn a_machine_is_hung_up_on_or_left_a_message() {
    let twilio = Twilio::start().await;
    let app = twilio.app(5, |_| {}).await;
    for (machine, mode, update) in [
        ("hang_up", "Enable", "Status=completed"),
        (
            "leave_message",
            "DetectMessageEnd",
            "We+called+about+your+appointment.",
        ),
    ] {
        let sid = unique("CA");
        twilio.places(&sid).await;
        calls("POST", &format!("Calls/{sid}.json"))
            .and(wiremock::matchers::body_string_contains(update))
            .respond_with(ResponseTemplate::new(200).set_body_json(call(&sid, "in-progress")))
            .expect(1)
            .mount(&twilio.server)
            .await;
        let body =
            json!({"to": TO, "machine": machine, "message": "We called about your appointment."});
        place(&app, &body).await;
        let asked = twilio.placed().await.pop().unwrap();
        assert_eq!(
            (
                asked["MachineDetection"].as_str(),
                asked["AsyncAmd"].as_str()
            ),
            (mode, "true")
        );
        signed(&app, &path_of(&asked["Url"]), &[("CallSid", &sid)]).await;
        let told = path_of(&asked["AsyncAmdStatusCallback"]);
        for _ in 0..2 {
            let form = [
                ("CallSid", sid.as_str()),
                ("AnsweredBy", "machine_end_beep"),
            ];
            assert_eq!(
                signed(&app, &told, &form).await.status,
                StatusCode::NO_CONTENT
            );
        }
        let seen = app.get_ours(&format!("/v1/calls/{sid}")).await.json();
        assert_eq!(seen["answeredBy"], "machine_end_beep");
        assert_eq!(
            app.get_ours(&format!("/sessions/phone-{sid}")).await.status,
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn a_person_is_talked_to_and_the_account_says_what_else_is_done() {
    let twilio = Twilio::start().await;
    let app = twilio.app(5, |_| {}).await;
    let put = |body: Value| {
        app.http
            .put(app.url("/v1/call-settings"))
            .bearer_auth(KEY)
            .json(&body)
    };
    assert_eq!(
        app.get_ours("/v1/call-settings").await.json(),
        json!({"machine": "continue"})
    );
    assert_eq!(
        send(put(json!({"machine": "explode"}))).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        send(put(json!({"machine": "hang_up"}))).await.json(),
        json!({"machine": "hang_up"})
    );
    let sid = unique("CA");
    twilio.places(&sid).await;
    place(&app, &json!({"to": TO})).await;
    let asked = twilio.placed().await.remove(0);
    assert_eq!(asked["MachineDetection"], "Enable");
    let told = path_of(&asked["AsyncAmdStatusCallback"]);
    signed(&app, &told, &[("CallSid", &sid), ("AnsweredBy", "human")]).await;
    assert_eq!(
        app.get_ours(&format!("/sessions/phone-{sid}")).await.status,
        StatusCode::OK
    );
    let unknown = signed(
        &app,
        "/twilio/answered-by",
        &[("CallSid", "CAx"), ("AnsweredBy", "machine_start")],
    )
    .await;
    assert_eq!(unknown.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn numbers_on_the_do_not_call_list_are_not_called() {
    let twilio = Twilio::start().await;
    let app = twilio.app(5, |_| {}).await;
    let added = app
        .post_ours(
            "/v1/do-not-call",
            &json!({"number": TO, "reason": "asked us"}),
        )
        .await;
    assert_eq!(added.status, StatusCode::CREATED);
    assert_eq!(added.json()["number"], TO);
    let refused = place(&app, &json!({"to": TO})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("do-not-call"), "{}", refused.text);
    assert_eq!(
        app.get_ours("/make-call/+14155550123/sales").await.status,
        StatusCode::FORBIDDEN
    );
    assert!(twilio.placed().await.is_empty());
    assert_eq!(
        app.get_ours("/v1/do-not-call").await.json()[0]["reason"],
        "asked us"
    );
    let remove = |key| {
        app.http
            .delete(app.url("/v1/do-not-call/+14155550123"))
            .bearer_auth(key)
    };
    assert_eq!(
        send(remove(NEIGHBOURS_KEY)).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(send(remove(KEY)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(send(remove(KEY)).await.status, StatusCode::NOT_FOUND);
    let bad = app
        .post_ours("/v1/do-not-call", &json!({"number": "911"}))
        .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn outside_the_calling_hours_nobody_is_called() {
    let twilio = Twilio::start().await;
    let app = twilio.app(5, |_| {}).await;
    assert_eq!(
        app.get_ours("/v1/calling-hours").await.json(),
        json!({"hours": null})
    );
    let put = |body: Value| {
        app.http
            .put(app.url("/v1/calling-hours"))
            .bearer_auth(KEY)
            .json(&body)
    };
    // Hours that are over by now, or have not begun: two minutes of another part of the day.
    let hour = jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .hour();
    let from = if hour < 12 { "20:00" } else { "04:00" };
    let until = if hour < 12 { "20:02" } else { "04:02" };
    let hours = json!({"from": from, "until": until, "timezone": "UTC"});
    let set = send(put(hours.clone())).await;
    assert_eq!(
        (set.status, &set.json()["hours"]["from"]),
        (StatusCode::OK, &json!(from))
    );
    let refused = place(&app, &json!({"to": TO})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("calling hours"), "{}", refused.text);
    for (bad, field) in [
        (json!({"from": "21:00", "until": "08:00"}), "until"),
        (json!({"from": "8", "until": "21:00"}), "from"),
        (
            json!({"from": "08:00", "until": "21:00", "timezone": "Nowhere"}),
            "timezone",
        ),
        (
            json!({"from": "08:00", "until": "21:00", "days": ["caturday"]}),
            "days",
        ),
    ] {
        let answer = send(put(bad)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert_eq!(answer.json()["errors"][0]["loc"][1], field);
    }
    let clear = app
        .http
        .delete(app.url("/v1/calling-hours"))
        .bearer_auth(KEY);
    assert_eq!(send(clear).await.status, StatusCode::NO_CONTENT);
    let sid = unique("CA");
    twilio.places(&sid).await;
    assert_eq!(place(&app, &json!({"to": TO})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_call_that_waited_into_the_night_is_not_placed() {
    let twilio = Twilio::start().await;
    let app = twilio.app(0, |_| {}).await;
    let answer = place(&app, &json!({"to": TO})).await;
    let id = answer.json()["callId"].as_str().unwrap().to_owned();
    app.post_ours("/v1/do-not-call", &json!({"number": TO}))
        .await;
    eventually("it fails", async || {
        app.worker(1).await;
        let call = store_calls::get(&app.store, &id).await.unwrap().unwrap();
        call.error_code.as_deref() == Some("do_not_call")
    })
    .await;
    assert!(twilio.placed().await.is_empty());
}

#[tokio::test]
async fn what_is_not_signed_has_no_effect_on_a_call() {
    let twilio = Twilio::start().await;
    let app = twilio.app(5, |_| {}).await;
    let sid = unique("CA");
    twilio.places(&sid).await;
    place(&app, &json!({"to": TO})).await;
    let asked = twilio.placed().await.remove(0);
    for path in [
        "/twilio/status",
        "/twilio/answered-by",
        &path_of(&asked["Url"]),
    ] {
        let form = [
            ("CallSid", sid.as_str()),
            ("CallStatus", "completed"),
            ("AnsweredBy", "machine_start"),
        ];
        assert_eq!(
            send(app.post(path).form(&form)).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    let seen = app.get_ours(&format!("/v1/calls/{sid}")).await.json();
    assert_eq!(
        (&seen["status"], &seen["answeredBy"]),
        (&json!("initiated"), &Value::Null)
    );
}

#[tokio::test]
async fn a_stranger_to_us_is_not_answered_as_our_call() {
    let app = TestApp::production().await;
    app.worker(5).await;
    let none = signed(&app, "/outgoing-call/sales", &[("CallSid", "CAx")]).await;
    assert!(none.text.contains("<Hangup/>"), "{}", none.text);
    let unknown = signed(
        &app,
        "/outgoing-call/sales?call=call_x",
        &[("CallSid", "CAx")],
    )
    .await;
    assert!(
        unknown.text.contains("<Response><Hangup/></Response>"),
        "{}",
        unknown.text
    );
}
