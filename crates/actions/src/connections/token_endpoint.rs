//! Requests to token endpoints.

use super::{
    Connections, Verifier,
    answer::{self, Denied, Grant},
    vendors::OAuthClient,
};
use crate::{Provider, Vendor};
use reqwest::{RequestBuilder, Response, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

/// The largest answer that is read.
const MAX_ANSWER: usize = 256 * 1024;

impl Connections {
    /// Tokens for a code.
    pub(super) async fn exchange(
        &self,
        provider: Provider,
        code: &SecretString,
        verifier: &Verifier,
        callback_uri: &str,
    ) -> Result<Grant, Denied> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("code_verifier", verifier.0.expose_secret()),
            ("redirect_uri", callback_uri),
        ];
        self.ask(provider, &fields).await
    }

    /// Tokens for a refresh token.
    pub(super) async fn exchange_refresh_token(
        &self,
        provider: Provider,
        refresh_token: &SecretString,
    ) -> Result<Grant, Denied> {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.expose_secret()),
        ];
        self.ask(provider, &fields).await
    }

    async fn ask(&self, provider: Provider, fields: &[(&str, &str)]) -> Result<Grant, Denied> {
        let Some(client) = self.clients.of(provider) else {
            return Err(Denied::OtherClient);
        };
        let login = self.roots.login(provider, &self.endpoints);
        let request = self.http.post(login.token);
        let request = request.header(header::ACCEPT, "application/json");
        let sent = with_fields(request, provider, client, fields).send().await;
        let response = sent.map_err(|error| Denied::Failed {
            problem: if error.is_timeout() {
                "no answer in time".into()
            } else {
                "no connection".into()
            },
            was_answered: error.is_connect(),
            after: None,
        })?;
        let (status, after) = (response.status().as_u16(), retry_after(&response));
        let body = read_json(response).await.ok_or_else(|| Denied::Failed {
            problem: "the answer broke off".into(),
            was_answered: status >= 300,
            after,
        })?;
        answer::read(status, &body, after)
    }
}

/// Who we are goes into the body, which all of them take. Atlassian's documents have JSON.
fn with_fields(
    request: RequestBuilder,
    provider: Provider,
    client: &OAuthClient,
    fields: &[(&str, &str)],
) -> RequestBuilder {
    let ours = [
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.expose_secret()),
    ];
    let all: BTreeMap<&str, &str> = fields.iter().copied().chain(ours).collect();
    match provider.vendor() {
        Vendor::Atlassian => request.json(&all),
        _ => request.form(&all),
    }
}

/// The JSON of an answer, or null where it is none; `None` when it broke off or is too large.
pub(super) async fn read_json(mut response: Response) -> Option<Value> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if bytes.len() + chunk.len() > MAX_ANSWER {
            return None;
        }
        bytes.extend_from_slice(&chunk);
    }
    Some(serde_json::from_slice(&bytes).unwrap_or_default())
}

/// `Retry-After`, in seconds or as a date.
fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(value).ok()?;
    Some(at.duration_since(SystemTime::now()).unwrap_or_default())
}
