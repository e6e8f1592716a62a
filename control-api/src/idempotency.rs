//! `Idempotency-Key`: a request that is sent again, because its answer was lost, has one effect.
//!
//! A handler takes an [`Idempotent`] body instead of a `JsonBody` (or [`Idempotency`] when there is no body) and does
//! its work within [`Idempotency::once`]:
//!
//! ```ignore
//! async fn schedule_call(State(api): State<ControlApi>, Initiator(caller): Initiator, request: Idempotent<ScheduleRequest>) -> Response {
//!     let Idempotent { body, idempotency } = request;
//!     idempotency.once(&api, caller.account, "schedule-call", async move |attempt| { … }).await
//! }
//! ```
//!
//! - The first request with a key runs, to its end even if its client goes away; its answer is kept for 24 hours and
//!   given to every further one, with `Idempotent-Replayed: true`.
//! - While it runs, another one gets 409 with `Retry-After`.
//! - The same key with another path or body gets 422.
//! - An answer that says that nothing was done (401, 409, 429) is not kept. After one that leaves open what was done
//!   (5xx, a crash) the next request runs again; [`Attempt::is_repeated`] says so, and [`Attempt::name`] is what to
//!   recognise by what was done before.

use crate::{
    ControlApi,
    body::{parse, read},
    clock::now_ms,
    error::{ApiError, ErrorBody, FieldError},
};
use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use casp_store::{
    AccountId,
    idempotency::{self, Begun, KeptAnswer, RequestKey},
};
use serde::de::DeserializeOwned;
use std::time::Duration;
use tracing::Instrument as _;
use utoipa::IntoParams;

/// How long an answer is kept.
const KEPT_MS: i64 = 24 * 60 * 60 * 1_000;
/// A request that takes longer has failed.
const RUN_TIMEOUT: Duration = Duration::from_secs(50);
/// After this long without an answer the one who ran the request is taken for dead. More than the above.
const LEASE_MS: i64 = 60_000;
/// When to ask again for the answer of a request that runs.
const ASK_AGAIN_S: u16 = 1;
/// Longest key.
const LONGEST_KEY: usize = 255;
/// Longest answer that is kept, bytes.
const LONGEST_ANSWER: usize = 256 * 1024;

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The header, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only described, never made")]
pub(crate) struct IdempotencyHeader {
    /// Any text of yours, 1 to 255 characters: the same request with the same key has one effect, and gets the first
    /// answer for 24 hours. 409 while the first one runs, 422 when the key was used for another request.
    #[param(
        rename = "Idempotency-Key",
        required = false,
        min_length = 1,
        max_length = 255,
        example = "8e03978e-40d5-43dd-bc93-6894a57f9324"
    )]
    idempotency_key: Option<String>,
}

/// The key, if there is one, and what was asked for.
#[derive(Debug)]
pub(crate) struct Idempotency {
    key: Option<String>,
    /// Path and query, then the body.
    request: String,
}

/// A JSON body with its key: as `JsonBody`, 400 when it is none, 413 when it is too large, 422 when it is not a `T`. None
/// at all is `{}`.
#[derive(Debug)]
pub(crate) struct Idempotent<T> {
    pub(crate) body: T,
    pub(crate) idempotency: Idempotency,
}

/// One run of a request.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// The same whenever the same request is repeated within the key's day, and no other's; `None` without a key.
    pub(crate) name: Option<String>,
    /// The request was begun before, and nobody knows how far that one came.
    #[allow(dead_code, reason = "for effects that cannot be recognised by a name")]
    pub(crate) is_repeated: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Idempotency {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let path = parts.uri.path_and_query();
        Ok(Self {
            key: key(parts)?,
            request: path.map(ToString::to_string).unwrap_or_default(),
        })
    }
}

impl<T: DeserializeOwned> FromRequest<ControlApi> for Idempotent<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &ControlApi) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let mut idempotency = Idempotency::from_request_parts(&mut parts, api).await?;
        let request = Request::from_parts(parts, body);
        let mut bytes = read(request, api.config.limits.body_bytes).await?;
        if bytes.is_empty() {
            bytes = Bytes::from_static(b"{}");
        }
        idempotency.request.push('\n');
        idempotency
            .request
            .push_str(&String::from_utf8_lossy(&bytes));
        Ok(Self {
            body: parse(&bytes)?,
            idempotency,
        })
    }
}

fn key(parts: &Parts) -> Result<Option<String>, ApiError> {
    let mut given = parts.headers.get_all("idempotency-key").iter();
    let Some(key) = given.next() else {
        return Ok(None);
    };
    let wrong = || {
        let rule = format!("one text of 1 to {LONGEST_KEY} visible ASCII characters");
        ApiError::Invalid(vec![FieldError::new("header", "Idempotency-Key", rule)])
    };
    let key = key.to_str().map_err(|_| wrong())?.trim();
    // The draft standard has it in quotes; most clients send it bare.
    let bare = key.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
    let key = bare.unwrap_or(key);
    if key.is_empty() || key.len() > LONGEST_KEY || given.next().is_some() {
        return Err(wrong());
    }
    Ok(Some(key.to_owned()))
}

impl Idempotency {
    /// Runs the request, or gives the answer that it got before. `route` names the operation: keys are an account's
    /// at one operation.
    pub(crate) async fn once<F, R>(
        self,
        api: &ControlApi,
        account: AccountId,
        route: &'static str,
        run: impl FnOnce(Attempt) -> F,
    ) -> Response
    where
        F: Future<Output = Result<R, ApiError>> + Send + 'static,
        R: IntoResponse,
    {
        let Some(key) = self.key else {
            let attempt = Attempt {
                name: None,
                is_repeated: false,
            };
            return run(attempt).await.into_response();
        };
        let request = RequestKey::new(account, route, &key, &self.request);
        let store = &api.config.store;
        let begun = idempotency::begin(store, &request, LEASE_MS, KEPT_MS, now_ms()).await;
        let (lease, begun_at_ms) = match begun {
            Ok(Begun::Run { lease, begun_at_ms }) => (lease, begun_at_ms),
            Ok(Begun::Answered(answer)) => return replayed(answer),
            Ok(Begun::InProgress) => return in_progress(),
            Ok(Begun::Mismatch) => return mismatch().into_response(),
            Err(error) => return ApiError::from(error).into_response(),
        };
        let attempt = Attempt {
            name: Some(request.name(begun_at_ms)),
            is_repeated: lease > 1,
        };
        let run = run(attempt);
        let (api, tasks) = (api.clone(), api.tasks.clone());
        // In a task of its own: a client that hangs up does not stop it half-way.
        let work = async move {
            let answer = match tokio::time::timeout(RUN_TIMEOUT, run).await {
                Ok(result) => result.into_response(),
                Err(_) => crate::error::plain(StatusCode::GATEWAY_TIMEOUT).into_response(),
            };
            keep(&api, &request, lease, answer).await
        };
        let running = tasks.spawn(work.in_current_span());
        // A panic leaves the lease to run out.
        running
            .await
            .unwrap_or_else(|_| ApiError::Internal.into_response())
    }
}

/// Writes the answer down where it is one to keep.
async fn keep(api: &ControlApi, request: &RequestKey, lease: i64, answer: Response) -> Response {
    let store = &api.config.store;
    let status = answer.status();
    let (parts, body) = answer.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LONGEST_ANSWER).await else {
        tracing::error!(route = request.route, "an answer is too long to be kept");
        return ApiError::Internal.into_response();
    };
    let is_for_now = matches!(
        status,
        StatusCode::UNAUTHORIZED | StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS
    );
    // What an attempt before this one may have done must be found by the next one, under the same name.
    let kept = if status.is_server_error() || (is_for_now && lease > 1) {
        idempotency::release(store, request, lease, now_ms()).await
    } else if is_for_now {
        idempotency::forget(store, request, lease).await
    } else {
        let answer = KeptAnswer {
            status: status.as_u16(),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        idempotency::finish(store, request, lease, &answer).await
    };
    if let Err(error) = kept {
        tracing::error!(%error, route = request.route, "an answer could not be kept");
    }
    Response::from_parts(parts, Body::from(body))
}

fn replayed(answer: KeptAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn in_progress() -> Response {
    let body = ErrorBody {
        detail: "A request with this Idempotency-Key is running. Ask again soon.".into(),
        status_code: StatusCode::CONFLICT.as_u16(),
        errors: Vec::new(),
    };
    let mut response = body.into_response();
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, ASK_AGAIN_S.into());
    response
}

fn mismatch() -> ApiError {
    let msg = "this key was used for another request";
    ApiError::Invalid(vec![FieldError::new("header", "Idempotency-Key", msg)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_of(values: &[&'static str]) -> Result<Option<String>, ApiError> {
        let mut request = Request::new(());
        for value in values {
            let value = HeaderValue::from_static(value);
            request.headers_mut().append("idempotency-key", value);
        }
        key(&request.into_parts().0)
    }

    #[test]
    fn keys_come_bare_or_in_quotes() {
        assert_eq!(key_of(&[]).unwrap(), None);
        assert_eq!(key_of(&["abc"]).unwrap().as_deref(), Some("abc"));
        assert_eq!(key_of(&["\"abc\""]).unwrap().as_deref(), Some("abc"));
    }

    #[test]
    fn keys_that_are_none() {
        for values in [&[""] as &[_], &["\"\""], &["  "], &["a", "b"]] {
            assert!(
                matches!(key_of(values), Err(ApiError::Invalid(_))),
                "{values:?}"
            );
        }
    }
}
