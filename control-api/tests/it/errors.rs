use crate::test_app::{KEY, TestApp, send};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Method, StatusCode};
use sha2::{Digest as _, Sha256};

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_have_the_shape() {
    let app = TestApp::production().await;
    let unknown = send(app.get("/no/such/thing")).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    insta::assert_snapshot!(unknown.redacted(&[]), @r#"
    {
      "detail": "There is nothing here. See /docs for what there is.",
      "status_code": 404
    }
    "#);
    let wrong = send(app.http.request(Method::DELETE, app.url("/room/join"))).await;
    assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(wrong.headers["allow"], "POST");
    insta::assert_snapshot!(wrong.redacted(&[]), @r#"
    {
      "detail": "This route does not take that method. See /docs.",
      "status_code": 405
    }
    "#);
    let docs = send(app.get("/docs/no-such-file.js")).await;
    assert_eq!(
        (docs.status, docs.json()["status_code"].as_u64()),
        (StatusCode::NOT_FOUND, Some(404))
    );
}

#[tokio::test]
async fn what_is_not_json_is_malformed_and_what_is_not_described_is_invalid() {
    let app = TestApp::production().await;
    let join = || app.post("/room/join").bearer_auth(KEY);
    for body in ["", "{", "roomName=x", "\u{0}"] {
        let answer = send(join().body(body)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body:?}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(answer.redacted(&[]), @r#"
            {
              "detail": "The body is not JSON.",
              "status_code": 400
            }
            "#);
        }
    }
    let answer = send(join().body(r#"{"roomName": "x"}"#)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_snapshot!(answer.redacted(&[]), @r#"
    {
      "detail": "body.participantIdentity: this field is required",
      "errors": [
        {
          "loc": [
            "body",
            "participantIdentity"
          ],
          "msg": "this field is required"
        }
      ],
      "status_code": 422
    }
    "#);
}

#[tokio::test]
async fn a_body_over_the_limit_is_too_large_whether_its_length_is_told_or_not() {
    let app = TestApp::production().await;
    let large = "x".repeat(1024 * 1024 + 1);
    let told = send(app.post("/room/join").bearer_auth(KEY).body(large.clone())).await;
    assert_eq!(told.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(told.json()["status_code"], 413);
    let chunks = futures_util::stream::iter(
        large
            .into_bytes()
            .chunks(65_536)
            .map(|c| Ok::<_, std::io::Error>(c.to_vec()))
            .collect::<Vec<_>>(),
    );
    let untold = send(
        app.post("/room/join")
            .bearer_auth(KEY)
            .body(reqwest::Body::wrap_stream(chunks)),
    )
    .await;
    assert_eq!(untold.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_database_that_is_gone_is_unavailable_and_says_no_more() {
    let app = TestApp::production().await;
    app.store.close().await;
    let answer = app.get_ours("/sessions").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    insta::assert_snapshot!(answer.redacted(&[]), @r#"
    {
      "detail": "The database does not answer. Try again soon.",
      "status_code": 503
    }
    "#);
}

#[tokio::test]
async fn paths_that_are_no_text_are_refused_politely() {
    let app = TestApp::production().await;
    for path in ["/sessions/%ff", "/room/%ff"] {
        let answer = app.get_ours(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(answer.json()["status_code"], 400, "{path}");
    }
    assert_eq!(
        app.get_ours("/sessions/phone-%00").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn every_answer_has_an_id_and_headers_that_bind_browsers() {
    let app = TestApp::production().await;
    let answer = send(app.get("/healthz").header("x-request-id", "forged")).await;
    assert_ne!(answer.headers["x-request-id"], "forged");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert_eq!(
        answer.headers["strict-transport-security"],
        "max-age=31536000; includeSubDomains"
    );
    assert_eq!(
        answer.headers["content-security-policy"],
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self' ws: wss:; media-src 'self' blob:; worker-src 'self' blob:; font-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    let elsewhere = TestApp::with(|config| {
        config.livekit_public_url = Some("wss://livekit.example.com:7443/sub".parse().unwrap());
    })
    .await;
    let answer = send(elsewhere.get("/healthz")).await;
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("connect-src 'self' ws: wss: https://livekit.example.com:7443; "),
        "LiveKit's client asks there by HTTP, too: {policy}"
    );
    let plain = TestApp::with(|config| {
        config.public_url = "http://localhost:8080".parse().unwrap();
    })
    .await;
    assert!(
        !send(plain.get("/healthz"))
            .await
            .headers
            .contains_key("strict-transport-security")
    );
    let bare = TestApp::with(|config| config.has_security_headers = false).await;
    assert!(
        !send(bare.get("/healthz"))
            .await
            .headers
            .contains_key("content-security-policy")
    );
}

#[tokio::test]
async fn pages_behind_links_in_mails_have_their_one_style_and_nothing_else() {
    let app = TestApp::production().await;
    let page = send(app.get("/auth/verify-email?token=x1")).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    let style = page.text.split("<style>").nth(1).unwrap();
    let style = style.split("</style>").next().unwrap();
    let hash = STANDARD.encode(Sha256::digest(style));
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'"
        )
    );
}

#[tokio::test]
async fn other_origins_pages_may_call_when_settings_name_them() {
    let app =
        TestApp::with(|config| config.cors_origins = vec!["https://app.example.com".into()]).await;
    let preflight = |origin: &'static str| {
        app.http
            .request(Method::OPTIONS, app.url("/room/join"))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            )
    };
    let allowed = send(preflight("https://app.example.com")).await;
    assert_eq!(
        allowed.headers["access-control-allow-origin"],
        "https://app.example.com"
    );
    let refused = send(preflight("https://evil.example")).await;
    assert!(!refused.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_list_is_found_without_the_slash_at_its_end() {
    let app = TestApp::production().await;
    for path in ["/api/enhanced-transcripts", "/stored-transcripts"] {
        let list = app.get_ours(&format!("{path}?limit=5")).await;
        assert_eq!(
            (list.status, list.text.as_str()),
            (StatusCode::OK, "[]"),
            "{path}"
        );
    }
}
