//! Requests: credentials, time limits, repeats, errors.

use super::{
    error::{Refusal, TwilioError},
    form::Form,
};
use backon::{ExponentialBuilder, Retryable as _};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use std::{fmt, time::Duration};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest time of one attempt, and of a silence within an answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that has been idle for longer is not used again: the other side may be closing it just then, and a
/// call whose request is lost that way is a call nobody knows about.
const IDLE: Duration = Duration::from_secs(20);
/// Attempts after the first.
const REPEATS: usize = 3;
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Who is told to wait longer than this waits elsewhere: the error is returned, with the time.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Twilio's account and addresses.
#[derive(Clone)]
pub struct RestSettings {
    /// `AC…`
    pub account_sid: String,
    /// The account's auth token.
    pub auth_token: SecretString,
    /// `https://api.twilio.com`
    pub api_base_url: String,
    /// `https://intelligence.twilio.com`
    pub intelligence_base_url: String,
}

impl fmt::Debug for RestSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestSettings")
            .field("api_base_url", &self.api_base_url)
            .field("intelligence_base_url", &self.intelligence_base_url)
            .finish_non_exhaustive()
    }
}

/// Twilio's REST API with one account's credentials. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TwilioClient {
    http: reqwest::Client,
    settings: RestSettings,
}

/// Whether a request that may have been done may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Done twice is done once.
    Harmless,
    /// Only when it is certain that nothing happened.
    OnlyUnsent,
}

impl TwilioClient {
    /// Makes the client; nothing is sent yet.
    pub fn new(settings: RestSettings) -> Result<Self, TwilioError> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(TIMEOUT)
            .pool_idle_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::none())
            // Repeats are decided here, where it is known what may be repeated.
            .retry(reqwest::retry::never())
            .build()
            .map_err(TwilioError::HttpClient)?;
        Ok(Self { http, settings })
    }

    /// `AC…`
    pub fn account_sid(&self) -> &str {
        &self.settings.account_sid
    }

    /// Address of a resource of the account: `Calls.json`, …
    pub(super) fn api_url(&self, resource: &str) -> String {
        format!(
            "{}/2010-04-01/Accounts/{}/{resource}",
            self.settings.api_base_url.trim_end_matches('/'),
            self.settings.account_sid
        )
    }

    /// Address of a resource of Voice Intelligence: `Transcripts`, …
    pub(super) fn intelligence_url(&self, resource: &str) -> String {
        format!(
            "{}/v2/{resource}",
            self.settings.intelligence_base_url.trim_end_matches('/')
        )
    }

    /// A read.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        url: &str,
        query: &Form,
    ) -> Result<T, TwilioError> {
        let request = || self.request(Method::GET, url).query(query.pairs());
        read(self.send(Repeat::Harmless, request).await?).await
    }

    /// A change.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        url: &str,
        form: &Form,
        repeat: Repeat,
    ) -> Result<T, TwilioError> {
        let request = || self.request(Method::POST, url).form(form.pairs());
        read(self.send(repeat, request).await?).await
    }

    /// A deletion; what is gone already is deleted.
    pub(super) async fn delete(&self, url: &str) -> Result<(), TwilioError> {
        let request = || self.request(Method::DELETE, url);
        match self.send(Repeat::Harmless, request).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    /// A file, whose body may take longer than an answer; a redirect is followed without the credentials.
    pub(super) async fn file(&self, url: &str, query: &Form) -> Result<Response, TwilioError> {
        let request = || {
            let request = self.http.get(url).query(query.pairs());
            self.authorized(request)
        };
        let answer = self.send(Repeat::Harmless, request).await?;
        if !answer.status().is_redirection() {
            return Ok(answer);
        }
        let elsewhere = answer
            .headers()
            .get(header::LOCATION)
            .and_then(|location| answer.url().join(location.to_str().ok()?).ok())
            .filter(|to| to.scheme() == "https" || to.origin() == answer.url().origin())
            .ok_or_else(|| TwilioError::Unreadable("a redirect to nowhere".into()))?;
        self.send(Repeat::Harmless, || self.http.get(elsewhere.clone()))
            .await
    }

    fn request(&self, method: Method, url: &str) -> RequestBuilder {
        let request = self.http.request(method, url).timeout(TIMEOUT);
        self.authorized(request)
            .header(header::ACCEPT, "application/json")
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(
            &self.settings.account_sid,
            Some(self.settings.auth_token.expose_secret()),
        )
    }

    /// Sends, and again where that is right; the answer is a success or a redirect.
    async fn send(
        &self,
        repeat: Repeat,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Response, TwilioError> {
        let attempt = async || match request().send().await {
            Ok(answer) => check(answer).await,
            Err(error) => Err(TwilioError::from_http(error)),
        };
        let waits = ExponentialBuilder::default()
            .with_min_delay(FIRST_WAIT)
            .with_max_delay(LONGEST_WAIT)
            .with_max_times(REPEATS)
            .with_jitter();
        attempt
            .retry(waits)
            .when(|error| {
                error.is_passing() && (repeat == Repeat::Harmless || !error.may_have_happened())
            })
            .adjust(|error, wait| match (wait, error.retry_after()) {
                (Some(wait), Some(asked)) if asked <= LONGEST_WAIT => Some(wait.max(asked)),
                (_, Some(_)) => None,
                (wait, None) => wait,
            })
            .await
    }
}

async fn check(answer: Response) -> Result<Response, TwilioError> {
    let status = answer.status();
    if status.is_success() || status.is_redirection() {
        return Ok(answer);
    }
    let retry_after = answer
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|seconds| seconds.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs);
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(TwilioError::TooMany { retry_after });
    }
    if status.is_server_error() {
        let status = status.as_u16();
        return Err(TwilioError::Failed {
            status,
            retry_after,
        });
    }
    let refusal = answer.json::<Refusal>().await.ok();
    let mut refusal = refusal.unwrap_or_else(|| Refusal {
        status: 0,
        code: 0,
        message: String::new(),
    });
    refusal.status = status.as_u16();
    Err(TwilioError::Refused(refusal))
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T, TwilioError> {
    let body = answer.bytes().await.map_err(TwilioError::from_http)?;
    serde_json::from_slice(&body).map_err(|error| TwilioError::Unreadable(error.to_string()))
}
