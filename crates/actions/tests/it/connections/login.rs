//! The logins of all vendors at one address: consent pages, token endpoints, profiles, revocation. Strict: an unknown
//! field, another client, a code or refresh token that is not good gets the vendor's own error.

use super::vendor_shapes::{self, Shape};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::stream;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{sync::Semaphore, task::JoinHandle};
use url::Url;

pub(super) const CLIENT_ID: &str = "client-id";
pub(super) const CLIENT_SECRET: &str = "client-secret";

pub(super) type Fields = BTreeMap<String, String>;

/// What happens to a request for tokens instead of what should.
pub(super) enum Fault {
    /// This answer, with `Retry-After` where there is one; nothing was done.
    Status(u16, Option<&'static str>),
    /// It was done, and the answer breaks off.
    Cut,
    /// It was done, and the answer waits until it may go.
    Held(Arc<Semaphore>),
}

/// How refresh tokens live.
#[derive(Clone, Copy)]
struct Rules {
    /// Codes bring none.
    is_sparing: bool,
    /// Each use brings another one and spends the old.
    is_rotating: bool,
    /// A spent one is taken for so long, as a repetition of what was answered.
    grace: Duration,
    /// Seconds that access tokens last.
    life_s: u64,
}

#[derive(Default)]
struct RefreshToken {
    spent: Option<Instant>,
    is_revoked: bool,
    shape: Option<&'static Shape>,
    scope: String,
}

struct World {
    rules: Rules,
    /// What was asked at consent pages, by the code that was given for it.
    codes: BTreeMap<String, Fields>,
    refresh_tokens: BTreeMap<String, RefreshToken>,
    faults: VecDeque<Fault>,
    issued: u32,
    /// The refresh tokens that came, good or not.
    presented: Vec<String>,
    revoked: Vec<String>,
    revocations_fail: u32,
    /// Access tokens that are over.
    expired: Vec<String>,
}

/// A running login; it ends with its value.
pub(super) struct Login {
    pub(super) root: Url,
    world: Arc<Mutex<World>>,
    task: JoinHandle<()>,
}

impl Drop for Login {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Login {
    /// As Google is: refresh tokens stay.
    pub(super) async fn lasting() -> Self {
        Self::with(Rules {
            is_sparing: false,
            is_rotating: false,
            grace: Duration::ZERO,
            life_s: 3_600,
        })
        .await
    }

    /// As Slack and Atlassian are; a spent refresh token is good for `grace`.
    pub(super) async fn rotating(grace: Duration) -> Self {
        Self::with(Rules {
            is_sparing: false,
            is_rotating: true,
            grace,
            life_s: 3_600,
        })
        .await
    }

    async fn with(rules: Rules) -> Self {
        let world = Arc::new(Mutex::new(World {
            rules,
            codes: BTreeMap::new(),
            refresh_tokens: BTreeMap::new(),
            faults: VecDeque::new(),
            issued: 0,
            presented: Vec::new(),
            revoked: Vec::new(),
            revocations_fail: 0,
            expired: Vec::new(),
        }));
        let app = Router::new().fallback(answer).with_state(world.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let root = format!("http://{}", listener.local_addr().unwrap());
        Self {
            root: root.parse().unwrap(),
            world,
            task: tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }),
        }
    }

    /// The user says yes at this page; the code that the user comes back with.
    pub(super) fn consent(&self, page: &Url) -> String {
        let shape = vendor_shapes::of_page(page.path());
        let asked: Fields = page.query_pairs().into_owned().collect();
        shape.check_page(&asked);
        let mut world = self.world.lock().unwrap();
        let code = world.name("code");
        world.codes.insert(code.clone(), asked);
        code
    }

    /// A refresh token that was given out before.
    pub(super) fn issued_before(&self, name: &str) -> String {
        let mut world = self.world.lock().unwrap();
        world
            .refresh_tokens
            .insert(name.to_owned(), RefreshToken::default());
        name.to_owned()
    }

    /// The next requests for tokens meet these.
    pub(super) fn faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.world.lock().unwrap().faults.extend(faults);
    }

    /// The user took the grant back.
    pub(super) fn end_all_grants(&self) {
        let mut world = self.world.lock().unwrap();
        for token in world.refresh_tokens.values_mut() {
            token.is_revoked = true;
        }
    }

    /// The next attempts to revoke fail.
    pub(super) fn fail_revocations(&self, times: u32) {
        self.world.lock().unwrap().revocations_fail = times;
    }

    /// The refresh tokens that came.
    pub(super) fn presented(&self) -> Vec<String> {
        self.world.lock().unwrap().presented.clone()
    }

    /// The tokens that were revoked since this was asked.
    pub(super) fn take_revoked(&self) -> Vec<String> {
        std::mem::take(&mut self.world.lock().unwrap().revoked)
    }

    /// From now on codes bring no refresh tokens, as Google's do for users who consented before.
    pub(super) fn gives_no_refresh_tokens(&self) {
        self.world.lock().unwrap().rules.is_sparing = true;
    }

    /// This access token is over.
    pub(super) fn expire_access(&self, name: &str) {
        self.world.lock().unwrap().expired.push(name.to_owned());
    }
}

impl World {
    fn name(&mut self, kind: &str) -> String {
        self.issued += 1;
        format!("{kind}-{}", self.issued)
    }

    /// Tokens for a code or a refresh token, or the error's name.
    fn granted(&mut self, shape: &'static Shape, fields: &Fields) -> Result<Value, &'static str> {
        let scope = match fields["grant_type"].as_str() {
            "authorization_code" => {
                let asked = self.codes.remove(&fields["code"]);
                let asked = asked.ok_or(shape.bad_code)?;
                let verifier = fields["code_verifier"].as_bytes();
                let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
                let is_whole = (43..=128).contains(&verifier.len())
                    && asked["code_challenge"] == challenge
                    && asked["redirect_uri"] == fields["redirect_uri"];
                if !is_whole {
                    return Err(shape.bad_code);
                }
                asked[shape.scope_field].clone()
            }
            "refresh_token" => self.spend(shape, &fields["refresh_token"])?,
            _ => return Err("unsupported_grant_type"),
        };
        let rules = self.rules;
        let access = self.name("access");
        let is_by_code = fields["grant_type"] == "authorization_code" && !rules.is_sparing;
        let refresh = (rules.is_rotating || is_by_code).then(|| {
            let name = self.name("refresh");
            let token = RefreshToken {
                shape: Some(shape),
                scope: scope.clone(),
                ..RefreshToken::default()
            };
            self.refresh_tokens.insert(name.clone(), token);
            name
        });
        Ok((shape.tokens)(
            &access,
            refresh.as_deref(),
            rules.life_s,
            &scope,
        ))
    }

    fn spend(&mut self, shape: &'static Shape, name: &str) -> Result<String, &'static str> {
        self.presented.push(name.to_owned());
        let rules = self.rules;
        let token = self.refresh_tokens.get_mut(name).ok_or(shape.bad_refresh)?;
        let is_late = token.spent.is_some_and(|at| at.elapsed() > rules.grace);
        let is_anothers = token
            .shape
            .is_some_and(|of| of.token_path != shape.token_path);
        if token.is_revoked || is_late || is_anothers {
            return Err(shape.bad_refresh);
        }
        if rules.is_rotating {
            token.spent.get_or_insert_with(Instant::now);
        }
        Ok(token.scope.clone())
    }
}

async fn answer(State(world): State<Arc<Mutex<World>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let path = parts.uri.path().to_owned();
    if parts.method == Method::POST
        && let Some(shape) = vendor_shapes::of_tokens(&path)
    {
        return tokens(&world, shape, &parts.headers, &body).await;
    }
    let bearer = parts.headers.get("authorization");
    let bearer = bearer.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let mut world = world.lock().unwrap();
    if let Some(token) = vendor_shapes::revocation(&parts.method, &path, bearer, &body) {
        if world.revocations_fail > 0 {
            world.revocations_fail -= 1;
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        if world.expired.contains(&token) {
            let over = json!({"ok": false, "error": "token_expired"});
            return axum::Json(over).into_response();
        }
        world.revoked.push(token);
        return axum::Json(json!({"ok": true, "revoked": true})).into_response();
    }
    match vendor_shapes::profile(&path, parts.uri.query(), bearer) {
        Some(profile) => axum::Json(profile).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn tokens(
    world: &Mutex<World>,
    shape: &'static Shape,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response {
    let fault = world.lock().unwrap().faults.pop_front();
    if let Some(Fault::Status(status, after)) = fault {
        let status = StatusCode::from_u16(status).unwrap();
        let mut response = (status, "<html>down</html>").into_response();
        if let Some(after) = after {
            let after = HeaderValue::from_static(after);
            response.headers_mut().insert("retry-after", after);
        }
        return response;
    }
    let read = shape.read(headers, body);
    let granted = read.and_then(|fields| world.lock().unwrap().granted(shape, &fields));
    match fault {
        Some(Fault::Cut) => {
            let text = granted.unwrap().to_string();
            let half = Bytes::copy_from_slice(&text.as_bytes()[..text.len() / 2]);
            let end = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
            return Body::from_stream(stream::iter([Ok(half), Err(end)])).into_response();
        }
        Some(Fault::Held(gate)) => gate.acquire().await.unwrap().forget(),
        _ => {}
    }
    match granted {
        Ok(tokens) => axum::Json(tokens).into_response(),
        Err(error) => shape.refusal(error),
    }
}
