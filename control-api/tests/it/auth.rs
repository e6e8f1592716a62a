use crate::test_app::{KEY, NEIGHBOURS_KEY, PAGE_KEY, TestApp, send};
use reqwest::StatusCode;

#[tokio::test]
async fn outside_dev_a_key_is_needed() {
    let app = TestApp::production().await;
    let answer = send(app.get("/sessions")).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
    insta::assert_snapshot!(answer.redacted(&[]), @r#"
    {
      "detail": "Send an access token or an API key: `Authorization: Bearer …`.",
      "status_code": 401
    }
    "#);
    assert_eq!(app.get_ours("/sessions").await.status, StatusCode::OK);
}

#[tokio::test]
async fn keys_that_are_not_good() {
    let app = TestApp::production().await;
    for authorization in [
        "Bearer sk_wrong",
        "Bearer ",
        "Bearer",
        "Basic c2tfb3Vycw==",
        KEY,
        &format!("Bearer {PAGE_KEY}"),
        "Bearer \u{e9}",
    ] {
        let request = app.get("/sessions").header("authorization", authorization);
        assert_eq!(
            send(request).await.status,
            StatusCode::UNAUTHORIZED,
            "{authorization:?}"
        );
    }
    let lower = app
        .get("/sessions")
        .header("authorization", format!("bearer {KEY}"));
    assert_eq!(
        send(lower).await.status,
        StatusCode::OK,
        "the scheme's case does not count"
    );
}

#[tokio::test]
async fn dev_is_open_from_this_machine() {
    let app = TestApp::dev().await;
    assert_eq!(send(app.get("/sessions")).await.status, StatusCode::OK);
    let port = app.address.port();
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let request = app
            .get("/sessions")
            .header("host", format!("{host}:{port}"));
        assert_eq!(send(request).await.status, StatusCode::OK, "{host}");
    }
}

#[tokio::test]
async fn dev_is_closed_to_what_comes_through_a_proxy_or_under_another_name() {
    let app = TestApp::dev().await;
    for (name, value) in [
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1"),
        ("x-real-ip", "127.0.0.1"),
        ("via", "1.1 proxy"),
        ("host", "voice.example.com"),
        ("host", "localhost.evil.example"),
    ] {
        let answer = send(app.get("/sessions").header(name, value)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}: {value}");
    }
}

#[tokio::test]
async fn dev_is_closed_to_pages_of_others() {
    let app = TestApp::with(|config| {
        config.is_dev = true;
        config.frontend_url = Some("http://localhost:3000".parse().unwrap());
        config.cors_origins = vec!["http://localhost:5173".into()];
    })
    .await;
    let own = format!("http://{}", app.address);
    for (origin, is_open) in [
        (own.as_str(), true),
        ("http://localhost:3000", true),
        ("http://localhost:5173", true),
        ("https://evil.example", false),
        ("http://localhost:9999", false),
        ("null", false),
    ] {
        let answer = send(app.get("/sessions").header("origin", origin)).await;
        let expected = if is_open {
            StatusCode::OK
        } else {
            StatusCode::FORBIDDEN
        };
        assert_eq!(answer.status, expected, "{origin}");
    }
    for (site, expected) in [
        ("none", StatusCode::OK),
        ("same-origin", StatusCode::OK),
        ("same-site", StatusCode::FORBIDDEN),
        ("cross-site", StatusCode::FORBIDDEN),
    ] {
        let answer = send(app.get("/sessions").header("sec-fetch-site", site)).await;
        assert_eq!(answer.status, expected, "{site}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_wrong_in_dev_too() {
    let app = TestApp::dev().await;
    assert_eq!(
        send(app.get("/sessions").bearer_auth("sk_wrong"))
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        send(app.get("/sessions").bearer_auth(NEIGHBOURS_KEY))
            .await
            .status,
        StatusCode::OK
    );
}
