//! The account that a request speaks for.

use super::{
    TokenUse,
    loopback::{self, DevDoor},
};
use crate::{ControlApi, error::ApiError};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use casp_store::{
    AccountId,
    accounts::{self, Account, KeyKind},
    refresh_tokens,
};

const NEEDS_KEY: &str = "Send an access token or an API key: `Authorization: Bearer …`.";
pub(super) const BAD_KEY: &str = "This key is not good here.";
const BAD_TOKEN: &str = "This access token is not good, or no longer. Sign in again, or refresh.";
const FOREIGN_PAGE: &str = "Pages of other origins may not call this API without a key; CORS_ORIGINS names those that may.";

/// How a request says who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A user's access token.
    AccessToken,
    /// A developer's `sk_…`.
    ApiKey,
    /// None: it is dev mode, and the request is from this machine.
    DevDoor,
}

/// Somebody who may do all that the account may: a user's access token, an API key, or in dev mode, on some routes,
/// anyone on this machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) account: AccountId,
    pub(crate) credential: Credential,
}

impl FromRequestParts<ControlApi> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &ControlApi) -> Result<Self, ApiError> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            let signed_in = SignedIn::from_request_parts(parts, api).await?;
            return Ok(Self {
                account: signed_in.account.id,
                credential: signed_in.credential,
            });
        }
        match (loopback::dev_door(parts, api), api.config.default_account) {
            (DevDoor::Open, Some(account)) => Ok(Self {
                account,
                credential: Credential::DevDoor,
            }),
            (DevDoor::ForeignPage, _) => Err(ApiError::Forbidden(FOREIGN_PAGE)),
            _ => Err(ApiError::Unauthorized(NEEDS_KEY)),
        }
    }
}

/// Somebody who says who they are: a [`Caller`] with its whole account, and never by the open door of dev mode.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub(crate) account: Account,
    pub(crate) credential: Credential,
}

impl FromRequestParts<ControlApi> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &ControlApi) -> Result<Self, ApiError> {
        let Some(bearer) = bearer_of(&parts.headers) else {
            return Err(ApiError::Unauthorized(NEEDS_KEY));
        };
        let store = &api.config.store;
        // A key has no dots; a JWT has two.
        if !bearer.contains('.') {
            let account = accounts::by_key(store, KeyKind::Secret, bearer).await?;
            return Ok(Self {
                account: account.ok_or(ApiError::Unauthorized(BAD_KEY))?,
                credential: Credential::ApiKey,
            });
        }
        let bad = ApiError::Unauthorized(BAD_TOKEN);
        let Some(bearer) = api.access_tokens.read(bearer, TokenUse::Access) else {
            return Err(bad);
        };
        // One indexed read, which the account needs anyway: so signing out, a new password or a closed account ends
        // access tokens at once, not when they expire.
        let account = refresh_tokens::account_of(store, &bearer.family, bearer.account).await?;
        Ok(Self {
            account: account.ok_or(bad)?,
            credential: Credential::AccessToken,
        })
    }
}

/// What stands behind `Bearer`.
pub(crate) fn bearer_of(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}
