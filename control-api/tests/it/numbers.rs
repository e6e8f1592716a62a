use crate::{
    test_app::{Answer, KEY, NEIGHBOURS_KEY, TestApp, send, unique},
    twilio_request::signed,
};
use casp_store::{accounts, numbers, sessions};
use reqwest::StatusCode;
use serde_json::{Value, json};

const NUMBER: &str = "+15551230002";

async fn put(app: &TestApp, key: &str, body: Value) -> Answer {
    let request = app.http.put(app.url("/v1/numbers"));
    send(request.bearer_auth(key).json(&body)).await
}

async fn delete(app: &TestApp, key: &str, number: &str) -> Answer {
    let request = app.http.delete(app.url(&format!("/v1/numbers/{number}")));
    send(request.bearer_auth(key)).await
}

/// A key of an account that runs the place.
async fn admins_key(app: &TestApp) -> &'static str {
    let admin = accounts::ensure(&app.store, "admin@example.org", None, true)
        .await
        .unwrap();
    accounts::ensure_key(&app.store, admin.id, accounts::KeyKind::Secret, "sk_admin")
        .await
        .unwrap();
    "sk_admin"
}

#[tokio::test]
async fn an_account_says_who_answers_at_its_numbers() {
    let app = TestApp::production().await;
    numbers::assign(
        &app.store,
        app.account,
        NUMBER,
        "default",
        1_700_000_000_123,
    )
    .await
    .unwrap();
    let answer = put(&app, KEY, json!({"number": NUMBER, "assistant": "sales"})).await;
    assert_eq!(answer.status, StatusCode::OK);
    insta::assert_snapshot!(answer.text, @r#"{"number":"+15551230002","assistant":"sales","created_at":"2023-11-14T22:13:20.123Z"}"#);
    let list = app.get_ours("/v1/numbers").await;
    insta::assert_snapshot!(list.text, @r#"{"numbers":[{"number":"+15551230002","assistant":"sales","created_at":"2023-11-14T22:13:20.123Z"}]}"#);
    assert_eq!(
        delete(&app, KEY, "%2B15551230002").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        app.get_ours("/v1/numbers").await.json(),
        json!({"numbers": []})
    );
    assert_eq!(
        delete(&app, KEY, NUMBER).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_number_cannot_be_stolen_nor_found_out() {
    let app = TestApp::production().await;
    numbers::assign(&app.store, app.account, NUMBER, "sales", 1)
        .await
        .unwrap();
    let strangers = put(
        &app,
        NEIGHBOURS_KEY,
        json!({"number": NUMBER, "assistant": "support"}),
    )
    .await;
    let nobodys = put(&app, NEIGHBOURS_KEY, json!({"number": "+15559999999"})).await;
    assert_eq!(strangers.status, StatusCode::NOT_FOUND);
    assert_eq!(
        (strangers.status, strangers.text),
        (nobodys.status, nobodys.text)
    );
    assert_eq!(
        delete(&app, NEIGHBOURS_KEY, NUMBER).await.status,
        StatusCode::NOT_FOUND
    );
    let list = send(app.get("/v1/numbers").bearer_auth(NEIGHBOURS_KEY)).await;
    assert_eq!(list.json(), json!({"numbers": []}));
    let to_itself = put(
        &app,
        NEIGHBOURS_KEY,
        json!({"number": NUMBER, "account": "next@example.org"}),
    )
    .await;
    assert_eq!(to_itself.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        app.get_ours("/v1/numbers").await.json()["numbers"][0]["assistant"],
        "sales"
    );
}

#[tokio::test]
async fn an_admin_gives_numbers_to_accounts() {
    let app = TestApp::production().await;
    let admin = admins_key(&app).await;
    let to_ours = json!({"number": NUMBER, "assistant": "sales", "account": "OURS@example.org"});
    assert_eq!(put(&app, admin, to_ours).await.status, StatusCode::OK);
    assert_eq!(
        app.get_ours("/v1/numbers").await.json()["numbers"][0]["number"],
        NUMBER
    );
    // By mistake, without saying whose: nothing is taken from anybody.
    assert_eq!(
        put(&app, admin, json!({"number": NUMBER})).await.status,
        StatusCode::NOT_FOUND
    );
    let to_next = json!({"number": NUMBER, "account": "next@example.org"});
    assert_eq!(put(&app, admin, to_next).await.status, StatusCode::OK);
    assert_eq!(
        app.get_ours("/v1/numbers").await.json(),
        json!({"numbers": []})
    );
    let nobody = json!({"number": NUMBER, "account": "nobody@example.org"});
    assert_eq!(
        put(&app, admin, nobody).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        put(&app, admin, json!({"number": "+15550000009"}))
            .await
            .status,
        StatusCode::OK,
        "its own"
    );
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong() {
    let app = TestApp::production().await;
    for (body, status, field) in [
        (json!({}), 422, "number"),
        (json!({"number": 5}), 422, "number"),
        (json!({"number": "5551230002"}), 422, "number"),
        (json!({"number": "+1 555 123 0002"}), 422, "number"),
        (json!({"number": "+1'; DROP TABLE numbers"}), 422, "number"),
        (json!({"number": "9".repeat(10_000)}), 422, "number"),
        (
            json!({"number": NUMBER, "assistant": "nobody"}),
            422,
            "assistant",
        ),
        (
            json!({"number": NUMBER, "assistant": "\u{0}"}),
            422,
            "assistant",
        ),
    ] {
        let answer = put(&app, KEY, body.clone()).await;
        assert_eq!(answer.status, status, "{body} {}", answer.text);
        assert_eq!(answer.json()["errors"][0]["loc"][1], field, "{body}");
    }
    let nobody = send(
        app.http
            .put(app.url("/v1/numbers"))
            .json(&json!({"number": NUMBER})),
    )
    .await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    for path in ["abc", "%00", "+1%2F2", "..%2f"] {
        assert_eq!(
            delete(&app, KEY, path).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_call_goes_to_the_owner_of_the_number_and_its_assistant() {
    let app = TestApp::production().await;
    app.worker(10).await;
    numbers::assign(&app.store, app.neighbour, NUMBER, "support", 1)
        .await
        .unwrap();
    for (to, account, assistant) in [
        (NUMBER, app.neighbour, "support"),
        ("+15550000000", app.account, "default"),
        ("", app.account, "default"),
        ("sip:x@y", app.account, "default"),
    ] {
        let call = unique("CA");
        let form = [
            ("CallSid", call.as_str()),
            ("From", "anonymous"),
            ("To", to),
        ];
        signed(&app, "/twilio/voice", &form).await;
        let session = sessions::get(&app.store, &format!("phone-{call}"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (session.account, session.assistant.as_str()),
            (account, assistant),
            "{to}"
        );
    }
}

#[tokio::test]
async fn without_a_default_account_only_owned_numbers_answer() {
    let app = TestApp::with(|config| config.default_account = None).await;
    app.worker(10).await;
    numbers::assign(&app.store, app.neighbour, NUMBER, "support", 1)
        .await
        .unwrap();
    let call = unique("CA");
    let owned = signed(&app, "/twilio/voice", &[("CallSid", &call), ("To", NUMBER)]).await;
    assert!(owned.text.contains("<Connect"), "{}", owned.text);
    let stranger = signed(
        &app,
        "/twilio/voice",
        &[("CallSid", "CA1"), ("To", "+15550000000")],
    )
    .await;
    assert!(
        stranger.text.contains("not in service"),
        "{}",
        stranger.text
    );
}
