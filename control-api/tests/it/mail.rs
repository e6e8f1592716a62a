//! Links in mails: verifying an e-mail, setting a new password.

use crate::{
    accounts::{log_in, register},
    smtp_server::SmtpServer,
    test_app::{TestApp, eventually, send},
};
use casp_control_api::SmtpSettings;
use casp_store::accounts::{self, KeyKind};
use reqwest::StatusCode;
use serde_json::json;

const EMAIL: &str = "user@example.com";

async fn app_with(server: &SmtpServer) -> TestApp {
    TestApp::with(|config| {
        config.accounts.smtp = Some(SmtpSettings {
            url: server.url.clone().into(),
            from: "CASP <no-reply@example.com>".into(),
        });
    })
    .await
}

async fn is_verified(app: &TestApp) -> bool {
    accounts::by_email(&app.store, EMAIL)
        .await
        .unwrap()
        .unwrap()
        .is_verified
}

/// Waits for that many mails.
async fn mails(server: &SmtpServer, count: usize) {
    eventually("the mails come", async || server.mails().len() == count).await;
}

#[tokio::test]
async fn registering_sends_a_link_that_verifies_the_email_once() {
    let server = SmtpServer::start().await;
    let app = app_with(&server).await;
    register(&app, EMAIL).await;
    mails(&server, 1).await;
    assert_eq!(server.mails()[0].to, EMAIL);
    assert!(
        server.mails()[0]
            .text
            .contains("https://voice.example.com/auth/verify-email?token=ve_")
    );
    let token = server.newest_token();
    let page = send(app.get(&format!("/auth/verify-email?token={token}"))).await;
    assert!(page.text.contains("<form") && page.text.contains(&token));
    assert!(!is_verified(&app).await, "looking at the link does nothing");
    let verify = async || {
        send(
            app.post("/auth/verify-email")
                .json(&json!({"token": token})),
        )
        .await
    };
    let verified = verify().await;
    assert_eq!(verified.status, StatusCode::OK);
    assert_eq!(verified.json()["message"], "Your e-mail is verified.");
    assert!(is_verified(&app).await);
    assert_eq!(verify().await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_button_on_the_page_verifies_too() {
    let server = SmtpServer::start().await;
    let app = app_with(&server).await;
    register(&app, EMAIL).await;
    mails(&server, 1).await;
    let answer = send(
        app.post("/auth/verify-email")
            .form(&[("token", server.newest_token())]),
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.contains("<h1>Your e-mail is verified.</h1>"));
    assert!(is_verified(&app).await);
    let script = send(app.get("/auth/verify-email?token=%3Cscript%3E")).await;
    assert_eq!(script.status, StatusCode::BAD_REQUEST);
    assert!(!script.text.contains("<script>"));
}

#[tokio::test]
async fn a_link_can_be_asked_for_again_and_says_nothing_of_who_is_registered() {
    let server = SmtpServer::start().await;
    let app = app_with(&server).await;
    register(&app, EMAIL).await;
    mails(&server, 1).await;
    let ask =
        async |path: &str, email: &str| send(app.post(path).json(&json!({"email": email}))).await;
    for path in ["/auth/verify-email/send", "/auth/forgot-password"] {
        let known = ask(path, EMAIL).await;
        let unknown = ask(path, "unknown@example.com").await;
        assert_eq!(
            (known.status, unknown.status),
            (StatusCode::ACCEPTED, StatusCode::ACCEPTED)
        );
        assert_eq!(known.text, unknown.text);
        assert_eq!(
            ask(path, "no e-mail").await.status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }
    mails(&server, 3).await;
    assert!(server.mails().iter().all(|mail| mail.to == EMAIL));
}

#[tokio::test]
async fn a_new_password_ends_every_sign_in_and_the_old_password() {
    let server = SmtpServer::start().await;
    let app = app_with(&server).await;
    register(&app, EMAIL).await;
    mails(&server, 1).await;
    let access = log_in(&app, EMAIL, "secure_password").await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let account = accounts::by_email(&app.store, EMAIL)
        .await
        .unwrap()
        .unwrap()
        .id;
    accounts::ensure_key(
        &app.store,
        account,
        KeyKind::Secret,
        "sk_of_whoever_registered",
    )
    .await
    .unwrap();
    send(
        app.post("/auth/forgot-password")
            .json(&json!({"email": EMAIL})),
    )
    .await;
    mails(&server, 2).await;
    let token = server.newest_token();
    let page = send(app.get(&format!("/auth/reset-password?token={token}"))).await;
    assert!(page.text.contains("type=\"password\""));
    let reset = async |password: &str| {
        let body = json!({"token": token, "password": password});
        send(app.post("/auth/reset-password").json(&body))
            .await
            .status
    };
    assert_eq!(
        reset("short").await,
        StatusCode::UNPROCESSABLE_ENTITY,
        "and the link stays good"
    );
    assert_eq!(reset("better_password").await, StatusCode::OK);
    assert_eq!(reset("another_password").await, StatusCode::BAD_REQUEST);
    for (key, what) in [
        (access.as_str(), "the old sign-in"),
        ("sk_of_whoever_registered", "a key from before"),
    ] {
        let answer = send(app.get("/users/me").bearer_auth(key)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
    }
    assert_eq!(
        log_in(&app, EMAIL, "secure_password").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        log_in(&app, EMAIL, "better_password").await.status,
        StatusCode::OK
    );
    assert!(
        is_verified(&app).await,
        "whoever has the link reads the mail"
    );
}

#[tokio::test]
async fn a_verified_accounts_keys_outlive_its_password() {
    let server = SmtpServer::start().await;
    let app = app_with(&server).await;
    send(
        app.post("/auth/forgot-password")
            .json(&json!({"email": "ours@example.org"})),
    )
    .await;
    mails(&server, 1).await;
    let body = json!({"token": server.newest_token(), "password": "better_password"});
    assert_eq!(
        send(app.post("/auth/reset-password").json(&body))
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(app.get_ours("/users/me").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_mail_server_without_time_is_asked_again() {
    let server = SmtpServer::that_refuses(1).await;
    let app = app_with(&server).await;
    register(&app, EMAIL).await;
    mails(&server, 1).await;
}

#[tokio::test]
async fn without_a_mail_server_nothing_is_promised() {
    let app = TestApp::production().await;
    assert_eq!(register(&app, EMAIL).await.status, StatusCode::CREATED);
    for path in ["/auth/verify-email/send", "/auth/forgot-password"] {
        let answer = send(app.post(path).json(&json!({"email": EMAIL}))).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.text.contains("SMTP_URL"));
    }
}
