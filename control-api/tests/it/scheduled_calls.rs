use crate::{
    test_app::{Answer, KEY, NEIGHBOURS_KEY, TestApp, eventually, now_ms, send, unique},
    twilio_rest::Twilio,
};
use casp_store::{
    calls::{self, Machine, NewCall},
    idempotency,
    jobs::{self, JobFilter},
    scheduled_calls::{self, NewScheduledCall},
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinSet;

fn tomorrow() -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    at.to_string()
}

fn call() -> Value {
    json!({"phone_number": "+1234567890", "scenario": "sales", "scheduled_time": tomorrow()})
}

async fn keyed(app: &TestApp, key: &str, body: &Value) -> Answer {
    let request = app.post("/schedule-call").bearer_auth(KEY);
    send(request.header("Idempotency-Key", key).json(body)).await
}

async fn cancel(app: &TestApp, id: &str, key: &str) -> StatusCode {
    let request = app.http.delete(app.url(&format!("/scheduled-calls/{id}")));
    send(request.bearer_auth(key)).await.status
}

async fn listed(app: &TestApp) -> Vec<Value> {
    app.get_ours("/scheduled-calls?limit=100")
        .await
        .json()
        .as_array()
        .unwrap()
        .clone()
}

#[tokio::test]
async fn a_call_is_scheduled_listed_and_cancelled() {
    let app = TestApp::production().await;
    let made = app.post_ours("/schedule-call", &call()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    insta::assert_snapshot!(made.redacted(&["/id", "/scheduled_time", "/created_at"]), @r#"
    {
      "call_sid": null,
      "created_at": "[…]",
      "error": null,
      "id": "[…]",
      "phone_number": "+1234567890",
      "scenario": "sales",
      "scheduled_time": "[…]",
      "status": "scheduled"
    }
    "#);
    assert_eq!(listed(&app).await, [made.json()]);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        cancel(&app, &id, NEIGHBOURS_KEY).await,
        StatusCode::NOT_FOUND
    );
    assert_eq!(cancel(&app, "sched_none", KEY).await, StatusCode::NOT_FOUND);
    assert_eq!(cancel(&app, "%00", KEY).await, StatusCode::NOT_FOUND);
    assert_eq!(cancel(&app, &id, KEY).await, StatusCode::OK);
    assert_eq!(cancel(&app, &id, KEY).await, StatusCode::CONFLICT);
    assert_eq!(listed(&app).await[0]["status"], "cancelled");
}

#[tokio::test]
async fn what_cannot_be_scheduled_is_said() {
    let app = TestApp::production().await;
    for (field, value) in [
        ("scheduled_time", json!("2024-01-15T14:00:00Z")),
        ("scheduled_time", json!("2999-01-15T14:00:00Z")),
        ("scheduled_time", json!("soon")),
        ("scheduled_time", json!(7)),
        ("phone_number", json!("1234567890")),
        ("phone_number", json!("+0123456789")),
        ("phone_number", json!("+1234567890123456")),
        ("scenario", json!("nobody")),
        ("scenario", json!("a\u{0}b")),
        ("scenario", json!(null)),
    ] {
        let mut body = call();
        body[field] = value;
        let answer = app.post_ours("/schedule-call", &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(
            answer.json()["errors"][0]["loc"],
            json!(["body", field]),
            "{body}"
        );
    }
    let unauthorized = send(app.post("/schedule-call").json(&call())).await;
    assert_eq!(unauthorized.status, StatusCode::UNAUTHORIZED);
    let malformed = send(app.post("/schedule-call").bearer_auth(KEY).body("{")).await;
    assert_eq!(malformed.status, StatusCode::BAD_REQUEST);
    assert!(listed(&app).await.is_empty());
}

#[tokio::test]
async fn an_own_scenario_calls_by_any_of_its_names_and_never_the_neighbours() {
    let app = TestApp::production().await;
    let scenario = json!({"name": "collector", "persona": "P", "prompt": "Q", "voice_type": "aggressive_male", "temperature": 0.7});
    let made = app
        .post_ours("/realtime/custom-scenario", &scenario)
        .await
        .json();
    let mut body = call();
    for name in ["collector", made["scenario_id"].as_str().unwrap()] {
        body["scenario"] = json!(name);
        let answer = app.post_ours("/schedule-call", &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        assert_eq!(answer.json()["scenario"], made["scenario_id"]);
    }
    let next = app.post("/schedule-call").bearer_auth(NEIGHBOURS_KEY);
    let answer = send(next.json(&body)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_neighbour_sees_none_of_it() {
    let app = TestApp::production().await;
    app.post_ours("/schedule-call", &call()).await;
    let next = send(app.get("/scheduled-calls").bearer_auth(NEIGHBOURS_KEY)).await;
    assert_eq!(next.json(), json!([]));
}

/// Scheduled that long ago, as if nobody had been there.
async fn overdue(app: &TestApp, ms: i64) -> String {
    let call = NewScheduledCall {
        account: app.account,
        phone_number: "+14155550123".into(),
        scenario: "sales".into(),
        scheduled_at_ms: now_ms() - ms,
        request: None,
    };
    let call = scheduled_calls::schedule(&app.store, &call, now_ms()).await;
    call.unwrap().id
}

async fn becomes(app: &TestApp, status: &str) -> Value {
    eventually(status, async || {
        // There is room for it all the time.
        app.worker(5).await;
        listed(app).await[0]["status"] == status
    })
    .await;
    listed(app).await.remove(0)
}

#[tokio::test]
async fn a_call_is_placed_when_its_time_comes_and_a_little_late() {
    let twilio = Twilio::start().await;
    let app = twilio.app(5, |_| {}).await;
    let sid = unique("CA");
    twilio.places(&sid).await;
    overdue(&app, 14 * 60 * 1_000).await;
    assert_eq!(becomes(&app, "placed").await["call_sid"], sid);
    let placed = twilio.placed().await;
    assert_eq!(
        (placed.len(), placed[0]["To"].as_str()),
        (1, "+14155550123")
    );
}

#[tokio::test]
async fn a_call_whose_time_came_long_ago_is_missed() {
    let twilio = Twilio::start().await;
    let app = twilio.app(5, |_| {}).await;
    overdue(&app, 16 * 60 * 1_000).await;
    becomes(&app, "missed").await;
    assert!(twilio.placed().await.is_empty());
}

#[tokio::test]
async fn a_call_that_was_placed_before_its_process_died_is_not_placed_again() {
    let twilio = Twilio::start().await;
    let app = twilio.app(5, |_| {}).await;
    let hour_ms = 60 * 60 * 1_000;
    let call = NewScheduledCall {
        account: app.account,
        phone_number: "+14155550123".into(),
        scenario: "sales".into(),
        scheduled_at_ms: now_ms() + hour_ms,
        request: None,
    };
    let id = scheduled_calls::schedule(&app.store, &call, now_ms())
        .await
        .unwrap()
        .id;
    let begun = NewCall {
        account: app.account,
        to: call.phone_number.clone(),
        wanted_from: None,
        assistant: "sales".into(),
        overrides: json!({}),
        machine: Machine::Continue,
        message: None,
        request_key: Some(format!("scheduled-call/{id}")),
        not_before_ms: now_ms() + hour_ms,
        give_up_at_ms: now_ms() + hour_ms,
    };
    let begun = calls::add(&app.store, &begun, now_ms()).await.unwrap();
    calls::placed(
        &app.store,
        &begun.id,
        "CAbefore",
        now_ms(),
        now_ms() + hour_ms,
    )
    .await
    .unwrap();
    assert!(
        scheduled_calls::begin_placing(&app.store, &id)
            .await
            .unwrap()
    );
    let job = jobs::list(&app.store, JobFilter::Open, 10)
        .await
        .unwrap()
        .remove(0);
    jobs::cancel(&app.store, &job.id, now_ms()).await.unwrap();
    jobs::requeue(&app.store, &job.id, now_ms()).await.unwrap();
    assert_eq!(becomes(&app, "placed").await["call_sid"], "CAbefore");
    assert!(twilio.placed().await.is_empty());
}

#[tokio::test]
async fn fifty_equal_requests_with_one_key_schedule_one_call() {
    let app = TestApp::production().await;
    let body = call();
    let mut requests = JoinSet::new();
    for _ in 0..50 {
        let request = app.post("/schedule-call").bearer_auth(KEY);
        requests.spawn(send(request.header("Idempotency-Key", "k").json(&body)));
    }
    let answers = requests.join_all().await;
    assert!(
        answers
            .iter()
            .any(|answer| answer.status == StatusCode::CREATED)
    );
    for answer in &answers {
        match answer.status {
            StatusCode::CREATED => {}
            StatusCode::CONFLICT => assert_eq!(answer.headers["retry-after"], "1"),
            _ => panic!("{answer:?}"),
        }
    }
    let again = keyed(&app, "k", &body).await;
    assert_eq!(
        (again.status, &again.headers["idempotent-replayed"]),
        (StatusCode::CREATED, &"true".parse().unwrap())
    );
    assert_eq!(listed(&app).await, [again.json()]);
    let first = answers
        .iter()
        .find(|answer| answer.status == StatusCode::CREATED)
        .unwrap();
    assert_eq!(first.text, again.text);
}

#[tokio::test]
async fn a_key_is_for_one_request() {
    let app = TestApp::production().await;
    let body = call();
    assert_eq!(keyed(&app, "k", &body).await.status, StatusCode::CREATED);
    let mut other = body.clone();
    other["scenario"] = json!("support");
    let mismatch = keyed(&app, "k", &other).await;
    assert_eq!(mismatch.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        mismatch.json()["errors"][0]["loc"],
        json!(["header", "Idempotency-Key"])
    );
    let long = "k".repeat(256);
    assert_eq!(
        keyed(&app, &long, &body).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        keyed(&app, "l", &body).await.status,
        StatusCode::CREATED,
        "another key is another call"
    );
    let next = app.post("/schedule-call").bearer_auth(NEIGHBOURS_KEY);
    let next = send(next.header("Idempotency-Key", "k").json(&body)).await;
    assert_eq!(
        next.status,
        StatusCode::CREATED,
        "the neighbour's keys are the neighbour's"
    );
    assert_eq!(listed(&app).await.len(), 2);
}

#[tokio::test]
async fn a_key_that_is_used_again_a_day_later_schedules_another_call() {
    for app in [TestApp::production().await, TestApp::on_postgres().await] {
        let mut body = call();
        for number in ["+14155550123", "+14155550124"] {
            body["phone_number"] = json!(number);
            let made = keyed(&app, "k", &body).await;
            assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
            assert_eq!(made.json()["phone_number"], number);
            let tomorrow_ms = now_ms() + 25 * 60 * 60 * 1_000;
            let gone = idempotency::purge(&app.store, tomorrow_ms).await;
            assert_eq!(gone.unwrap(), 1);
        }
        assert_eq!(listed(&app).await.len(), 2);
    }
}

#[tokio::test]
async fn an_answer_that_is_an_error_is_kept_too() {
    let app = TestApp::production().await;
    let mut body = call();
    body["scenario"] = json!("nobody");
    let first = keyed(&app, "k", &body).await;
    let again = keyed(&app, "k", &body).await;
    assert_eq!(
        (first.status, &first.text),
        (StatusCode::UNPROCESSABLE_ENTITY, &again.text)
    );
    assert!(again.headers.contains_key("idempotent-replayed"));
}
