//! Sending a user to a consent page.

use crate::{ControlApi, clock::now_ms, error::ApiError};
use casp_actions::{
    Owner, Provider,
    connections::{Consent, Verifier, wanted_scopes},
};
use casp_store::{
    AccountId,
    oauth::{self, Authorization, NewAuthorization},
};
use url::Url;

/// How long a user may take.
pub(super) const CONSENT_TTL_MS: i64 = 10 * 60 * 1_000;

/// What somebody wants to connect.
pub(crate) struct Wish {
    /// For which account.
    pub(crate) account: AccountId,
    /// What.
    pub(crate) provider: Provider,
    /// For which end user; `None`: the e-mail that the provider vouches for.
    pub(crate) resource: Option<String>,
    /// Where the user is sent in the end.
    pub(crate) return_to: String,
    /// Given back there.
    pub(crate) client_state: Option<String>,
    /// Scopes beyond the usual ones.
    pub(crate) more_scopes: Vec<String>,
    /// Where the provider sends the user back.
    pub(crate) callback_uri: String,
    /// The browser that may come back; `None`: any.
    pub(crate) browser: Option<String>,
}

/// The place that a verifier is sealed for.
pub(super) fn verifier_place(state: &str) -> String {
    format!("verifier/{state}")
}

/// The provider's page that asks the user.
pub(crate) async fn begin(api: &ControlApi, wish: Wish) -> Result<Url, ApiError> {
    let granted = match &wish.resource {
        Some(resource) => {
            let owner = Owner {
                account: wish.account,
                resource: resource.clone(),
            };
            let before = api.connections.connection(&owner, wish.provider).await?;
            before.map(|before| before.scopes).unwrap_or_default()
        }
        None => Vec::new(),
    };
    let more: Vec<&str> = wish.more_scopes.iter().map(String::as_str).collect();
    let scopes = wanted_scopes(wish.provider, &granted, &more)
        .map_err(|error| ApiError::invalid_query("scope", error.to_string()))?;
    let (state, verifier) = (hex::encode(rand::random::<[u8; 32]>()), Verifier::random());
    let hint = wish.resource.as_deref().filter(|name| name.contains('@'));
    let url = api.connections.authorize_url(&Consent {
        provider: wish.provider,
        scopes: &scopes,
        callback_uri: &wish.callback_uri,
        state: &state,
        verifier: &verifier,
        login_hint: hint,
    })?;
    let record = Authorization {
        account: wish.account,
        provider: wish.provider.name().to_owned(),
        resource: wish.resource,
        return_to: wish.return_to,
        client_state: wish.client_state,
        callback_uri: wish.callback_uri,
        scopes,
        verifier: api.keyring.seal(&verifier.0, &verifier_place(&state)),
    };
    let new = NewAuthorization {
        state: &state,
        browser: wish.browser.as_deref(),
        record: &record,
        expires_at_ms: now_ms() + CONSENT_TTL_MS,
    };
    oauth::begin(&api.config.store, &new).await?;
    Ok(url)
}
