//! Jira's REST API v3, at the site that the user connected.

use crate::{ActionContext, ActionError, ApiClient, ApiRequest, Provider, Speaker, TokenError};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

/// Jira, on behalf of one user.
#[derive(Debug)]
pub(super) struct JiraApi {
    client: ApiClient,
    /// `{root}/ex/jira/{cloud id}/rest/api/3`
    base: Url,
}

impl JiraApi {
    pub(super) async fn new(
        context: &ActionContext,
        speaker: &Speaker,
    ) -> Result<Self, ActionError> {
        let client = context.client(speaker, Provider::Jira)?;
        let site = client.token().await?.site;
        // Without its site a connection is of no use; connecting again finds it.
        let site = site.ok_or(TokenError::NeedsReauth(Provider::Jira))?;
        let mut base = context.services.endpoints.jira.clone();
        if let Ok(mut path) = base.path_segments_mut() {
            path.pop_if_empty()
                .extend(["ex", "jira", &site, "rest", "api", "3"]);
        }
        Ok(Self { client, base })
    }

    /// Each segment is encoded.
    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(segments);
        }
        url
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, ActionError> {
        let request = ApiRequest::get(self.url(segments));
        let request = query
            .iter()
            .fold(request, |request, (name, value)| request.query(name, value));
        self.client.json(request).await
    }

    /// A POST that only looks.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        body: &Value,
    ) -> Result<T, ActionError> {
        let request = ApiRequest::post(self.url(segments), body).repeatable();
        self.client.json(request).await
    }

    /// A POST that changes something, and is never repeated: Jira knows no key by which it could tell.
    pub(super) async fn post(&self, segments: &[&str], body: &Value) -> Result<Value, ActionError> {
        let request = ApiRequest::post(self.url(segments), body);
        let answer = self.client.bytes(request).await?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        // It was done, so that what cannot be read is no reason to say that it failed.
        Ok(serde_json::from_slice(&answer).unwrap_or_default())
    }
}
