//! One server, one connection pool that is kept warm, one way to read its refusals.

use super::NAME;
use crate::{
    ProviderError, error::cut, settings::OpenAiSettings, settings::SettingsError,
    settings::Timeouts,
};
use casp_telemetry::{TRACE_TARGET, mark_failed};
use reqwest::{
    Client, RequestBuilder, Response, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER},
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    sync::Mutex,
    time::{Duration, Instant},
};
use tokio::sync::Notify;
use tracing::{Instrument as _, Span, field::Empty};

/// OpenAI itself.
const OPENAI: &str = "https://api.openai.com/v1";
/// Idle connections stay in the pool; the server's own limit comes first, and `keep_warm` beats that.
const POOL_IDLE: Duration = Duration::from_mins(10);
/// An error's body is read this far, and waited for this long.
const ERROR_BODY_BYTES: usize = 16 * 1024;
const ERROR_BODY_WAIT: Duration = Duration::from_millis(500);
/// How long a warming request may take.
const WARM_WAIT: Duration = Duration::from_secs(5);

/// A server that speaks OpenAI's API.
#[derive(Debug)]
pub(crate) struct Endpoint {
    client: Client,
    /// Ends in no slash.
    base: String,
    host: String,
    port: u16,
    key: Option<SecretString>,
    is_openai_itself: bool,
    last_used: Mutex<Instant>,
    connection_lost: Notify,
    warm_idle: Duration,
}

impl Endpoint {
    /// Makes the client; opens nothing yet.
    pub(crate) fn new(
        settings: &OpenAiSettings,
        timeouts: &Timeouts,
    ) -> Result<Self, SettingsError> {
        let given = settings.base_url.as_deref().map(str::trim);
        let base = base_url(given.filter(|url| !url.is_empty()).unwrap_or(OPENAI))?;
        let is_openai_itself = base.host_str() == Some("api.openai.com");
        let key = settings
            .api_key
            .as_ref()
            .map(|key| key.expose_secret().trim())
            .filter(|key| !key.is_empty());
        if is_openai_itself && key.is_none() {
            return Err(SettingsError::NoApiKey);
        }
        let mut headers = HeaderMap::new();
        if let Some(key) = key {
            let mut bearer = HeaderValue::from_str(&format!("Bearer {key}"))
                .map_err(|_| SettingsError::ApiKey)?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        let mut client = Client::builder()
            .default_headers(headers)
            .user_agent(concat!("casp/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(timeouts.connect)
            .pool_idle_timeout(POOL_IDLE)
            .tcp_nodelay(true)
            .tcp_keepalive(Duration::from_secs(30))
            // No API endpoint redirects, and a key must not follow one.
            .redirect(reqwest::redirect::Policy::none());
        if is_loopback(&base) {
            client = client.no_proxy();
        }
        Ok(Self {
            client: client
                .build()
                .map_err(|error| SettingsError::HttpClient(error.to_string()))?,
            host: base.host_str().unwrap_or_default().to_owned(),
            port: base.port_or_known_default().unwrap_or_default(),
            base: base.as_str().trim_end_matches('/').to_owned(),
            key: key.map(SecretString::from),
            is_openai_itself,
            last_used: Mutex::new(Instant::now()),
            connection_lost: Notify::new(),
            warm_idle: timeouts.warm_idle,
        })
    }

    /// Whether this is OpenAI and not something that speaks like it.
    pub(crate) fn is_openai_itself(&self) -> bool {
        self.is_openai_itself
    }

    /// A request to `path` (with its leading slash).
    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base))
    }

    /// Sends; a status other than 2xx is an error.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, ProviderError> {
        self.touch();
        let span = self.span();
        let response = request.send().instrument(span.clone()).await;
        match &response {
            Ok(response) => {
                let status = response.status();
                span.record("http.response.status_code", i64::from(status.as_u16()));
                if !status.is_success() {
                    mark_failed(&span, status.as_str());
                }
            }
            Err(_) => mark_failed(&span, "no answer"),
        }
        drop(span);
        let response = response.map_err(|error| sending(&error))?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(self.refusal(response).await)
        }
    }

    /// Of one request, up to the headers of its answer. The provider is not told of it.
    fn span(&self) -> Span {
        tracing::info_span!(
            target: TRACE_TARGET,
            "POST",
            otel.kind = "client",
            otel.status_code = Empty,
            error.type = Empty,
            http.request.method = "POST",
            server.address = self.host,
            server.port = i64::from(self.port),
            http.response.status_code = Empty,
        )
    }

    /// Opens a connection and keeps one open for ever, so that no turn waits for a handshake: a request
    /// whenever the server was left alone for `warm_idle`, and one when a cancelled answer took its
    /// connection with it.
    pub(crate) async fn keep_warm(&self) {
        loop {
            self.touch();
            let head = self
                .client
                .head(format!("{}/models", self.base))
                .timeout(WARM_WAIT);
            // Any answer will do, also 404: the connection is what counts.
            if let Err(error) = head.send().await {
                tracing::debug!(provider = NAME, error = %error.without_url(), "no connection to keep warm");
            }
            self.left_alone().await;
        }
    }

    async fn left_alone(&self) {
        loop {
            let idle = self.idle();
            let Some(rest) = self
                .warm_idle
                .checked_sub(idle)
                .filter(|rest| !rest.is_zero())
            else {
                return;
            };
            tokio::select! {
                () = tokio::time::sleep(rest) => {}
                () = self.connection_lost.notified() => return,
            }
        }
    }

    fn touch(&self) {
        *self
            .last_used
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Instant::now();
    }

    fn idle(&self) -> Duration {
        self.last_used
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .elapsed()
    }

    async fn refusal(&self, response: Response) -> ProviderError {
        let status = response.status();
        let provider = NAME.to_owned();
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ProviderError::Unauthorized {
                provider,
                status: status.as_u16(),
            },
            StatusCode::TOO_MANY_REQUESTS => ProviderError::RateLimited {
                provider,
                retry_after: retry_after(response.headers()),
            },
            StatusCode::REQUEST_TIMEOUT => ProviderError::timeout(NAME, "at the provider"),
            status if status.is_client_error() => ProviderError::Rejected {
                provider,
                status: status.as_u16(),
                message: self.own_words(response).await,
            },
            status => ProviderError::unavailable(NAME, format!("status {}", status.as_u16())),
        }
    }

    /// `error.message` of the body, else nothing: a page of a proxy is no message.
    async fn own_words(&self, response: Response) -> String {
        let body =
            tokio::time::timeout(ERROR_BODY_WAIT, read_all(response, ERROR_BODY_BYTES)).await;
        let Ok(Ok(body)) = body else {
            return "no reason given".into();
        };
        let Ok(body) = serde_json::from_slice::<serde_json::Value>(&body) else {
            return "no reason given".into();
        };
        let message = body["error"]["message"].as_str().or(body["error"].as_str());
        self.without_key(message.unwrap_or("no reason given"))
    }

    /// A provider's words, fit for an error: short, one line, and never with the key in them.
    pub(crate) fn without_key(&self, message: &str) -> String {
        match &self.key {
            Some(key) => cut(&message.replace(key.expose_secret(), "***")),
            None => cut(message),
        }
    }
}

/// Tells the endpoint when an answer is given up before its end: its HTTP/1 connection is closed then,
/// and the next turn should not have to open another.
#[derive(Debug)]
pub(crate) struct InFlight {
    endpoint: std::sync::Arc<Endpoint>,
    is_complete: bool,
}

impl InFlight {
    /// An answer begins.
    pub(crate) fn new(endpoint: std::sync::Arc<Endpoint>) -> Self {
        Self {
            endpoint,
            is_complete: false,
        }
    }

    /// The body was read to its end; the connection is back in the pool.
    pub(crate) fn complete(&mut self) {
        self.is_complete = true;
        self.endpoint.touch();
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if !self.is_complete {
            self.endpoint.connection_lost.notify_one();
        }
    }
}

fn base_url(given: &str) -> Result<Url, SettingsError> {
    let url = Url::parse(given).map_err(|error| SettingsError::BaseUrl(error.to_string()))?;
    let complaint = if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        Some("it is not an http or https URL")
    } else if !url.username().is_empty() || url.password().is_some() {
        Some("credentials belong into OPENAI_API_KEY")
    } else if url.query().is_some() || url.fragment().is_some() {
        Some("it has a query or a fragment")
    } else {
        None
    };
    match complaint {
        Some(complaint) => Err(SettingsError::BaseUrl(complaint.into())),
        None => Ok(url),
    }
}

/// A proxy from the environment is for the outside.
fn is_loopback(base: &Url) -> bool {
    match base.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Seconds or a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let wait = at.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(wait).unwrap_or(Duration::ZERO))
}

/// An error before the answer began.
fn sending(error: &reqwest::Error) -> ProviderError {
    if error.is_timeout() {
        ProviderError::timeout(NAME, "connect")
    } else if error.is_connect() {
        ProviderError::unavailable(NAME, "cannot connect")
    } else {
        ProviderError::unavailable(NAME, "the connection broke before an answer came")
    }
}

/// An error in the middle of the answer.
pub(crate) fn broke_off() -> ProviderError {
    ProviderError::bad_answer(NAME, "the answer broke off")
}

/// What the headers call the body, in lower case, without parameters.
pub(crate) fn content_type(response: &Response) -> String {
    response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase())
        .unwrap_or_default()
}

/// The whole body, of at most `limit` bytes.
pub(crate) async fn read_all(
    mut response: Response,
    limit: usize,
) -> Result<Vec<u8>, ProviderError> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|_| broke_off())? {
        if body.len() + piece.len() > limit {
            return Err(ProviderError::bad_answer(NAME, "the answer is too long"));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}
