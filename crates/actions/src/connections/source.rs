//! Giving out tokens.

use super::{Connections, now_ms, refresh::Renewal, vault::Place};
use crate::{AccessToken, Owner, Provider, TokenError, TokenSource};
use casp_store::connections::{self, Connection, RefreshLease};
use secrecy::ExposeSecret as _;

/// A token that ends sooner is not begun with.
const SHORTEST_REST_MS: i64 = 5_000;
/// One that ends later is given out while it is renewed.
const UNHURRIED_MS: i64 = 60_000;

#[async_trait::async_trait]
impl TokenSource for Connections {
    async fn token(&self, owner: &Owner, provider: Provider) -> Result<AccessToken, TokenError> {
        let found = self.usable(owner, provider).await?;
        if !is_due(&found) {
            return self.opened(&found, provider);
        }
        // Nobody waits for another one while this one lasts.
        if rest_ms(&found).is_some_and(|rest| rest > UNHURRIED_MS) {
            if can_be_renewed(&found) {
                drop(self.renewal(&found));
            }
            return self.opened(&found, provider);
        }
        match self.renewed_now(&found).await {
            Some(Renewal::Done) => self.latest(owner, provider).await,
            Some(Renewal::Ended) => Err(TokenError::NeedsReauth(provider)),
            // The old one does, while it lasts.
            Some(Renewal::Failed) | None if lasts(&found) => self.opened(&found, provider),
            Some(Renewal::Failed) => Err(TokenError::Unavailable(provider)),
            None => {
                self.ended(
                    found,
                    "the access token has ended, and there is no refresh token",
                )
                .await?;
                Err(TokenError::NeedsReauth(provider))
            }
        }
    }

    async fn renewed(
        &self,
        owner: &Owner,
        provider: Provider,
        refused: &AccessToken,
    ) -> Result<AccessToken, TokenError> {
        let found = self.usable(owner, provider).await?;
        let there = self.opened(&found, provider)?;
        if there.secret.expose_secret() != refused.secret.expose_secret() {
            // Somebody renewed it meanwhile.
            return Ok(there);
        }
        match self.renewed_now(&found).await {
            Some(Renewal::Done) => self.latest(owner, provider).await,
            Some(Renewal::Ended) => Err(TokenError::NeedsReauth(provider)),
            Some(Renewal::Failed) => Err(TokenError::Unavailable(provider)),
            None => {
                self.ended(
                    found,
                    "the provider refuses the token, and there is no refresh token",
                )
                .await?;
                Err(TokenError::NeedsReauth(provider))
            }
        }
    }

    async fn connected(&self, owner: &Owner) -> Result<Vec<Provider>, TokenError> {
        let found = connections::list(&self.store, owner.account, &owner.resource).await?;
        let providers = found.iter().map(|found| found.provider.parse());
        Ok(providers.filter_map(Result::ok).collect())
    }
}

impl Connections {
    async fn usable(&self, owner: &Owner, provider: Provider) -> Result<Connection, TokenError> {
        let found = self.connection(owner, provider).await?;
        let found = found.ok_or(TokenError::NotConnected(provider))?;
        if found.needs_reauth {
            return Err(TokenError::NeedsReauth(provider));
        }
        Ok(found)
    }

    /// `None` without a refresh token. Not before the wait after a failure is over.
    async fn renewed_now(&self, found: &Connection) -> Option<Renewal> {
        found.tokens.refresh.as_ref()?;
        if !can_be_renewed(found) {
            return Some(Renewal::Failed);
        }
        Some(self.renewal(found).await)
    }

    /// After a renewal: what is there now.
    async fn latest(&self, owner: &Owner, provider: Provider) -> Result<AccessToken, TokenError> {
        let found = self.usable(owner, provider).await?;
        self.opened(&found, provider)
    }

    fn opened(&self, found: &Connection, provider: Provider) -> Result<AccessToken, TokenError> {
        let opened = Place::of(found).open_access(&self.keyring, &found.tokens);
        let secret = opened.map_err(|error| {
            tracing::error!(%error, connection = found.id, "an access token cannot be opened");
            TokenError::NeedsReauth(provider)
        })?;
        Ok(AccessToken {
            secret,
            scopes: found.scopes.clone(),
            site: found.extra["site"].as_str().map(str::to_owned),
        })
    }

    async fn ended(&self, found: Connection, problem: &str) -> Result<(), TokenError> {
        let nobodys = RefreshLease {
            connection: found,
            number: 0,
            may_be_spent: false,
        };
        connections::give_up(&self.store, &nobodys, problem, now_ms()).await?;
        Ok(())
    }
}

/// It has ended, or will within minutes.
fn is_due(found: &Connection) -> bool {
    let Some(end) = found.expires_at_ms else {
        return false;
    };
    let now = now_ms();
    // After a failure the due time is that of the next attempt.
    let due = match found.refresh_due_at_ms {
        Some(due) if found.failures == 0 => due,
        _ => super::keeping::due_at(end, found.updated_at_ms.min(now)),
    };
    due <= now || end <= now + SHORTEST_REST_MS
}

/// There is a refresh token, and no wait after a failure.
fn can_be_renewed(found: &Connection) -> bool {
    let is_waiting =
        found.failures > 0 && found.refresh_due_at_ms.is_some_and(|due| due > now_ms());
    found.tokens.refresh.is_some() && !is_waiting
}

/// How long the access token lasts from now on; `None`: it does not end.
fn rest_ms(found: &Connection) -> Option<i64> {
    found.expires_at_ms.map(|end| end - now_ms())
}

fn lasts(found: &Connection) -> bool {
    rest_ms(found).is_none_or(|rest| rest > SHORTEST_REST_MS)
}
