//! What actions work with.

use crate::{ApiClient, Endpoints, Owner, Provider, Speaker, TokenError, TokenSource};
use casp_providers::LanguageModel;
use casp_store::{AccountId, Store};
use jiff::{Timestamp, tz::TimeZone};
use std::{sync::Arc, time::Duration};

/// Longest wait for what is connected.
const CONNECTED_WITHIN: Duration = Duration::from_millis(200);

/// What all actions of a process share.
#[derive(Debug)]
pub struct ActionServices {
    /// Connections.
    pub tokens: Arc<dyn TokenSource>,
    /// Requests to the providers; without redirects.
    pub http: reqwest::Client,
    /// Where the providers are.
    pub endpoints: Endpoints,
    /// Audit trail and idempotency.
    pub store: Store,
    /// Summarises files.
    pub language_model: Arc<dyn LanguageModel>,
    /// Now; tests pass their own.
    pub now: fn() -> Timestamp,
}

/// The conversation or request that actions belong to.
#[derive(Debug, Clone)]
pub struct ActionContext {
    /// What all share.
    pub services: Arc<ActionServices>,
    /// Whose conversation.
    pub account: AccountId,
    /// The speaker's time zone, where the calendar does not tell.
    pub zone: TimeZone,
    /// The session; none for a request to the API.
    pub session: Option<String>,
}

impl ActionContext {
    /// A provider's API on behalf of a speaker. A stranger has no connections.
    pub fn client(&self, speaker: &Speaker, provider: Provider) -> Result<ApiClient, TokenError> {
        let resource = speaker.resource.clone();
        let owner = Owner {
            account: self.account,
            resource: resource.ok_or(TokenError::NotConnected(provider))?,
        };
        let services = &self.services;
        let (http, tokens) = (services.http.clone(), services.tokens.clone());
        Ok(ApiClient::new(http, tokens, owner, provider))
    }

    /// What a speaker has not connected; nothing when that cannot be told, or not to somebody who has not proven who
    /// they are.
    pub async fn unconnected(&self, speaker: &Speaker) -> Vec<Provider> {
        let Some(resource) = speaker.resource.clone() else {
            return Provider::ALL.to_vec();
        };
        if !speaker.is_verified {
            return Vec::new();
        }
        let account = self.account;
        let owner = Owner { account, resource };
        // An answer does not wait for a slow database.
        let asked = self.services.tokens.connected(&owner);
        match tokio::time::timeout(CONNECTED_WITHIN, asked).await {
            Ok(Ok(connected)) => {
                let all = Provider::ALL.into_iter();
                all.filter(|it| !connected.contains(it)).collect()
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "what is connected cannot be read");
                Vec::new()
            }
            Err(_) => Vec::new(),
        }
    }
}
