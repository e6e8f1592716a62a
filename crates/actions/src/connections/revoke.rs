//! Telling a provider that a token is not wanted any more.

use super::{Connections, vault::Place};
use crate::{Provider, Vendor};
use casp_store::{StoreError, connections};
use secrecy::{ExposeSecret as _, SecretString};

/// Why a provider could not be told.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// It may go better later.
    #[error("{0}")]
    Failed(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Connections {
    /// Tells the provider, and forgets the tokens. A provider that knows the token no more has been told.
    pub async fn revoke(&self, id: &str) -> Result<(), RevokeError> {
        let Some(found) = connections::revocation(&self.store, id).await? else {
            return Ok(());
        };
        let Ok(provider) = found.provider.parse::<Provider>() else {
            connections::revoked(&self.store, id).await?;
            return Ok(());
        };
        let place = Place::new(found.account, &found.resource, provider);
        let access = place.open_access(&self.keyring, &found.tokens);
        let refresh = place.open_refresh(&self.keyring, &found.tokens);
        let (Ok(access), Ok(refresh)) = (access, refresh) else {
            tracing::error!(%provider, id, "tokens cannot be opened, so the provider cannot be told to forget them");
            return Err(RevokeError::Failed("the tokens cannot be opened".into()));
        };
        self.tell(provider, &access, refresh.as_ref()).await?;
        connections::revoked(&self.store, id).await?;
        Ok(())
    }

    async fn tell(
        &self,
        provider: Provider,
        access: &SecretString,
        refresh: Option<&SecretString>,
    ) -> Result<(), RevokeError> {
        let token = refresh.unwrap_or(access).expose_secret();
        let request = match provider.vendor() {
            Vendor::Google => {
                let url = format!("{}/revoke", self.roots.google_tokens());
                self.http.post(url).form(&[("token", token)])
            }
            Vendor::Slack => {
                let root = self.endpoints.slack.as_str().trim_end_matches('/');
                let url = format!("{root}/api/auth.revoke");
                self.http.post(url).bearer_auth(access.expose_secret())
            }
            Vendor::HubSpot if refresh.is_some() => {
                let root = self.endpoints.hubspot.as_str().trim_end_matches('/');
                let url = format!("{root}/oauth/v1/refresh-tokens/{token}");
                self.http.delete(url)
            }
            _ => return Ok(()),
        };
        let answer = request.send().await;
        match answer.map(|answer| answer.status().as_u16()) {
            // 400, 401, 404: it does not know the token, or no longer.
            Ok(200..300 | 400 | 401 | 404) => Ok(()),
            Ok(status) => Err(RevokeError::Failed(format!("it answered {status}"))),
            Err(_) => Err(RevokeError::Failed("it did not answer".into())),
        }
    }
}
