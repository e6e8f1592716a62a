//! How often somebody may try.

use crate::test_app::{TestApp, send};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::json;

async fn app(change: impl FnOnce(&mut casp_control_api::ControlApiConfig)) -> TestApp {
    TestApp::with(|config| {
        config.limits.auth_per_minute = 5;
        change(config);
    })
    .await
}

fn log_in(app: &TestApp, email: &str) -> RequestBuilder {
    app.post("/auth/login")
        .json(&json!({"email": email, "password": "wrong_password"}))
}

#[tokio::test]
async fn five_attempts_a_minute_and_then_the_time_to_wait() {
    let app = app(|_| {}).await;
    for n in 0..5 {
        let answer = send(log_in(&app, &format!("n{n}@example.com"))).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "attempt {n}");
    }
    let sixth = send(log_in(&app, "other@example.com")).await;
    assert_eq!(sixth.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = sixth.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(sixth.json()["status_code"], 429);
    assert_eq!(
        send(app.get("/auth/captcha-key")).await.status,
        StatusCode::OK,
        "each route has a count of its own"
    );
    let form = [("username", "a@example.com"), ("password", "x")];
    assert_eq!(
        send(app.post("/token").form(&form)).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_attempts_too() {
    let app = app(|_| {}).await;
    for _ in 0..5 {
        assert_eq!(
            send(app.post("/auth/login").body("{")).await.status,
            StatusCode::BAD_REQUEST
        );
    }
    assert_eq!(
        send(app.post("/auth/login").body("{")).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
}

#[tokio::test]
async fn one_email_is_attempted_so_often_from_wherever() {
    let app = app(|config| config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]).await;
    let from =
        |n: u32, email: &str| log_in(&app, email).header("x-forwarded-for", format!("10.0.0.{n}"));
    for n in 0..5 {
        let email = if n % 2 == 0 {
            "victim@example.com"
        } else {
            "VICTIM@example.com "
        };
        assert_eq!(send(from(n, email)).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(
        send(from(6, "victim@example.com")).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    assert_eq!(
        send(from(6, "other@example.com")).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn forwarding_headers_of_strangers_count_for_nothing() {
    let app = app(|_| {}).await;
    let from = |n: u32| {
        log_in(&app, &format!("n{n}@example.com")).header("x-forwarded-for", format!("10.0.0.{n}"))
    };
    for n in 0..5 {
        assert_eq!(send(from(n)).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(send(from(6)).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_last_address_counts() {
    let app = app(|config| config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]).await;
    let from = |n: u32| {
        let forged = format!("10.9.9.{n}, 10.0.0.1");
        log_in(&app, &format!("n{n}@example.com")).header("x-forwarded-for", forged)
    };
    for n in 0..5 {
        assert_eq!(send(from(n)).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(send(from(6)).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn scenarios_are_made_so_often_an_account() {
    let app = TestApp::with(|config| config.limits.scenarios_per_minute = 2).await;
    let scenario = json!({"persona": "a clerk", "prompt": "Answer briefly.", "voice_type": "concerned_female"});
    for expected in [
        StatusCode::OK,
        StatusCode::OK,
        StatusCode::TOO_MANY_REQUESTS,
    ] {
        let answer = app.post_ours("/realtime/custom-scenario", &scenario).await;
        assert_eq!(answer.status, expected, "{}", answer.text);
    }
    let neighbour = app
        .post("/realtime/custom-scenario")
        .bearer_auth(crate::test_app::NEIGHBOURS_KEY)
        .json(&scenario);
    assert_eq!(send(neighbour).await.status, StatusCode::OK);
}
