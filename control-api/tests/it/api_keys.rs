use crate::test_app::{KEY, NEIGHBOURS_KEY, PAGE_KEY, TestApp, send};
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test]
async fn a_key_is_shown_once_and_works_until_it_is_deleted() {
    let app = TestApp::production().await;
    let made = app
        .post_ours("/v1/api-keys", &json!({"name": "my server"}))
        .await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.headers["cache-control"], "no-store");
    insta::assert_snapshot!(made.redacted(&["/id", "/key", "/hint", "/created_at"]), @r#"
    {
      "created_at": "[…]",
      "hint": "[…]",
      "id": "[…]",
      "key": "[…]",
      "kind": "secret",
      "last_used_at": null,
      "name": "my server"
    }
    "#);
    let body = made.json();
    let (id, key) = (body["id"].as_str().unwrap(), body["key"].as_str().unwrap());
    assert!(key.starts_with("sk_") && key.len() > 40);
    let with_it = send(app.get("/v1/api-keys").bearer_auth(key)).await;
    assert_eq!(with_it.status, StatusCode::OK);
    assert!(!with_it.text.contains(key) && !with_it.text.contains(KEY));
    let list = app.get_ours("/v1/api-keys").await.json();
    let listed = list
        .as_array()
        .unwrap()
        .iter()
        .find(|listed| listed["id"] == id)
        .unwrap();
    assert!(listed["last_used_at"].is_string(), "{listed}");
    let path = format!("/v1/api-keys/{id}");
    let deleted = send(app.http.delete(app.url(&path)).bearer_auth(KEY)).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    assert_eq!(
        send(app.get("/v1/api-keys").bearer_auth(key)).await.status,
        StatusCode::UNAUTHORIZED
    );
    let again = send(app.http.delete(app.url(&path)).bearer_auth(KEY)).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn publishable_keys_are_for_pages() {
    let app = TestApp::production().await;
    let made = app
        .post_ours("/v1/api-keys", &json!({"kind": "publishable"}))
        .await
        .json();
    let key = made["key"].as_str().unwrap();
    assert!(key.starts_with("pk_"));
    for key in [key, PAGE_KEY] {
        let answer = send(app.get("/v1/api-keys").bearer_auth(key)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let room = crate::test_app::unique("page");
    let body = json!({"roomName": room, "participantIdentity": "guest"});
    let joined = send(
        app.post("/room/join")
            .header("x-publishable-key", key)
            .json(&body),
    )
    .await;
    assert_eq!(joined.status, StatusCode::OK);
}

#[tokio::test]
async fn the_tenant_next_door_neither_sees_nor_deletes_a_key() {
    let app = TestApp::production().await;
    let id = app
        .post_ours("/v1/api-keys", &json!({"name": "ours"}))
        .await
        .json()["id"]
        .clone();
    let path = format!("/v1/api-keys/{}", id.as_str().unwrap());
    let theirs = send(app.get("/v1/api-keys").bearer_auth(NEIGHBOURS_KEY)).await;
    assert!(!theirs.text.contains(id.as_str().unwrap()));
    let deleted = send(app.http.delete(app.url(&path)).bearer_auth(NEIGHBOURS_KEY)).await;
    assert_eq!(deleted.status, StatusCode::NOT_FOUND);
    assert!(
        app.get_ours("/v1/api-keys")
            .await
            .text
            .contains(id.as_str().unwrap())
    );
}

#[tokio::test]
async fn what_is_no_key_and_no_request_for_one() {
    let app = TestApp::production().await;
    for body in [
        json!({"kind": "golden"}),
        json!({"name": "a\u{0}"}),
        json!({"name": "x".repeat(129)}),
        json!([]),
    ] {
        let answer = app.post_ours("/v1/api-keys", &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    for id in ["key_unknown", "%00", "a%20b"] {
        let path = format!("/v1/api-keys/{id}");
        let answer = send(app.http.delete(app.url(&path)).bearer_auth(KEY)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}");
    }
    assert_eq!(
        send(app.post("/v1/api-keys").json(&json!({}))).await.status,
        StatusCode::UNAUTHORIZED
    );
}
