//! HTTP at a provider's API, on behalf of one user.

mod download;

use crate::{AccessToken, ActionError, Owner, Provider, TokenSource};
use bytes::{Bytes, BytesMut};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

/// The whole of a request, its repetitions included. An agent's caller waits meanwhile.
const PATIENCE: Duration = Duration::from_secs(12);
/// Repetitions after the first attempt.
const MOST_REPEATS: u32 = 3;
/// The first pause before a repetition; it doubles, and is up to half longer by chance.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The largest answer that is read.
const MAX_ANSWER: usize = 12 * 1024 * 1024;
/// The longest explanation of a provider's that is passed on, in characters.
const MAX_MESSAGE: usize = 300;

/// A request to be sent, as often as it takes.
#[derive(Debug, Clone)]
pub struct ApiRequest {
    method: Method,
    url: Url,
    headers: Vec<(header::HeaderName, String)>,
    body: Option<(String, Bytes)>,
    is_repeatable: bool,
}

impl ApiRequest {
    /// A request. GET, PUT and DELETE may be repeated, POST and PATCH only after an answer that says nothing was done.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            is_repeatable: !matches!(method, Method::POST | Method::PATCH),
            method,
            url,
            headers: Vec::new(),
            body: None,
        }
    }

    /// GET.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// POST with JSON.
    pub fn post(url: Url, body: &Value) -> Self {
        Self::new(Method::POST, url).json(body)
    }

    /// Adds `name=value` to the query.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.url.query_pairs_mut().append_pair(name, value.as_ref());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// JSON as the body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Bytes as the body.
    #[must_use]
    pub fn body(mut self, mime_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = Some((mime_type.to_owned(), body.into()));
        self
    }

    /// It may be repeated although its method says otherwise: it only looks, or carries a key by which the provider
    /// knows a repetition.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.is_repeatable = true;
        self
    }
}

/// A provider's API, on behalf of one user.
#[derive(Debug, Clone)]
pub struct ApiClient {
    http: reqwest::Client,
    tokens: Arc<dyn TokenSource>,
    owner: Owner,
    provider: Provider,
}

/// What an attempt came to.
enum Attempt {
    Answer(Response),
    /// The token is refused.
    Unauthorized,
    /// To be repeated, after so long if the provider says.
    Again(Option<Duration>, ActionError),
}

impl ApiClient {
    /// For one connection.
    pub fn new(
        http: reqwest::Client,
        tokens: Arc<dyn TokenSource>,
        owner: Owner,
        provider: Provider,
    ) -> Self {
        Self {
            http,
            tokens,
            owner,
            provider,
        }
    }

    /// Whose API it is.
    pub fn provider(&self) -> Provider {
        self.provider
    }

    /// The connection's token, for what is told beside it: scopes, site.
    pub async fn token(&self) -> Result<AccessToken, ActionError> {
        Ok(self.tokens.token(&self.owner, self.provider).await?)
    }

    /// Another token, for an API that refuses one otherwise than by 401.
    pub async fn renewed(&self, refused: &AccessToken) -> Result<AccessToken, ActionError> {
        let renewed = self.tokens.renewed(&self.owner, self.provider, refused);
        Ok(renewed.await?)
    }

    /// The JSON of an answer.
    pub async fn json<T: DeserializeOwned>(&self, request: ApiRequest) -> Result<T, ActionError> {
        let bytes = self.bytes(request).await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            tracing::warn!(provider = %self.provider, %error, "an answer that cannot be read");
            ActionError::BadAnswer(self.provider)
        })
    }

    /// The bytes of an answer; none for 204.
    pub async fn bytes(&self, request: ApiRequest) -> Result<Bytes, ActionError> {
        let deadline = Instant::now() + PATIENCE;
        let response = self.send(&request, deadline).await?;
        if !response.status().is_success() {
            return Err(ActionError::BadAnswer(self.provider));
        }
        match self.read(response, deadline).await {
            // It was done, but what it came to is not known.
            Err(ActionError::Unavailable(_)) if !request.is_repeatable => {
                Err(ActionError::Unknown(self.provider))
            }
            // The answer was cut.
            Err(ActionError::Unavailable(_)) if Instant::now() < deadline => {
                let response = self.send(&request, deadline).await?;
                self.read(response, deadline).await
            }
            read => read,
        }
    }

    /// The answer of success; refusals are errors.
    async fn send(&self, request: &ApiRequest, deadline: Instant) -> Result<Response, ActionError> {
        let mut token = self.tokens.token(&self.owner, self.provider).await?;
        let (mut repeats, mut is_renewed) = (0, false);
        loop {
            let (wanted, error) = match self.attempt(request, &token, deadline).await? {
                Attempt::Answer(response) => return Ok(response),
                Attempt::Unauthorized if !is_renewed => {
                    is_renewed = true;
                    token = self
                        .tokens
                        .renewed(&self.owner, self.provider, &token)
                        .await?;
                    continue;
                }
                Attempt::Unauthorized => {
                    return Err(crate::TokenError::NeedsReauth(self.provider).into());
                }
                Attempt::Again(wanted, error) => (wanted, error),
            };
            let grown = FIRST_PAUSE * 2_u32.pow(repeats);
            let pause = wanted.unwrap_or_else(|| grown.mul_f64(1.0 + rand::random::<f64>() / 2.0));
            if repeats == MOST_REPEATS || Instant::now() + pause >= deadline {
                return Err(error);
            }
            repeats += 1;
            sleep(pause).await;
        }
    }

    async fn attempt(
        &self,
        request: &ApiRequest,
        token: &AccessToken,
        deadline: Instant,
    ) -> Result<Attempt, ActionError> {
        let sent = timeout_at(deadline, self.built(request, token).send()).await;
        let response = match sent {
            Ok(Ok(response)) => response,
            // Nothing has left yet.
            Ok(Err(error)) if error.is_connect() => {
                return Ok(Attempt::Again(
                    None,
                    ActionError::Unavailable(self.provider),
                ));
            }
            Ok(Err(_)) if request.is_repeatable => {
                return Ok(Attempt::Again(
                    None,
                    ActionError::Unavailable(self.provider),
                ));
            }
            Err(_) if request.is_repeatable => {
                return Err(ActionError::Unavailable(self.provider));
            }
            _ => return Err(ActionError::Unknown(self.provider)),
        };
        let status = response.status();
        // Where a redirection leads is seen by who asked for one.
        if status.is_success() || status == StatusCode::FOUND {
            return Ok(Attempt::Answer(response));
        }
        if status == StatusCode::UNAUTHORIZED {
            let body = self.read(response, deadline).await.unwrap_or_default();
            let body: Value = serde_json::from_slice(&body).unwrap_or_default();
            // So Atlassian's gateway tells of a scope that is missing.
            return if explanation(&body).1.contains("scope does not match") {
                Err(ActionError::MissingScope(self.provider))
            } else {
                Ok(Attempt::Unauthorized)
            };
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            let busy = ActionError::RateLimited(self.provider);
            return Ok(Attempt::Again(retry_after(&response), busy));
        }
        if status.is_server_error() {
            return if request.is_repeatable || status == StatusCode::SERVICE_UNAVAILABLE {
                let down = ActionError::Unavailable(self.provider);
                Ok(Attempt::Again(retry_after(&response), down))
            } else {
                Err(ActionError::Unknown(self.provider))
            };
        }
        let body = self.read(response, deadline).await.unwrap_or_default();
        self.refused(status, &body)
    }

    fn built(&self, request: &ApiRequest, token: &AccessToken) -> RequestBuilder {
        let mut built = self
            .http
            .request(request.method.clone(), request.url.clone())
            .bearer_auth(token.secret.expose_secret());
        for (name, value) in &request.headers {
            built = built.header(name, value);
        }
        if let Some((mime_type, body)) = &request.body {
            built = built
                .header(header::CONTENT_TYPE, mime_type)
                .body(body.clone());
        }
        built
    }

    /// What a refusal means.
    fn refused(&self, status: StatusCode, body: &[u8]) -> Result<Attempt, ActionError> {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let (code, message) = explanation(&body);
        // Google tells of its quotas with 403.
        if ["rateLimitExceeded", "userRateLimitExceeded"].contains(&code) {
            let busy = ActionError::RateLimited(self.provider);
            return Ok(Attempt::Again(None, busy));
        }
        Err(match status {
            StatusCode::FORBIDDEN if is_about_scopes(code, message) => {
                ActionError::MissingScope(self.provider)
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => self.gone(),
            _ => ActionError::Refused {
                provider: self.provider,
                status: status.as_u16(),
                message: if message.is_empty() {
                    format!("error {}", status.as_u16())
                } else {
                    message.chars().take(MAX_MESSAGE).collect()
                },
            },
        })
    }

    fn gone(&self) -> ActionError {
        let label = self.provider.label();
        ActionError::NotFound(format!("{label} does not have it any more."))
    }

    async fn read(&self, mut response: Response, deadline: Instant) -> Result<Bytes, ActionError> {
        let mut bytes = BytesMut::new();
        loop {
            match timeout_at(deadline, response.chunk()).await {
                Ok(Ok(Some(chunk))) if bytes.len() + chunk.len() <= MAX_ANSWER => {
                    bytes.extend_from_slice(&chunk);
                }
                Ok(Ok(None)) => return Ok(bytes.freeze()),
                Ok(Ok(Some(_))) => return Err(ActionError::BadAnswer(self.provider)),
                Ok(Err(_)) | Err(_) => return Err(ActionError::Unavailable(self.provider)),
            }
        }
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110 §10.2.3).
fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(value).ok()?;
    Some(at.duration_since(SystemTime::now()).unwrap_or_default())
}

/// Code and words of an error, however the provider shapes it: Google and Microsoft under `error`, HubSpot at the top,
/// Jira as `errorMessages`, or under `errors` by the name of the field.
fn explanation(body: &Value) -> (&str, &str) {
    let error = &body["error"];
    let code = error["errors"][0]["reason"]
        .as_str()
        .or_else(|| error["code"].as_str())
        .or_else(|| error["status"].as_str())
        .or_else(|| body["category"].as_str())
        .or_else(|| error.as_str())
        .unwrap_or_default();
    let message = error["message"]
        .as_str()
        .or_else(|| body["message"].as_str())
        .or_else(|| body["errorMessages"][0].as_str())
        .or_else(|| body["errors"].as_object()?.values().next()?.as_str())
        .or_else(|| body["error_description"].as_str())
        .unwrap_or_default();
    (code, message)
}

/// Whether a refusal is about what the user granted: Google's `insufficientPermissions`, Microsoft's
/// `ErrorAccessDenied` (of files `accessDenied`), HubSpot's `MISSING_SCOPES`.
fn is_about_scopes(code: &str, message: &str) -> bool {
    [
        "insufficientPermissions",
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "ErrorAccessDenied",
        "Authorization_RequestDenied",
        "accessDenied",
        "MISSING_SCOPES",
    ]
    .contains(&code)
        || message.to_ascii_lowercase().contains("scope")
}
