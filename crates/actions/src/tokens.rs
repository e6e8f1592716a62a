//! Where actions get their access tokens from.

use crate::Provider;
use casp_store::AccountId;
use secrecy::SecretString;

/// Whose connections: an end user (resource) of an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The account.
    pub account: AccountId,
    /// Its end user.
    pub resource: String,
}

/// An access token, and what goes with it.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// `Authorization: Bearer`.
    pub secret: SecretString,
    /// Scopes the user granted; empty when the provider never said.
    pub scopes: Vec<String>,
    /// Which of the vendor's sites it is for: Jira's cloud id, Slack's team.
    pub site: Option<String>,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The user has not connected it.
    #[error("No {} is connected. Connect it at {}.", .0.label(), .0.connect_path())]
    NotConnected(Provider),
    /// The grant has ended: revoked, expired, or its secret was lost.
    #[error("The connection to your {} has expired. Connect it again at {}.", .0.label(), .0.connect_path())]
    NeedsReauth(Provider),
    /// The vendor's token endpoint fails for now.
    #[error("{} cannot be reached at the moment. Please try again in a minute.", .0.label())]
    Unavailable(Provider),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] casp_store::StoreError),
}

/// Gives out access tokens that last at least for the request they are asked for.
#[async_trait::async_trait]
pub trait TokenSource: Send + Sync + std::fmt::Debug {
    /// The token of a connection, refreshed when it is about to expire.
    async fn token(&self, owner: &Owner, provider: Provider) -> Result<AccessToken, TokenError>;

    /// Another one, after the provider answered 401 to this.
    async fn renewed(
        &self,
        owner: &Owner,
        provider: Provider,
        refused: &AccessToken,
    ) -> Result<AccessToken, TokenError>;

    /// What an end user has connected, whether or not it still works.
    async fn connected(&self, owner: &Owner) -> Result<Vec<Provider>, TokenError>;
}
