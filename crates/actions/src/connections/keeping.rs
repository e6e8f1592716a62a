//! Connections as they are made, looked at and ended.

use super::{
    ConnectError, Connections, Profile, Verifier,
    answer::{Denied, Grant},
    now_ms,
    revoke::GOOGLES,
    vault::Place,
};
use crate::{Owner, Provider, Vendor};
use casp_store::{
    AccountId, StoreError,
    connections::{self, Connection, NewConnection, RemoveRule},
};
use secrecy::SecretString;
use serde_json::json;
use std::time::Duration;

/// Tokens are renewed this long before they end.
const AHEAD_MS: i64 = 5 * 60 * 1_000;

/// Marks, in what is kept beside the tokens, those that were got elsewhere, and so maybe by another client than ours.
const REGISTERED: &str = "registered";

/// Whether the tokens were got elsewhere.
pub(super) fn is_registered(connection: &Connection) -> bool {
    connection.extra[REGISTERED] == true
}

/// Tokens that a user's consent brought, and who the user is.
#[derive(Debug)]
pub struct Granted {
    grant: Grant,
    provider: Provider,
    /// Who the user is at the provider.
    pub profile: Profile,
    /// What was asked for; it counts where the provider does not say what it granted.
    asked: Vec<String>,
}

/// Tokens that the account's backend has already.
#[derive(Debug)]
pub struct Registration {
    /// Whose they are.
    pub owner: Owner,
    /// Where they are good.
    pub provider: Provider,
    /// The access token.
    pub access_token: SecretString,
    /// The refresh token, if there is one.
    pub refresh_token: Option<SecretString>,
    /// How long the access token lasts; `None`: it does not end.
    pub expires_in: Option<Duration>,
    /// The user's e-mail at the provider.
    pub user_email: Option<String>,
    /// What was granted.
    pub scopes: Vec<String>,
}

/// When tokens that end at `expires_at_ms` are to be renewed: five minutes before, or, where they are short-lived, at
/// half time.
pub(super) fn due_at(expires_at_ms: i64, now_ms: i64) -> i64 {
    let half = now_ms + (expires_at_ms - now_ms).max(0) / 2;
    (expires_at_ms - AHEAD_MS).max(half)
}

/// When a token of this life ends, Unix milliseconds.
pub(super) fn end_of(life: Duration, now_ms: i64) -> i64 {
    now_ms.saturating_add(i64::try_from(life.as_millis()).unwrap_or(i64::MAX / 2))
}

impl Connections {
    /// Whether users can be sent to this provider's consent page.
    pub fn is_configured(&self, provider: Provider) -> bool {
        self.clients.of(provider).is_some()
    }

    /// Exchanges the code that a user came back with, and asks who the user is.
    pub async fn grant(
        &self,
        provider: Provider,
        code: &SecretString,
        verifier: &Verifier,
        callback_uri: &str,
        asked: Vec<String>,
    ) -> Result<Granted, ConnectError> {
        if !self.is_configured(provider) {
            return Err(ConnectError::NotConfigured(provider));
        }
        let grant = self.exchange(provider, code, verifier, callback_uri).await;
        let grant = grant.map_err(|denied| {
            tracing::warn!(%provider, ?denied, "a code was not exchanged");
            match denied {
                Denied::Ended(_) => ConnectError::Refused(provider),
                Denied::OtherClient | Denied::Failed { .. } => ConnectError::Unavailable(provider),
            }
        })?;
        let profile = self.profile(provider, &grant).await?;
        Ok(Granted {
            grant,
            provider,
            profile,
            asked,
        })
    }

    /// Keeps what was granted, as this end user's.
    pub async fn keep(&self, owner: &Owner, granted: Granted) -> Result<Connection, ConnectError> {
        let Granted {
            grant,
            provider,
            profile,
            asked,
        } = granted;
        let now = now_ms();
        // Google gives no refresh token to those who consented before, and then the one we have is still good.
        let kept = match &grant.refresh_token {
            None => self.kept_refresh_token(owner, provider, &profile).await?,
            Some(_) => None,
        };
        let refresh_token = grant.refresh_token.as_ref().or(kept.as_ref());
        let place = Place::new(owner.account, &owner.resource, provider);
        let tokens = place.seal(&self.keyring, &grant.access_token, refresh_token);
        let expires_at_ms = grant.expires_in.map(|life| end_of(life, now));
        let new = NewConnection {
            account: owner.account,
            resource: &owner.resource,
            provider: provider.name(),
            user_email: profile.email.as_deref(),
            scopes: grant.scopes.as_deref().unwrap_or(&asked),
            extra: &profile.extra,
            tokens: &tokens,
            expires_at_ms,
            refresh_due_at_ms: expires_at_ms
                .filter(|_| tokens.refresh.is_some())
                .map(|end| due_at(end, now)),
        };
        Ok(connections::save(&self.store, &new, now).await?)
    }

    async fn kept_refresh_token(
        &self,
        owner: &Owner,
        provider: Provider,
        profile: &Profile,
    ) -> Result<Option<SecretString>, StoreError> {
        let before = self.connection(owner, provider).await?;
        let same = before.filter(|before| {
            !before.needs_reauth && profile.email.is_some() && before.user_email == profile.email
        });
        Ok(same.and_then(|before| {
            let opened = Place::of(&before).open_refresh(&self.keyring, &before.tokens);
            opened.ok().flatten()
        }))
    }

    /// Keeps tokens that the account's backend has already. Jira is asked for the site that they are for.
    pub async fn register(&self, new: &Registration) -> Result<Connection, ConnectError> {
        let mut extra = match new.provider.vendor() {
            Vendor::Atlassian => self.jira_site(&new.access_token).await?,
            _ => json!({}),
        };
        extra[REGISTERED] = true.into();
        let (owner, now) = (&new.owner, now_ms());
        let place = Place::new(owner.account, &owner.resource, new.provider);
        let refresh = new.refresh_token.as_ref();
        let tokens = place.seal(&self.keyring, &new.access_token, refresh);
        let expires_at_ms = new.expires_in.map(|life| end_of(life, now));
        let new = NewConnection {
            account: owner.account,
            resource: &owner.resource,
            provider: new.provider.name(),
            user_email: new.user_email.as_deref(),
            scopes: &new.scopes,
            extra: &extra,
            tokens: &tokens,
            expires_at_ms,
            refresh_due_at_ms: expires_at_ms
                .filter(|_| tokens.refresh.is_some())
                .map(|end| due_at(end, now)),
        };
        Ok(connections::save(&self.store, &new, now).await?)
    }

    /// An end user's connection with a provider.
    pub async fn connection(
        &self,
        owner: &Owner,
        provider: Provider,
    ) -> Result<Option<Connection>, StoreError> {
        connections::get(&self.store, owner.account, &owner.resource, provider.name()).await
    }

    /// All connections of an end user.
    pub async fn connections(
        &self,
        account: AccountId,
        resource: &str,
    ) -> Result<Vec<Connection>, StoreError> {
        connections::list(&self.store, account, resource).await
    }

    /// Ends a connection; a job tells the provider, where it has a way to be told. False when there was none.
    pub async fn disconnect(&self, owner: &Owner, provider: Provider) -> Result<bool, StoreError> {
        let rule = match provider.vendor() {
            Vendor::Google => RemoveRule::RevokeLast(&GOOGLES),
            Vendor::Slack | Vendor::HubSpot => RemoveRule::Revoke,
            // They have no endpoint for it: users end grants on the vendor's own pages.
            Vendor::Microsoft | Vendor::Atlassian => RemoveRule::Forget,
        };
        let (account, resource) = (owner.account, &owner.resource);
        connections::remove(
            &self.store,
            account,
            resource,
            provider.name(),
            rule,
            now_ms(),
        )
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_renewed_five_minutes_ahead_or_at_half_time() {
        let minute = 60_000;
        assert_eq!(due_at(60 * minute, 0), 55 * minute);
        assert_eq!(due_at(4 * minute, 0), 2 * minute);
        assert_eq!(due_at(-minute, 0), 0, "it has ended already");
    }
}
