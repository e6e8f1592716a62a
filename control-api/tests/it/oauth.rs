use crate::{
    provider::Google,
    test_app::{Answer, KEY, NEIGHBOURS_KEY, PAGE_KEY, TestApp, eventually, send},
    webhooks::Backend,
};
use casp_store::connections;
use reqwest::{StatusCode, Url, redirect::Policy};
use serde_json::{Value, json};

const RETURN_TO: &str = "https://app.example.com/connected";

/// Somebody's browser: follows nothing by itself, and keeps one cookie.
struct Browser {
    http: reqwest::Client,
    cookie: Option<String>,
}

impl Browser {
    fn new() -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).build();
        Self {
            http: http.unwrap(),
            cookie: None,
        }
    }

    async fn open(&mut self, app: &TestApp, path: &str, key: Option<&str>) -> Answer {
        let mut request = self.http.get(app.url(path));
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let answer = send(request).await;
        if let Some(cookie) = answer.headers.get("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(
                cookie.contains("HttpOnly; SameSite=Lax; Secure"),
                "{cookie}"
            );
            self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        }
        answer
    }
}

fn location(answer: &Answer) -> Url {
    let location = answer.headers.get("location");
    let location = location.unwrap_or_else(|| panic!("no redirection: {answer:?}"));
    Url::parse(location.to_str().unwrap()).unwrap()
}

fn pair(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

async fn app(google: &Google) -> TestApp {
    let settings = google.settings();
    let app = TestApp::with(|config| config.oauth = settings).await;
    let request = app
        .http
        .put(app.url("/v1/oauth/redirect-uris"))
        .bearer_auth(KEY);
    let answer = send(request.json(&json!({"redirect_uris": [RETURN_TO]}))).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    app
}

fn connect_path(more: &str) -> String {
    format!("/v1/oauth/connect/gmail?redirect_uri={RETURN_TO}{more}")
}

/// To the consent page, yes, and back: where the user ends.
async fn connect(
    app: &TestApp,
    google: &Google,
    browser: &mut Browser,
    path: &str,
    key: Option<&str>,
) -> Url {
    let answer = browser.open(app, path, key).await;
    assert_eq!(answer.status, StatusCode::FOUND, "{answer:?}");
    let (code, state) = google.consent(&location(&answer));
    location(&browser.open(app, &callback(&code, &state), None).await)
}

fn callback(code: &str, state: &str) -> String {
    format!("/v1/oauth/callback/gmail?code={code}&state={state}")
}

async fn status(app: &TestApp, query: &str, key: &str) -> Value {
    send(
        app.get(&format!("/v1/oauth/status?{query}"))
            .bearer_auth(key),
    )
    .await
    .json()
}

async fn disconnect(app: &TestApp, query: &str, key: &str) -> Answer {
    let path = format!("/v1/oauth/disconnect/gmail?{query}");
    send(app.http.delete(app.url(&path)).bearer_auth(key)).await
}

#[tokio::test]
async fn a_user_connects_is_seen_and_disconnects() {
    let google = Google::start().await;
    let app = app(&google).await;
    let mut browser = Browser::new();
    let path = connect_path("&resource=ann&state=mine");
    let end = connect(&app, &google, &mut browser, &path, Some(KEY)).await;
    assert_eq!(
        end.as_str(),
        format!("{RETURN_TO}?success=true&provider=gmail&state=mine")
    );
    let seen = status(&app, "provider=gmail&resource=ann", KEY).await;
    assert_eq!(
        (&seen["connected"], &seen["needs_reauth"], &seen["resource"]),
        (&json!(true), &json!(false), &json!("ann"))
    );
    assert_eq!(seen["user_email"], "ann@gmail.com");
    assert!(seen["scopes"].to_string().contains("gmail.send"));
    assert!(!seen.to_string().contains("ya29") && !seen.to_string().contains("1//"));
    assert_eq!(
        status(&app, "resource=ann", KEY)
            .await
            .as_array()
            .unwrap()
            .len(),
        10
    );
    for (query, key) in [
        ("provider=gmail", KEY),
        ("provider=gmail&resource=ann", NEIGHBOURS_KEY),
    ] {
        assert_eq!(
            status(&app, query, key).await["connected"],
            false,
            "{query}"
        );
    }
    assert_eq!(
        disconnect(&app, "resource=ann", NEIGHBOURS_KEY)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let gone = disconnect(&app, "resource=ann", KEY).await;
    assert_eq!(
        (gone.status, gone.json()),
        (StatusCode::OK, json!({"disconnected": true}))
    );
    eventually("google is told", async || google.revoked().len() == 1).await;
    assert!(google.revoked()[0].starts_with("1//refresh-"));
    assert_eq!(
        disconnect(&app, "resource=ann", KEY).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_provider_that_is_down_is_told_later() {
    let google = Google::start().await;
    let app = app(&google).await;
    connect(
        &app,
        &google,
        &mut Browser::new(),
        &connect_path(""),
        Some(KEY),
    )
    .await;
    google.fail_revocations(1);
    assert_eq!(disconnect(&app, "", KEY).await.status, StatusCode::OK);
    assert_eq!(
        status(&app, "provider=gmail", KEY).await["connected"],
        false,
        "at once"
    );
    eventually("google is told", async || google.revoked().len() == 1).await;
}

#[tokio::test]
async fn a_state_is_good_once_and_in_its_own_browser() {
    let google = Google::start().await;
    let app = app(&google).await;
    let (mut ours, mut strangers) = (Browser::new(), Browser::new());
    let answer = ours.open(&app, &connect_path(""), Some(KEY)).await;
    let (code, state) = google.consent(&location(&answer));
    let path = callback(&code, &state);
    for browser in [
        &mut strangers,
        &mut Browser {
            http: reqwest::Client::new(),
            cookie: Some(format!("__Host-casp_oauth={}", "a".repeat(64))),
        },
    ] {
        let answer = browser.open(&app, &path, None).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(
            answer.headers.get("location").is_none(),
            "nobody is sent anywhere"
        );
    }
    let other_provider = path.replace("callback/gmail", "callback/google-drive");
    assert_eq!(
        ours.open(&app, &other_provider, None).await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        pair(&location(&ours.open(&app, &path, None).await), "success").as_deref(),
        Some("true")
    );
    assert_eq!(
        ours.open(&app, &path, None).await.status,
        StatusCode::BAD_REQUEST,
        "it was spent"
    );
    for path in [
        "/v1/oauth/callback/gmail",
        "/v1/oauth/callback/gmail?state=%00&code=x",
        "/v1/oauth/callback/gmail?state=nonsense&code=x",
    ] {
        let status = ours.open(&app, path, None).await.status;
        assert!(status.is_client_error(), "{path} {status}");
    }
    assert_eq!(
        ours.open(&app, "/v1/oauth/callback/fax?state=x", None)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_user_who_says_no_is_told_so_in_our_words() {
    let google = Google::start().await;
    let app = app(&google).await;
    let mut browser = Browser::new();
    let answer = browser.open(&app, &connect_path(""), Some(KEY)).await;
    let (_, state) = google.consent(&location(&answer));
    let path = format!(
        "/v1/oauth/callback/gmail?state={state}&error=access_denied&error_description=<script>"
    );
    let end = location(&browser.open(&app, &path, None).await);
    assert_eq!(pair(&end, "error").as_deref(), Some("access_denied"));
    assert_eq!(
        pair(&end, "message").as_deref(),
        Some("You did not allow it.")
    );
    let answer = browser.open(&app, &connect_path(""), Some(KEY)).await;
    let (_, state) = google.consent(&location(&answer));
    let end = location(&browser.open(&app, &callback("stolen", &state), None).await);
    assert_eq!(pair(&end, "error").as_deref(), Some("connection_failed"));
    assert_eq!(
        status(&app, "provider=gmail", KEY).await["connected"],
        false
    );
}

#[tokio::test]
async fn users_are_sent_only_where_the_account_says() {
    let google = Google::start().await;
    let app = app(&google).await;
    for uri in [
        "https://evil.example.com/",
        "https://app.example.com/connected/else",
        "https://app.example.com/connected?x=1",
        "https://app.example.com.evil.example.com/connected",
        "https://app.example.com@evil.example.com/connected",
        "http://app.example.com/connected",
        "//app.example.com/connected",
        "javascript:alert(1)",
        "https://voice.example.com.evil.example.com/",
        "https://app.example.com/connected%23",
    ] {
        let path = format!("/v1/oauth/connect/gmail?redirect_uri={}", urlencoded(uri));
        let answer = Browser::new().open(&app, &path, Some(KEY)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{uri}");
    }
    let ours = Browser::new()
        .open(
            &app,
            "/v1/oauth/connect/gmail?redirect_uri=https://voice.example.com/any",
            Some(KEY),
        )
        .await;
    assert_eq!(ours.status, StatusCode::FOUND, "our own pages");
    let theirs = Browser::new()
        .open(&app, &connect_path(""), Some(NEIGHBOURS_KEY))
        .await;
    assert_eq!(
        theirs.status,
        StatusCode::BAD_REQUEST,
        "each account has its own list"
    );
    for bad in [
        json!({}),
        json!({"redirect_uris": ["http://x.example/"]}),
        json!({"redirect_uris": ["javascript:alert(1)"]}),
        json!({"redirect_uris": "x"}),
    ] {
        let request = app
            .http
            .put(app.url("/v1/oauth/redirect-uris"))
            .bearer_auth(KEY);
        assert_eq!(
            send(request.json(&bad)).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{bad}"
        );
    }
    let list = app.get_ours("/v1/oauth/redirect-uris").await.json();
    assert_eq!(
        list,
        json!({"redirect_uris": [RETURN_TO], "default_origins": ["https://voice.example.com"]})
    );
}

fn urlencoded(text: &str) -> String {
    let mut url = Url::parse("http://x/").unwrap();
    url.query_pairs_mut().append_pair("a", text);
    url.query().unwrap()[2..].to_owned()
}

#[tokio::test]
async fn a_link_of_the_backends_works_once_and_holds_who_it_is_for() {
    let google = Google::start().await;
    let app = app(&google).await;
    let made = app
        .post_ours(
            "/v1/oauth/sessions",
            &json!({"provider": "gmail", "resource": "bob", "redirect_uri": RETURN_TO}),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let url = made.json()["url"].as_str().unwrap().to_owned();
    let path = url.strip_prefix("https://voice.example.com").unwrap();
    let path = format!("{path}&resource=mallory&redirect_uri=https://evil.example.com/");
    let end = connect(&app, &google, &mut Browser::new(), &path, None).await;
    assert!(end.as_str().starts_with(RETURN_TO));
    assert_eq!(
        status(&app, "provider=gmail&resource=bob", KEY).await["connected"],
        true
    );
    assert_eq!(
        status(&app, "provider=gmail&resource=mallory", KEY).await["connected"],
        false
    );
    assert_eq!(
        Browser::new().open(&app, &path, None).await.status,
        StatusCode::UNAUTHORIZED
    );
    for bad in [
        json!({"provider": "fax", "redirect_uri": RETURN_TO}),
        json!({"provider": "gmail"}),
    ] {
        assert_eq!(
            app.post_ours("/v1/oauth/sessions", &bad).await.status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }
    let evil = json!({"provider": "gmail", "redirect_uri": "https://evil.example.com/"});
    assert_eq!(
        app.post_ours("/v1/oauth/sessions", &evil).await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        send(app.post("/v1/oauth/sessions").json(&evil))
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn with_a_pages_key_it_is_the_e_mail_that_the_provider_vouches_for() {
    let google = Google::start().await;
    let app = app(&google).await;
    let path = connect_path(&format!("&key={PAGE_KEY}&resource=ours@example.org"));
    connect(&app, &google, &mut Browser::new(), &path, None).await;
    assert_eq!(
        status(&app, "provider=gmail", KEY).await["connected"],
        false,
        "a parameter counts for nothing"
    );
    assert_eq!(
        status(&app, "provider=gmail&resource=ann@gmail.com", KEY).await["connected"],
        true
    );
}

#[tokio::test]
async fn a_program_gets_the_url_and_strangers_get_nothing() {
    let google = Google::start().await;
    let app = app(&google).await;
    let request = app.get(&connect_path("")).bearer_auth(KEY);
    let answer = send(request.header("accept", "application/json")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let url = answer.json()["authorization_url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(url.starts_with(google.url.as_str()));
    for path in [
        connect_path(""),
        connect_path("&key=pk_none"),
        connect_path("&session=os_none"),
    ] {
        assert_eq!(
            Browser::new().open(&app, &path, None).await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    let mut browser = Browser::new();
    for (path, status) in [
        (
            "/v1/oauth/connect/fax?redirect_uri=x",
            StatusCode::NOT_FOUND,
        ),
        (
            "/v1/oauth/connect/slack?redirect_uri=x",
            StatusCode::SERVICE_UNAVAILABLE,
        ),
        ("/v1/oauth/connect/gmail", StatusCode::UNPROCESSABLE_ENTITY),
        (
            &*connect_path("&scope=Mail.Read"),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
    ] {
        assert_eq!(
            browser.open(&app, path, Some(KEY)).await.status,
            status,
            "{path}"
        );
    }
}

#[tokio::test]
async fn tokens_that_a_backend_has_are_registered_and_never_shown() {
    let app = TestApp::production().await;
    let body = json!({"provider": "gmail", "access_token": "ya29.x", "refresh_token": "1//y", "expires_in": 3600, "user_email": "user@gmail.com"});
    let answer = app.post_ours("/v1/oauth/register", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    assert_eq!(answer.json()["resource"], "user@gmail.com");
    assert!(!answer.text.contains("ya29") && !answer.text.contains("1//y"));
    let kept = connections::get(&app.store, app.account, "user@gmail.com", "gmail")
        .await
        .unwrap()
        .unwrap();
    assert!(!kept.tokens.access.contains("ya29"), "sealed");
    assert_eq!(
        status(
            &app,
            "provider=gmail&resource=user@gmail.com",
            NEIGHBOURS_KEY
        )
        .await["connected"],
        false
    );
    for (field, bad) in [
        ("provider", json!("fax")),
        ("access_token", json!("")),
        ("access_token", json!("a b")),
        ("expires_in", json!(-1)),
        ("user_email", json!("nobody")),
        ("scopes", json!(["a b"])),
    ] {
        let mut body = body.clone();
        body[field] = bad;
        let answer = app.post_ours("/v1/oauth/register", &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(answer.json()["errors"][0]["loc"], json!(["body", field]));
    }
    assert_eq!(
        send(app.post("/v1/oauth/register").json(&body))
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_grant_that_has_ended_is_not_shown_as_connected() {
    let google = Google::start().await;
    let app = app(&google).await;
    for provider in ["gmail", "google-calendar"] {
        let body = json!({
            "provider": provider, "access_token": "ya29.old", "refresh_token": "1//nobodys", "expires_in": 1,
        });
        let answer = app.post_ours("/v1/oauth/register", &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    }
    eventually("both have ended", async || {
        let seen = status(&app, "", KEY).await;
        let all = seen.as_array().unwrap().iter();
        all.filter(|one| one["needs_reauth"] == true).count() == 2
    })
    .await;
    let ended = status(&app, "provider=gmail", KEY).await;
    assert_eq!(
        (&ended["connected"], &ended["needs_reauth"]),
        (&json!(false), &json!(true))
    );
    let calendar = app
        .get_ours("/google-calendar/credentials-status")
        .await
        .json();
    assert_eq!(
        (&calendar["connected"], &calendar["needs_reauth"]),
        (&json!(false), &json!(true))
    );
    let theirs = status(&app, "provider=gmail", NEIGHBOURS_KEY).await;
    assert_eq!(
        (&theirs["connected"], &theirs["needs_reauth"]),
        (&json!(false), &json!(false))
    );
    // There is something to be erased still.
    assert_eq!(disconnect(&app, "", KEY).await.status, StatusCode::OK);
}

#[tokio::test]
async fn e_mails_name_the_same_end_user_in_any_case() {
    let app = TestApp::production().await;
    let register = async |more: Value| {
        let mut body = json!({"provider": "gmail", "access_token": "ya29.x", "expires_in": 3600});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let answer = app.post_ours("/v1/oauth/register", &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.json()["resource"].clone()
    };
    for (more, expected) in [
        (json!({"user_email": "Ann@Gmail.com"}), "ann@gmail.com"),
        (json!({"resource": "Bob@Example.org"}), "bob@example.org"),
        (json!({"resource": "Bob"}), "Bob"),
        (json!({"resource": "OURS@example.org"}), "ours@example.org"),
    ] {
        assert_eq!(register(more).await, expected);
    }
    for (resource, is_connected) in [
        ("ann@gmail.com", true),
        ("ANN@gmail.com", true),
        ("Bob", true),
        ("bob", false),
        ("Ours@Example.org", true),
    ] {
        let query = format!("provider=gmail&resource={resource}");
        let seen = status(&app, &query, KEY).await;
        assert_eq!(seen["connected"], is_connected, "{resource}");
        let theirs = status(&app, &query, NEIGHBOURS_KEY).await;
        assert_eq!(theirs["connected"], false, "{resource}");
    }
}

#[tokio::test]
async fn the_calendar_is_connected_as_the_first_application_did_it() {
    let google = Google::start().await;
    let settings = google.settings();
    let app = TestApp::with(|config| {
        config.oauth = settings;
        config.frontend_url = Some("http://localhost:5173".parse().unwrap());
    })
    .await;
    let unconnected = app.get_ours("/google-calendar/events").await;
    assert_eq!(unconnected.status, StatusCode::CONFLICT);
    let url = app.get_ours("/google-calendar/auth").await.json()["authorization_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let (code, state) = google.consent(&Url::parse(&url).unwrap());
    // The frontend is another origin: no cookie was kept.
    let path = format!("/google-calendar/callback?code={code}&state={state}");
    let end = location(&Browser::new().open(&app, &path, None).await);
    assert_eq!(
        end.as_str(),
        "http://localhost:5173/scheduled-meetings?success=true&connected=calendar"
    );
    let events = app.get_ours("/google-calendar/events?max_results=1").await;
    assert_eq!(
        events.json(),
        json!([{"id": "event_id_123", "summary": "Team Meeting", "start": "2024-01-15T14:00:00Z",
            "end": "2024-01-15T15:00:00Z", "location": "Conference Room A", "description": "Weekly team sync"}])
    );
    let busy = app
        .post_ours(
            "/google-calendar/free-busy",
            &json!({"timeMin": "2024-01-15T00:00:00Z", "timeMax": "2024-01-16T00:00:00Z"}),
        )
        .await;
    assert_eq!(
        busy.json()["busy"],
        json!([{"start": "2024-01-15T14:00:00Z", "end": "2024-01-15T15:00:00Z"}])
    );
    for bad in [
        json!({}),
        json!({"timeMin": "x", "timeMax": "y"}),
        json!({"timeMin": "2024-01-16T00:00:00Z", "timeMax": "2024-01-15T00:00:00Z"}),
    ] {
        assert_eq!(
            app.post_ours("/google-calendar/free-busy", &bad)
                .await
                .status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }
    let seen = app
        .get_ours("/google-calendar/credentials-status")
        .await
        .json();
    assert_eq!(
        (&seen["connected"], &seen["email"]),
        (&json!(true), &json!("ann@gmail.com"))
    );
    let theirs = send(
        app.get("/google-calendar/events")
            .bearer_auth(NEIGHBOURS_KEY),
    )
    .await;
    assert_eq!(
        theirs.status,
        StatusCode::CONFLICT,
        "theirs is not connected"
    );
    assert_eq!(
        app.post_ours("/google-calendar/revoke", &json!({}))
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        app.get_ours("/google-calendar/credentials-status")
            .await
            .json()["connected"],
        false
    );
    assert_eq!(
        send(app.get("/google-calendar/auth")).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_calendar_that_is_refused_is_told_to_the_page() {
    let google = Google::start().await;
    let settings = google.settings();
    let app = TestApp::with(|config| config.oauth = settings).await;
    let url = app.get_ours("/google-calendar/auth").await.json()["authorization_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let (_, state) = google.consent(&Url::parse(&url).unwrap());
    let path = format!("/google-calendar/callback?error=access_denied&state={state}");
    let end = location(&Browser::new().open(&app, &path, None).await);
    assert_eq!(end.path(), "/scheduled-meetings");
    assert_eq!(
        pair(&end, "error").as_deref(),
        Some("calendar_connection_failed")
    );
    assert!(pair(&end, "message").is_some());
}

#[tokio::test]
async fn a_backend_is_told_of_renewals_until_it_listens_or_never_will() {
    let google = Google::start().await;
    let settings = google.settings();
    let app = TestApp::with(|config| {
        config.oauth = settings;
        config.allows_private_urls = true;
    })
    .await;
    let backend = Backend::of(&app).await;
    let register = async |resource: &str, refresh_token: &str| {
        google.issued_before(refresh_token);
        let body = json!({
            "provider": "gmail", "access_token": "ya29.old", "refresh_token": refresh_token, "expires_in": 1,
            "resource": resource,
        });
        let answer = app.post_ours("/v1/oauth/register", &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    };
    backend.answers(&[500]);
    register("ann", "1//ann").await;
    eventually("it listens", async || backend.taken().len() == 1).await;
    let (_, message) = &backend.taken()[0];
    assert_eq!(
        (&message["type"], &message["data"]["resource"]),
        (&json!("oauth.refreshed"), &json!("ann"))
    );
    assert!(!message.to_string().contains("ya29") && !message.to_string().contains("1//"));
    backend.answers(&[410]);
    register("bob", "1//bob").await;
    let dead = "/v1/webhooks/deliveries?status=dead";
    eventually("it never will", async || {
        let listed = app.get_ours(dead).await.json();
        listed["deliveries"][0]["payload"]["data"]["resource"] == "bob"
    })
    .await;
}

#[tokio::test]
async fn where_jira_is_down_its_tokens_are_not_taken() {
    let app = TestApp::with(|config| {
        config.oauth.endpoints.jira = "http://127.0.0.1:1".parse().unwrap();
    })
    .await;
    let body = json!({"provider": "jira", "access_token": "x", "user_email": "user@example.com"});
    let answer = app.post_ours("/v1/oauth/register", &body).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{answer:?}");
}
