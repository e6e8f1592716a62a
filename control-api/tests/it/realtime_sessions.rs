//! Keys for one socket.

use crate::test_app::{Answer, KEY, NEIGHBOURS_KEY, TestApp, send};
use casp_store::ephemeral_keys::{self, EphemeralKey};
use reqwest::StatusCode;
use serde_json::{Value, json};

const PATH: &str = "/v1/realtime/sessions";

async fn spend(app: &TestApp, answer: &Answer, at_ms: i64) -> Option<EphemeralKey> {
    let made = answer.json();
    let key = made["key"].as_str().unwrap();
    ephemeral_keys::spend(&app.store, key, at_ms).await.unwrap()
}

fn expires_at_ms(answer: &Answer) -> i64 {
    let time: jiff::Timestamp = answer.json()["expires_at"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    time.as_millisecond()
}

#[tokio::test]
async fn a_key_is_for_one_assistant_one_end_user_and_one_minute() {
    let app = TestApp::production().await;
    let before = jiff::Timestamp::now().as_millisecond();
    let body = json!({"assistant": "support", "resource": " ann@example.org "});
    let answer = app.post_ours(PATH, &body).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json().as_object().unwrap().len(), 2);
    let lives_ms = expires_at_ms(&answer) - before;
    assert!((60_000..70_000).contains(&lives_ms), "{lives_ms}");
    let expected = EphemeralKey {
        account: app.account,
        assistant: "support".into(),
        resource: Some("ann@example.org".into()),
    };
    assert_eq!(spend(&app, &answer, before).await, Some(expected));
}

#[tokio::test]
async fn without_an_end_user_it_is_a_strangers() {
    let app = TestApp::production().await;
    for body in [
        json!({"assistant": "default"}),
        json!({"assistant": "default", "resource": null}),
        json!({"assistant": "default", "resource": " "}),
    ] {
        let answer = app.post_ours(PATH, &body).await;
        let at = expires_at_ms(&answer) - 1;
        assert_eq!(spend(&app, &answer, at).await.unwrap().resource, None);
    }
}

#[tokio::test]
async fn bad_requests_make_no_key() {
    let app = TestApp::production().await;
    let too_long = "a".repeat(321);
    for body in [
        json!({}),
        json!({"assistant": "nobody"}),
        json!({"assistant": 7}),
        json!({"assistant": "default", "resource": 7}),
        json!({"assistant": "default", "resource": "a\u{0}b"}),
        json!({"assistant": "default", "resource": too_long}),
    ] {
        let answer = app.post_ours(PATH, &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
}

#[tokio::test]
async fn the_account_alone_makes_its_keys() {
    let app = TestApp::production().await;
    let body = json!({"assistant": "default"});
    let ask = async |key: &str, body: &Value| {
        send(app.post(PATH).bearer_auth(key).json(body))
            .await
            .status
    };
    assert_eq!(
        send(app.post(PATH).json(&body)).await.status,
        StatusCode::UNAUTHORIZED
    );
    for key in ["sk_wrong", "pk_ours", "ek_wrong"] {
        assert_eq!(ask(key, &body).await, StatusCode::UNAUTHORIZED, "{key}");
    }
    let answer = app.post_ours(PATH, &body).await;
    let made = answer.json();
    let ephemeral = made["key"].as_str().unwrap();
    assert_eq!(
        ask(ephemeral, &body).await,
        StatusCode::UNAUTHORIZED,
        "it opens a socket and nothing else"
    );
    let scenario = json!({"persona": "A doorman.", "prompt": "Open doors."});
    let made = app.post_ours("/realtime/custom-scenario", &scenario).await;
    let own = json!({"assistant": made.json()["scenario_id"]});
    assert_eq!(ask(KEY, &own).await, StatusCode::OK);
    assert_eq!(
        ask(NEIGHBOURS_KEY, &own).await,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}
