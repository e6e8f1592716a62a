//! Telling a provider that a token is not wanted any more.

use super::{Connections, answer::Denied, token_endpoint::read_json, vault::Place};
use crate::{Provider, Vendor};
use casp_store::{StoreError, connections};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret as _, SecretString};

/// Providers whose grants Google ends together, whichever of a user's tokens it is told of.
pub(super) const GOOGLES: [&str; 3] = ["gmail", "google-calendar", "google-drive"];

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
        // Google ends all that its user granted us: not when the user came back meanwhile.
        let is_kept = provider.vendor() == Vendor::Google
            && connections::is_in_use(&self.store, &found, &GOOGLES).await?;
        if !is_kept {
            self.tell(provider, access, refresh).await?;
        }
        connections::revoked(&self.store, id).await?;
        Ok(())
    }

    async fn tell(
        &self,
        provider: Provider,
        access: SecretString,
        refresh: Option<SecretString>,
    ) -> Result<(), RevokeError> {
        match provider.vendor() {
            Vendor::Google => {
                let url = format!("{}/revoke", self.roots.google_tokens());
                let token = refresh.unwrap_or(access);
                let form = [("token", token.expose_secret())];
                accepted(self.http.post(url).form(&form)).await
            }
            Vendor::HubSpot => {
                let Some(token) = refresh else { return Ok(()) };
                let root = self.endpoints.hubspot.as_str().trim_end_matches('/');
                let token = token.expose_secret();
                let url = format!("{root}/oauth/v1/refresh-tokens/{token}");
                accepted(self.http.delete(url)).await
            }
            Vendor::Slack => self.tell_slack(provider, access, refresh).await,
            Vendor::Microsoft | Vendor::Atlassian => Ok(()),
        }
    }

    /// Slack is told by an access token, so it needs one that lives.
    async fn tell_slack(
        &self,
        provider: Provider,
        mut access: SecretString,
        mut refresh: Option<SecretString>,
    ) -> Result<(), RevokeError> {
        let root = self.endpoints.slack.as_str().trim_end_matches('/');
        let url = format!("{root}/api/auth.revoke");
        loop {
            let request = self.http.post(&url).bearer_auth(access.expose_secret());
            let answer = request.send().await.map_err(|_| silent())?;
            let status = answer.status().as_u16();
            let said = read_json(answer).await.unwrap_or_default();
            match said["error"].as_str() {
                _ if said["ok"].as_bool() == Some(true) => return Ok(()),
                Some("invalid_auth" | "token_revoked" | "account_inactive" | "not_authed") => {
                    return Ok(());
                }
                Some("token_expired") => {
                    let Some(token) = refresh.take() else {
                        return Ok(());
                    };
                    match self.exchange_refresh_token(provider, &token).await {
                        Ok(grant) => access = grant.access_token,
                        Err(Denied::Ended(_)) => return Ok(()),
                        Err(_) => return Err(silent()),
                    }
                }
                _ => return Err(RevokeError::Failed(format!("it answered {status}"))),
            }
        }
    }
}

/// 400, 401, 404: it does not know the token, or no longer.
async fn accepted(request: RequestBuilder) -> Result<(), RevokeError> {
    let answer = request.send().await.map_err(|_| silent())?;
    match answer.status().as_u16() {
        200..300 | 400 | 401 | 404 => Ok(()),
        status => Err(RevokeError::Failed(format!("it answered {status}"))),
    }
}

fn silent() -> RevokeError {
    RevokeError::Failed("it did not answer".into())
}
