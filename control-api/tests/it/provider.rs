//! A provider's login and API, strict about what they are sent.

use axum::{
    Form, Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use casp_actions::{
    Endpoints,
    connections::{OAuthClient, OAuthClients, OAuthRoots},
};
use casp_control_api::OAuthSettings;
use reqwest::Url;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// What was asked at the consent page.
type Asked = HashMap<String, String>;

/// Google, as far as it is needed here.
#[derive(Clone)]
pub(crate) struct Google {
    pub(crate) url: Url,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    /// Codes that were given out, with what was asked.
    codes: HashMap<String, Asked>,
    /// The refresh token that is good.
    refresh_token: String,
    issued: u32,
    pub(crate) revoked: Vec<String>,
    revoke_fails: u32,
    email: String,
}

impl Google {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let google = Self {
            url: Url::parse(&url).unwrap(),
            inner: Arc::default(),
        };
        google.inner.lock().unwrap().email = "ann@gmail.com".into();
        let routes = Router::new()
            .route("/token", post(token))
            .route("/revoke", post(revoke))
            .route("/oauth2/v3/userinfo", get(userinfo))
            .route("/calendar/v3/calendars/primary/events", get(events))
            .route("/calendar/v3/freeBusy", post(free_busy))
            .with_state(google.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        google
    }

    pub(crate) fn settings(&self) -> OAuthSettings {
        OAuthSettings {
            clients: OAuthClients {
                google: Some(OAuthClient {
                    id: "google-id".into(),
                    secret: "google-secret".to_owned().into(),
                }),
                ..OAuthClients::default()
            },
            roots: OAuthRoots {
                google: self.url.clone(),
                ..OAuthRoots::default()
            },
            endpoints: Endpoints {
                google_api: self.url.clone(),
                ..Endpoints::default()
            },
            google_redirect_uri: None,
        }
    }

    /// The user says yes at the consent page; returns the code.
    pub(crate) fn consent(&self, page: &Url) -> (String, String) {
        let asked: Asked = page.query_pairs().into_owned().collect();
        assert_eq!(page.path(), "/o/oauth2/v2/auth");
        for (name, value) in [
            ("client_id", "google-id"),
            ("response_type", "code"),
            ("access_type", "offline"),
            ("prompt", "consent"),
            ("code_challenge_method", "S256"),
        ] {
            assert_eq!(asked[name], value, "{page}");
        }
        let mut inner = self.inner.lock().unwrap();
        inner.issued += 1;
        let code = format!("4/code-{}", inner.issued);
        let state = asked["state"].clone();
        inner.codes.insert(code.clone(), asked);
        (code, state)
    }

    /// A refresh token that somebody has got.
    pub(crate) fn issued_before(&self, refresh_token: impl Into<String>) {
        self.inner.lock().unwrap().refresh_token = refresh_token.into();
    }

    pub(crate) fn revoked(&self) -> Vec<String> {
        self.inner.lock().unwrap().revoked.clone()
    }

    pub(crate) fn fail_revocations(&self, times: u32) {
        self.inner.lock().unwrap().revoke_fails = times;
    }
}

fn bad(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response()
}

async fn token(State(google): State<Google>, Form(form): Form<Asked>) -> Response {
    if form.get("client_id").map(String::as_str) != Some("google-id")
        || form.get("client_secret").map(String::as_str) != Some("google-secret")
    {
        return (
            StatusCode::UNAUTHORIZED,
            Json(json!({"error": "invalid_client"})),
        )
            .into_response();
    }
    let mut inner = google.inner.lock().unwrap();
    let scope = match form["grant_type"].as_str() {
        "authorization_code" => {
            let Some(asked) = inner.codes.remove(&form["code"]) else {
                return bad("invalid_grant");
            };
            let challenge =
                URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
            if asked["code_challenge"] != challenge || asked["redirect_uri"] != form["redirect_uri"]
            {
                return bad("invalid_grant");
            }
            asked["scope"].clone()
        }
        "refresh_token" if form["refresh_token"] == inner.refresh_token => "openid".into(),
        "refresh_token" => return bad("invalid_grant"),
        _ => return bad("unsupported_grant_type"),
    };
    inner.issued += 1;
    inner.refresh_token = format!("1//refresh-{}", inner.issued);
    Json(json!({
        "access_token": format!("ya29.access-{}", inner.issued), "expires_in": 3599,
        "refresh_token": inner.refresh_token, "scope": scope, "token_type": "Bearer",
    }))
    .into_response()
}

async fn revoke(State(google): State<Google>, Form(form): Form<Asked>) -> StatusCode {
    let mut inner = google.inner.lock().unwrap();
    if inner.revoke_fails > 0 {
        inner.revoke_fails -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    inner.revoked.push(form["token"].clone());
    StatusCode::OK
}

fn is_authorized(headers: &HeaderMap) -> bool {
    let bearer = headers
        .get("authorization")
        .map(|value| value.to_str().unwrap());
    bearer.is_some_and(|bearer| bearer.starts_with("Bearer ya29.access-"))
}

async fn userinfo(State(google): State<Google>, headers: HeaderMap) -> Response {
    if !is_authorized(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let email = google.inner.lock().unwrap().email.clone();
    Json(json!({"sub": "1", "email": email, "email_verified": true})).into_response()
}

async fn events(headers: HeaderMap, Query(query): Query<Asked>) -> Response {
    if !is_authorized(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    assert_eq!(
        (query["singleEvents"].as_str(), query["orderBy"].as_str()),
        ("true", "startTime")
    );
    assert!(query["timeMin"].ends_with('Z'));
    let all = [
        json!({"id": "event_id_123", "summary": "Team Meeting", "start": {"dateTime": "2024-01-15T15:00:00+01:00"},
            "end": {"dateTime": "2024-01-15T16:00:00+01:00"}, "location": "Conference Room A", "description": "Weekly team sync"}),
        json!({"id": "day", "start": {"date": "2024-01-16"}, "end": {"date": "2024-01-17"}}),
    ];
    let most = query["maxResults"].parse().unwrap();
    Json(json!({"items": all.into_iter().take(most).collect::<Vec<_>>()})).into_response()
}

async fn free_busy(headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if !is_authorized(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    assert_eq!(body["items"], json!([{"id": "primary"}]));
    Json(json!({"calendars": {"primary": {"busy": [{"start": "2024-01-15T14:00:00Z", "end": "2024-01-15T15:00:00Z"}]}}}))
        .into_response()
}
