//! Registering, signing in and out.

use crate::test_app::{Answer, KEY, TestApp, send};
use casp_control_api::Registration;
use casp_store::{
    accounts,
    mailed_tokens::{self, Purpose},
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

const EMAIL: &str = "user@example.com";
const PASSWORD: &str = "secure_password";

pub(crate) async fn register(app: &TestApp, email: &str) -> Answer {
    let body = json!({"email": email, "password": PASSWORD});
    send(app.post("/auth/register").json(&body)).await
}

pub(crate) async fn log_in(app: &TestApp, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    send(app.post("/auth/login").json(&body)).await
}

/// Somebody who registered and signed in: the pair of tokens.
pub(crate) async fn signed_in(app: &TestApp) -> (String, String) {
    assert_eq!(register(app, EMAIL).await.status, StatusCode::CREATED);
    pair(&log_in(app, EMAIL, PASSWORD).await)
}

fn pair(answer: &Answer) -> (String, String) {
    let body = answer.json();
    let of = |name: &str| {
        body[name]
            .as_str()
            .unwrap_or_else(|| panic!("{body}"))
            .to_owned()
    };
    (of("access_token"), of("refresh_token"))
}

async fn me(app: &TestApp, token: &str) -> Answer {
    send(app.get("/users/me").bearer_auth(token)).await
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    send(
        app.post("/auth/refresh")
            .json(&json!({"refresh_token": token})),
    )
    .await
}

#[tokio::test]
async fn who_registers_can_sign_in_and_see_who_they_are() {
    let app = TestApp::production().await;
    let registered = register(&app, "User@Example.com").await;
    assert_eq!(registered.status, StatusCode::CREATED);
    insta::assert_snapshot!(registered.redacted(&["/id"]), @r#"
    {
      "email": "user@example.com",
      "id": "[…]",
      "is_active": true
    }
    "#);
    let answer = log_in(&app, "USER@example.com", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["cache-control"], "no-store");
    insta::assert_snapshot!(answer.redacted(&["/access_token", "/refresh_token", "/user/id"]), @r#"
    {
      "access_token": "[…]",
      "expires_in": 1800,
      "refresh_token": "[…]",
      "token_type": "bearer",
      "user": {
        "email": "user@example.com",
        "id": "[…]",
        "is_active": true,
        "is_admin": false
      }
    }
    "#);
    let (access, _) = pair(&answer);
    let me = me(&app, &access).await;
    assert_eq!(me.status, StatusCode::OK);
    assert_eq!(me.json(), answer.json()["user"]);
    assert_eq!(
        send(app.get("/sessions").bearer_auth(&access)).await.status,
        StatusCode::OK,
        "the token opens all other routes too"
    );
}

#[tokio::test]
async fn an_email_registers_once() {
    let app = TestApp::production().await;
    register(&app, EMAIL).await;
    let again = register(&app, "USER@example.com").await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    insta::assert_snapshot!(again.redacted(&[]), @r#"
    {
      "detail": "This e-mail is registered already. Sign in instead.",
      "status_code": 400
    }
    "#);
}

#[tokio::test]
async fn what_cannot_be_registered() {
    let app = TestApp::production().await;
    for (email, password, field) in [
        ("nobody", PASSWORD, "email"),
        ("a@example.com\u{0}", PASSWORD, "email"),
        ("\u{212a}im@example.com", PASSWORD, "email"),
        ("A <a@example.com>", PASSWORD, "email"),
        (EMAIL, "1234567", "password"),
        (EMAIL, &"x".repeat(1025), "password"),
    ] {
        let body = json!({"email": email, "password": password});
        let answer = send(app.post("/auth/register").json(&body)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{email:?}");
        assert_eq!(
            answer.json()["errors"][0]["loc"],
            json!(["body", field]),
            "{email:?}"
        );
        assert!(
            !answer.text.contains(password),
            "what was typed is not repeated"
        );
    }
    for body in [
        json!({}),
        json!([]),
        json!({"email": 7, "password": PASSWORD}),
        json!({"email": EMAIL}),
    ] {
        let answer = send(app.post("/auth/register").json(&body)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
}

#[tokio::test]
async fn every_failure_to_sign_in_looks_the_same() {
    let app = TestApp::production().await;
    register(&app, EMAIL).await;
    register(&app, "closed@example.com").await;
    let closed = accounts::by_email(&app.store, "closed@example.com")
        .await
        .unwrap()
        .unwrap();
    accounts::set_active(&app.store, closed.id, false)
        .await
        .unwrap();
    for (email, password) in [
        (EMAIL, "wrong_password"),
        (EMAIL, ""),
        (EMAIL, &"x".repeat(2000)),
        ("unknown@example.com", PASSWORD),
        ("closed@example.com", PASSWORD),
        ("no e-mail at all \u{0}", PASSWORD),
        // It has no password.
        ("ours@example.org", ""),
    ] {
        let answer = log_in(&app, email, password).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{email}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(answer.redacted(&[]), @r#"
            {
              "detail": "The e-mail or the password is not right.",
              "status_code": 401
            }
            "#);
        }
    }
}

#[tokio::test]
async fn oauth2_clients_sign_in_with_a_form() {
    let app = TestApp::production().await;
    register(&app, EMAIL).await;
    let token = async |form: &[(&str, &str)]| send(app.post("/token").form(form)).await;
    let good = [
        ("grant_type", "password"),
        ("username", EMAIL),
        ("password", PASSWORD),
        ("scope", ""),
    ];
    let answer = token(&good).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["token_type"], "bearer");
    assert_eq!(me(&app, &pair(&answer).0).await.status, StatusCode::OK);
    assert_eq!(
        token(&good[1..]).await.status,
        StatusCode::OK,
        "the grant may be left out"
    );
    let wrong = token(&[("username", EMAIL), ("password", "wrong_password")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.headers["www-authenticate"], "Bearer");
    assert_eq!(
        token(&[("username", EMAIL)]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let other = token(&[("grant_type", "client_credentials"), good[1], good[2]]).await;
    assert_eq!(other.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn refresh_tokens_rotate_and_a_copy_ends_the_sign_in() {
    let app = TestApp::production().await;
    let (first_access, first) = signed_in(&app).await;
    let answer = refresh(&app, &first).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.json().get("user").is_none());
    let (second_access, second) = pair(&answer);
    assert_ne!(first, second);
    assert_eq!(me(&app, &second_access).await.status, StatusCode::OK);
    assert_eq!(
        refresh(&app, &first).await.status,
        StatusCode::UNAUTHORIZED,
        "the thief's"
    );
    assert_eq!(
        refresh(&app, &second).await.status,
        StatusCode::UNAUTHORIZED,
        "and the owner's"
    );
    for access in [first_access, second_access] {
        assert_eq!(me(&app, &access).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn of_many_refreshes_with_one_token_one_wins() {
    let app = TestApp::production().await;
    let (_, token) = signed_in(&app).await;
    let all = futures_util::future::join_all((0..8).map(|_| refresh(&app, &token))).await;
    let won = all
        .iter()
        .filter(|answer| answer.status == StatusCode::OK)
        .count();
    assert_eq!(won, 1);
}

#[tokio::test]
async fn what_is_no_refresh_token() {
    let app = TestApp::production().await;
    let (access, _) = signed_in(&app).await;
    for token in [access.as_str(), KEY, "", "a.b.c"] {
        assert_eq!(
            refresh(&app, token).await.status,
            StatusCode::UNAUTHORIZED,
            "{token}"
        );
    }
    let empty = send(app.post("/auth/refresh").json(&json!({}))).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn signing_out_ends_every_token_of_the_sign_in_and_no_other() {
    let app = TestApp::production().await;
    let (access, token) = signed_in(&app).await;
    let (other, _) = pair(&log_in(&app, EMAIL, PASSWORD).await);
    let out = send(app.post("/auth/logout").bearer_auth(&access)).await;
    assert_eq!(
        (out.status, out.text.as_str()),
        (StatusCode::NO_CONTENT, "")
    );
    assert_eq!(me(&app, &access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refresh(&app, &token).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(me(&app, &other).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_refresh_token_alone_signs_out() {
    let app = TestApp::production().await;
    let (access, token) = signed_in(&app).await;
    let body = json!({"refresh_token": token});
    assert_eq!(
        send(app.post("/auth/logout").json(&body)).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(me(&app, &access).await.status, StatusCode::UNAUTHORIZED);
    for request in [
        app.post("/auth/logout"),
        app.post("/auth/logout").bearer_auth(KEY),
        app.post("/auth/logout")
            .json(&json!({"refresh_token": "x"})),
    ] {
        assert_eq!(send(request).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn an_access_token_ends_with_its_time() {
    let app = TestApp::with(|config| config.accounts.access_token_ttl = Duration::ZERO).await;
    let (access, token) = signed_in(&app).await;
    assert_eq!(me(&app, &access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refresh(&app, &token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_i_am_needs_a_credential_in_dev_too() {
    let app = TestApp::dev().await;
    assert_eq!(
        send(app.get("/users/me")).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        send(app.get("/v1/api-keys")).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(me(&app, KEY).await.json()["email"], "ours@example.org");
    for forged in ["eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "x.y.z", ".."] {
        assert_eq!(me(&app, forged).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn registration_may_be_closed_or_by_invitation() {
    let closed = TestApp::with(|config| config.accounts.registration = Registration::Closed).await;
    assert_eq!(register(&closed, EMAIL).await.status, StatusCode::FORBIDDEN);

    let app = TestApp::with(|config| config.accounts.registration = Registration::Invite).await;
    let token = mailed_tokens::issue(
        &app.store,
        Purpose::Invitation,
        EMAIL,
        crate::test_app::now_ms(),
        60_000,
    )
    .await
    .unwrap();
    let invited = async |email: &str, invitation: Value| {
        let body = json!({"email": email, "password": PASSWORD, "invitation": invitation});
        send(app.post("/auth/register").json(&body)).await.status
    };
    assert_eq!(invited(EMAIL, Value::Null).await, StatusCode::FORBIDDEN);
    assert_eq!(
        invited(EMAIL, "in_wrong".into()).await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        invited("other@example.com", token.clone().into()).await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        invited(EMAIL, token.clone().into()).await,
        StatusCode::CREATED
    );
    assert_eq!(
        invited(EMAIL, token.into()).await,
        StatusCode::FORBIDDEN,
        "it is spent"
    );
    let account = accounts::by_email(&app.store, EMAIL)
        .await
        .unwrap()
        .unwrap();
    assert!(account.is_verified, "who invited vouches for the address");
}

#[tokio::test]
async fn administrators_see_all_accounts_and_nobody_else_does() {
    let app = TestApp::production().await;
    for path in ["/debug/all-users", "/debug/protected-admin"] {
        assert_eq!(
            send(app.get(path)).await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
        assert_eq!(
            app.get_ours(path).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    accounts::set_admin(&app.store, app.account, true)
        .await
        .unwrap();
    let users = app.get_ours("/debug/all-users").await;
    assert_eq!(users.status, StatusCode::OK);
    let emails: Vec<Value> = users
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["email"].clone())
        .collect();
    assert_eq!(emails, ["ours@example.org", "next@example.org"]);
    assert_eq!(
        app.get_ours("/debug/all-users?skip=1&limit=1").await.json()[0]["email"],
        "next@example.org"
    );
    for query in ["limit=0", "limit=101", "skip=-1", "limit=x"] {
        let answer = app.get_ours(&format!("/debug/all-users?{query}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
    }
    let hello = app.get_ours("/debug/protected-admin").await;
    assert_eq!(
        hello.json()["message"],
        "Hello ours@example.org, you are an administrator."
    );
}
