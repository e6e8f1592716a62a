//! What each vendor's login wants and answers, as its documents have it.

use super::login::{CLIENT_ID, CLIENT_SECRET, Fields};
use axum::{
    Json,
    body::Bytes,
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

/// One vendor's login.
pub(super) struct Shape {
    page: &'static str,
    pub(super) token_path: &'static str,
    is_json: bool,
    /// The parameter of the page that holds the scopes.
    pub(super) scope_field: &'static str,
    /// What else the page has to be given; `*`: anything.
    page_wants: &'static [(&'static str, &'static str)],
    pub(super) bad_code: &'static str,
    pub(super) bad_refresh: &'static str,
    /// Access token, refresh token, seconds, scopes.
    pub(super) tokens: fn(&str, Option<&str>, u64, &str) -> Value,
}

fn plain(access: &str, refresh: Option<&str>, life_s: u64, scope: &str) -> Value {
    let mut tokens = json!({"access_token": access, "expires_in": life_s, "scope": scope, "token_type": "Bearer"});
    if let Some(refresh) = refresh {
        tokens["refresh_token"] = refresh.into();
    }
    tokens
}

/// The user's token is within `authed_user`; what is renewed is not.
fn slack(access: &str, refresh: Option<&str>, life_s: u64, scope: &str) -> Value {
    let mut user = plain(access, refresh, life_s, scope);
    user["id"] = "U1".into();
    user["token_type"] = "user".into();
    json!({"ok": true, "app_id": "A1", "authed_user": user, "team": {"id": "T1", "name": "Casp"}, "enterprise": null})
}

static SHAPES: [Shape; 5] = [
    Shape {
        page: "/o/oauth2/v2/auth",
        token_path: "/token",
        is_json: false,
        scope_field: "scope",
        page_wants: &[
            ("access_type", "offline"),
            ("prompt", "consent"),
            ("include_granted_scopes", "true"),
        ],
        bad_code: "invalid_grant",
        bad_refresh: "invalid_grant",
        tokens: plain,
    },
    Shape {
        page: "/common/oauth2/v2.0/authorize",
        token_path: "/common/oauth2/v2.0/token",
        is_json: false,
        scope_field: "scope",
        page_wants: &[("response_mode", "query")],
        bad_code: "invalid_grant",
        bad_refresh: "invalid_grant",
        tokens: plain,
    },
    Shape {
        page: "/oauth/v2/authorize",
        token_path: "/api/oauth.v2.access",
        is_json: false,
        scope_field: "user_scope",
        page_wants: &[],
        bad_code: "invalid_code",
        bad_refresh: "invalid_refresh_token",
        tokens: slack,
    },
    Shape {
        page: "/oauth/authorize",
        token_path: "/oauth/v1/token",
        is_json: false,
        scope_field: "scope",
        page_wants: &[],
        bad_code: "BAD_AUTH_CODE",
        bad_refresh: "BAD_REFRESH_TOKEN",
        tokens: plain,
    },
    Shape {
        page: "/authorize",
        token_path: "/oauth/token",
        is_json: true,
        scope_field: "scope",
        page_wants: &[("audience", "api.atlassian.com"), ("prompt", "consent")],
        bad_code: "invalid_grant",
        bad_refresh: "unauthorized_client",
        tokens: plain,
    },
];

pub(super) fn of_page(path: &str) -> &'static Shape {
    let found = SHAPES.iter().find(|shape| shape.page == path);
    found.unwrap_or_else(|| panic!("nobody has a consent page at {path}"))
}

pub(super) fn of_tokens(path: &str) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.token_path == path)
}

impl Shape {
    /// What the page was given is right, and all that it may be given.
    pub(super) fn check_page(&self, asked: &Fields) {
        let wanted = [
            ("client_id", CLIENT_ID),
            ("response_type", "code"),
            ("code_challenge_method", "S256"),
        ];
        let free = [
            "redirect_uri",
            "state",
            "code_challenge",
            "login_hint",
            self.scope_field,
        ];
        for (name, value) in wanted.iter().chain(self.page_wants) {
            assert_eq!(asked.get(*name).map(String::as_str), Some(*value), "{name}");
        }
        let is_known = |name: &str| {
            free.contains(&name)
                || wanted
                    .iter()
                    .chain(self.page_wants)
                    .any(|(known, _)| *known == name)
        };
        for (name, value) in asked {
            assert!(is_known(name) && !value.is_empty(), "{name}={value}");
        }
        assert_eq!(asked["code_challenge"].len(), 43);
        assert!(asked["state"].len() >= 20 && !asked[self.scope_field].is_empty());
    }

    /// The fields of a request for tokens, if it is one of our client.
    pub(super) fn read(&self, headers: &HeaderMap, body: &Bytes) -> Result<Fields, &'static str> {
        let content_type = headers
            .get("content-type")
            .and_then(|value| value.to_str().ok());
        let wanted = if self.is_json {
            "application/json"
        } else {
            "application/x-www-form-urlencoded"
        };
        if content_type != Some(wanted) {
            return Err("invalid_request");
        }
        let fields: Fields = if self.is_json {
            serde_json::from_slice(body).map_err(|_| "invalid_request")?
        } else {
            url::form_urlencoded::parse(body).into_owned().collect()
        };
        let has = |name: &str, value: &str| fields.get(name).is_some_and(|given| given == value);
        if !has("client_id", CLIENT_ID) || !has("client_secret", CLIENT_SECRET) {
            return Err("invalid_client");
        }
        let mut names: Vec<&str> = fields.keys().map(String::as_str).collect();
        names.retain(|name| !["client_id", "client_secret", "grant_type"].contains(name));
        match names.as_slice() {
            ["code", "code_verifier", "redirect_uri"] | ["refresh_token"] => Ok(fields),
            _ => Err("invalid_request"),
        }
    }

    /// An error in the vendor's own form.
    pub(super) fn refusal(&self, error: &str) -> Response {
        let (status, body) = match self.token_path {
            "/api/oauth.v2.access" => (200, json!({"ok": false, "error": error})),
            "/oauth/v1/token" => (
                400,
                json!({"status": error, "message": "no", "correlationId": "1"}),
            ),
            _ if error == "unauthorized_client" => (
                403,
                json!({"error": error, "error_description": "refresh_token is invalid"}),
            ),
            _ if error == "invalid_client" => (401, json!({"error": error})),
            _ => (
                400,
                json!({"error": error, "error_description": "Bad Request"}),
            ),
        };
        (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
    }
}

/// The token that a request asks to be forgotten, if it asks for that.
pub(super) fn revocation(
    method: &Method,
    path: &str,
    bearer: Option<&str>,
    body: &Bytes,
) -> Option<String> {
    if *method == Method::DELETE {
        return path
            .strip_prefix("/oauth/v1/refresh-tokens/")
            .map(str::to_owned);
    }
    match path {
        "/revoke" => {
            let form: Fields = url::form_urlencoded::parse(body).into_owned().collect();
            form.get("token").cloned()
        }
        "/api/auth.revoke" => bearer.map(str::to_owned),
        _ => None,
    }
}

/// Who the user is, as this vendor's API says it to somebody with a token.
pub(super) fn profile(path: &str, query: Option<&str>, bearer: Option<&str>) -> Option<Value> {
    let is_known = bearer.is_some_and(|token| token.starts_with("access-"));
    if !is_known {
        return None;
    }
    match path {
        "/oauth2/v3/userinfo" => {
            Some(json!({"sub": "1", "email": "Ann@example.com", "email_verified": true}))
        }
        "/v1.0/me" if query == Some("$select=mail,userPrincipalName") => {
            Some(json!({"mail": "ann@example.com", "userPrincipalName": "ann@example.com"}))
        }
        "/api/users.info" if query == Some("user=U1") => Some(json!({
            "ok": true, "user": {"id": "U1", "is_email_confirmed": true, "profile": {"email": "ann@example.com"}},
        })),
        "/oauth/token/accessible-resources" => Some(json!([
            {"id": "confluence-1", "url": "https://docs.atlassian.net", "name": "docs", "scopes": ["read:confluence-content.all"]},
            {"id": "cloud-1", "url": "https://casp.atlassian.net", "name": "casp", "scopes": ["read:jira-work", "write:jira-work"]},
        ])),
        "/me" => Some(
            json!({"account_type": "atlassian", "account_id": "1", "email": "ann@example.com"}),
        ),
        _ => path.strip_prefix("/oauth/v1/access-tokens/access-").map(
            |_| json!({"user": "ann@example.com", "hub_id": 62_515, "hub_domain": "casp.example"}),
        ),
    }
}
