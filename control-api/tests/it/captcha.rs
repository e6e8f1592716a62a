//! With a CAPTCHA, nobody gets to a password without solving it.

use crate::test_app::{Answer, TestApp, send};
use casp_control_api::CaptchaSettings;
use reqwest::StatusCode;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_string_contains, method, path},
};

async fn app_with(base_url: String) -> TestApp {
    TestApp::with(|config| {
        config.accounts.captcha = Some(CaptchaSettings {
            site_key: "site-key".into(),
            secret_key: "captcha-secret".to_owned().into(),
            base_url,
        });
    })
    .await
}

/// Says yes to `solved` alone.
async fn service() -> MockServer {
    let service = MockServer::start().await;
    let verify = || Mock::given(method("POST")).and(path("/recaptcha/api/siteverify"));
    verify()
        .and(body_string_contains("secret=captcha-secret"))
        .and(body_string_contains("response=solved&"))
        .and(body_string_contains("remoteip=127.0.0.1"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"success": true})))
        .mount(&service)
        .await;
    verify()
        .and(body_string_contains("response=broken"))
        .respond_with(ResponseTemplate::new(500))
        .mount(&service)
        .await;
    verify()
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"success": false})))
        .mount(&service)
        .await;
    service
}

async fn with_captcha(app: &TestApp, route: &str, token: Value) -> Answer {
    let body =
        json!({"email": "user@example.com", "password": "secure_password", "captcha_token": token});
    send(app.post(route).json(&body)).await
}

#[tokio::test]
async fn registering_and_signing_in_need_a_solved_captcha() {
    let service = service().await;
    let app = app_with(service.uri()).await;
    let unsolved = [
        Value::Null,
        "".into(),
        "unsolved".into(),
        "x".repeat(9_000).into(),
    ];
    for token in unsolved.clone() {
        assert_eq!(
            with_captcha(&app, "/auth/register", token).await.status,
            StatusCode::BAD_REQUEST
        );
    }
    assert_eq!(
        with_captcha(&app, "/auth/register", "solved".into())
            .await
            .status,
        StatusCode::CREATED
    );
    for token in unsolved {
        assert_eq!(
            with_captcha(&app, "/auth/login", token).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    assert_eq!(
        with_captcha(&app, "/auth/login", "solved".into())
            .await
            .status,
        StatusCode::OK
    );
    let form = |captcha: &'static str| {
        [
            ("username", "user@example.com"),
            ("password", "secure_password"),
            ("captcha_token", captcha),
        ]
    };
    let token = async |captcha| send(app.post("/token").form(&form(captcha))).await.status;
    assert_eq!(
        token("unsolved").await,
        StatusCode::UNAUTHORIZED,
        "the other door has the same lock"
    );
    assert_eq!(token("solved").await, StatusCode::OK);
}

#[tokio::test]
async fn a_service_that_is_down_lets_nobody_through() {
    let service = service().await;
    let app = app_with(service.uri()).await;
    let broken = with_captcha(&app, "/auth/register", "broken".into()).await;
    assert_eq!(broken.status, StatusCode::SERVICE_UNAVAILABLE);
    let gone = app_with("http://127.0.0.1:1".into()).await;
    let answer = with_captcha(&gone, "/auth/login", "solved".into()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.text.contains("127.0.0.1"));
}

#[tokio::test]
async fn pages_get_the_site_key_where_there_is_a_captcha() {
    let app = app_with("http://127.0.0.1:1".into()).await;
    assert_eq!(
        send(app.get("/auth/captcha-key")).await.json(),
        json!({"captcha_key": "site-key"})
    );
    let without = TestApp::production().await;
    assert_eq!(
        send(without.get("/auth/captcha-key")).await.json(),
        json!({"captcha_key": null})
    );
}
