//! Running up a bill, as a stranger would.

use crate::{
    accounts::signed_in,
    test_app::{Answer, KEY, NEIGHBOURS_KEY, TestApp, send, unique},
    twilio_rest::Twilio,
};
use casp_store::{
    accounts,
    ceilings::{self, AccountLimits, Ceiling},
};
use reqwest::StatusCode;
use serde_json::json;

const TO: &str = "+14155550123";

async fn call(app: &TestApp, token: &str, to: &str) -> Answer {
    let request = app.post("/phone/call").bearer_auth(token);
    send(request.json(&json!({"to": to}))).await
}

/// Twilio, which takes every call, and an API in which callers need not wait for one another.
async fn rig() -> (Twilio, TestApp) {
    let twilio = Twilio::start().await;
    let app = twilio
        .app(50, |config| {
            config.limits.calls_per_minute = 0;
            config.limits.calls_at_once = 50;
            config.limits.call_interval = std::time::Duration::ZERO;
        })
        .await;
    twilio.places(&unique("CA")).await;
    (twilio, app)
}

async fn limit(app: &TestApp, limits: AccountLimits) {
    ceilings::set_limits(&app.store, app.account, &limits)
        .await
        .unwrap();
}

#[tokio::test]
async fn nobody_calls_before_the_email_is_verified() {
    let (twilio, app) = rig().await;
    let (token, _) = signed_in(&app).await;
    let refused = call(&app, &token, TO).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("Verify your e-mail first"));
    let made = app.post("/v1/api-keys").bearer_auth(&token);
    let key = send(made.json(&json!({}))).await.json()["key"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        call(&app, &key, TO).await.status,
        StatusCode::FORBIDDEN,
        "a key is no way around it"
    );
    assert_eq!(twilio.placed().await.len(), 0);
    let stranger = accounts::by_email(&app.store, "user@example.com").await;
    let id = stranger.unwrap().unwrap().id;
    accounts::verify_email(&app.store, id, 1).await.unwrap();
    assert_eq!(call(&app, &token, TO).await.status, StatusCode::OK);
}

#[tokio::test]
async fn premium_numbers_and_countries_that_are_not_allowed_are_not_called() {
    let (twilio, app) = rig().await;
    for to in [
        "+19005550123",
        "+882160123456",
        "+18765550123",
        "+449012345678",
    ] {
        let refused = call(&app, KEY, to).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{to}");
        assert!(refused.text.contains("may not reach this number"));
    }
    limit(
        &app,
        AccountLimits {
            destinations: Some("+49".parse().unwrap()),
            ..AccountLimits::default()
        },
    )
    .await;
    assert_eq!(call(&app, KEY, TO).await.status, StatusCode::FORBIDDEN);
    assert_eq!(twilio.placed().await.len(), 0);
}

#[tokio::test]
async fn requests_that_race_get_no_more_calls_than_there_are() {
    let (twilio, app) = rig().await;
    limit(
        &app,
        AccountLimits {
            calls: Some(Ceiling::AtMost(3)),
            ..AccountLimits::default()
        },
    )
    .await;
    let answers = futures_util::future::join_all((0..12).map(|_| call(&app, KEY, TO))).await;
    let refused: Vec<&Answer> = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS)
        .collect();
    assert_eq!(refused.len(), 9);
    assert!(refused[0].headers.contains_key("retry-after"));
    assert!(
        refused[0]
            .text
            .contains("Your account's ceiling of 3 calls a day is reached.")
    );
    assert!(twilio.placed().await.len() <= 3);
}

#[tokio::test]
async fn an_access_token_begins_two_calls_a_minute() {
    let twilio = Twilio::start().await;
    let app = twilio
        .app(50, |config| config.limits.calls_per_minute = 2)
        .await;
    twilio.places(&unique("CA")).await;
    let (token, _) = signed_in(&app).await;
    for _ in 0..2 {
        assert_eq!(call(&app, &token, TO).await.status, StatusCode::FORBIDDEN);
    }
    let third = call(&app, &token, TO).await;
    assert_eq!(third.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(third.text.starts_with(r#"{"detail":"Too many requests."#));
}

async fn schedule(app: &TestApp, token: &str, to: &str) -> Answer {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    let wish = json!({"phone_number": to, "scenario": "sales", "scheduled_time": at.to_string()});
    send(app.post("/schedule-call").bearer_auth(token).json(&wish)).await
}

#[tokio::test]
async fn calls_that_may_not_be_placed_are_not_scheduled() {
    let (_twilio, app) = rig().await;
    let (token, _) = signed_in(&app).await;
    let refused = schedule(&app, &token, TO).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("Verify your e-mail first"));
    let refused = schedule(&app, KEY, "+19005550123").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("may not reach this number"));
    limit(
        &app,
        AccountLimits {
            destinations: Some("+49".parse().unwrap()),
            ..AccountLimits::default()
        },
    )
    .await;
    assert_eq!(schedule(&app, KEY, TO).await.status, StatusCode::FORBIDDEN);
    assert_eq!(app.get_ours("/scheduled-calls").await.json(), json!([]));
    // The tenant next door is bound by its own limits.
    let theirs = schedule(&app, NEIGHBOURS_KEY, TO).await;
    assert_eq!(theirs.status, StatusCode::CREATED, "{theirs:?}");
}

#[tokio::test]
async fn an_access_token_schedules_and_begins_two_calls_a_minute_together() {
    let twilio = Twilio::start().await;
    let app = twilio
        .app(50, |config| config.limits.calls_per_minute = 2)
        .await;
    let (token, _) = signed_in(&app).await;
    let first = schedule(&app, &token, TO).await;
    assert_eq!(first.status, StatusCode::FORBIDDEN);
    assert_eq!(call(&app, &token, TO).await.status, StatusCode::FORBIDDEN);
    let third = schedule(&app, &token, TO).await;
    assert_eq!(third.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(third.headers.contains_key("retry-after"));
    for key in [KEY, KEY, KEY, NEIGHBOURS_KEY] {
        let made = schedule(&app, key, TO).await;
        assert_eq!(made.status, StatusCode::CREATED, "a key is not bound by it");
    }
}

#[tokio::test]
async fn no_agent_is_sent_for_at_the_cost_of_who_may_not_talk() {
    let app = TestApp::production().await;
    let join = async |token: &str| {
        let wish = json!({"roomName": unique("r"), "participantIdentity": "ann"});
        send(app.post("/room/join").bearer_auth(token).json(&wish)).await
    };
    let (stranger, _) = signed_in(&app).await;
    let refused = join(&stranger).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("Verify your e-mail first"));
    assert_eq!(join(KEY).await.status, StatusCode::OK);
    for spent in [
        AccountLimits {
            minutes: Some(Ceiling::AtMost(0)),
            ..AccountLimits::default()
        },
        AccountLimits {
            tokens: Some(Ceiling::AtMost(0)),
            ..AccountLimits::default()
        },
    ] {
        limit(&app, spent).await;
        let refused = join(KEY).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(
            refused.text.contains("a day is reached"),
            "{}",
            refused.text
        );
    }
}
