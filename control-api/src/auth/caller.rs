//! The account that a request speaks for.

use super::loopback::{self, DevDoor};
use crate::{ControlApi, error::ApiError};
use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use casp_store::{
    AccountId,
    accounts::{self, KeyKind},
};
use std::net::IpAddr;

const NEEDS_KEY: &str = "Send an API key: `Authorization: Bearer sk_…`.";
const BAD_KEY: &str = "This key is not good here.";
const FOREIGN_PAGE: &str = "Pages of other origins may not call this API without a key; CORS_ORIGINS names those that may.";

/// Somebody who may do all that the account may: an API key, or in dev mode anyone on this machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) account: AccountId,
}

impl FromRequestParts<ControlApi> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &ControlApi) -> Result<Self, ApiError> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            let Some(key) = bearer(parts) else {
                return Err(ApiError::Unauthorized(NEEDS_KEY));
            };
            let account = accounts::by_key(&api.config.store, KeyKind::Secret, key).await?;
            let account = account.ok_or(ApiError::Unauthorized(BAD_KEY))?;
            return Ok(Self {
                account: account.id,
            });
        }
        match (loopback::dev_door(parts, api), api.config.default_account) {
            (DevDoor::Open, Some(account)) => Ok(Self { account }),
            (DevDoor::ForeignPage, _) => Err(ApiError::Forbidden(FOREIGN_PAGE)),
            _ => Err(ApiError::Unauthorized(NEEDS_KEY)),
        }
    }
}

/// Somebody who wants into a room: a [`Caller`], a page with the account's publishable key, or a stranger, who needs
/// a join link.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RoomVisitor {
    /// Of this account.
    Caller(Caller),
    /// A page with this account's publishable key; counted at that address.
    Page {
        /// The key's owner.
        account: AccountId,
        /// Where from.
        address: Option<IpAddr>,
    },
    /// Nobody known.
    Stranger {
        /// Where from.
        address: Option<IpAddr>,
    },
}

impl FromRequestParts<ControlApi> for RoomVisitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &ControlApi) -> Result<Self, ApiError> {
        let address = client_address(parts, api);
        if let Some(key) = publishable_key(parts) {
            let account = accounts::by_key(&api.config.store, KeyKind::Publishable, &key).await?;
            let account = account.ok_or(ApiError::Unauthorized(BAD_KEY))?;
            return Ok(Self::Page {
                account: account.id,
                address,
            });
        }
        match Caller::from_request_parts(parts, api).await {
            Ok(caller) => Ok(Self::Caller(caller)),
            Err(ApiError::Unauthorized(_))
                if !parts.headers.contains_key(header::AUTHORIZATION) =>
            {
                Ok(Self::Stranger { address })
            }
            Err(error) => Err(error),
        }
    }
}

impl RoomVisitor {
    /// What a stranger without a join link is told.
    pub(crate) const NEEDS_KEY_OR_LINK: ApiError = ApiError::Unauthorized(
        "Send an API key (`Authorization: Bearer sk_…`) or the token of a join link (`joinToken`).",
    );
}

fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

fn publishable_key(parts: &Parts) -> Option<String> {
    if let Some(key) = parts.headers.get("x-publishable-key") {
        return Some(key.to_str().unwrap_or_default().to_owned());
    }
    let query = parts.uri.query()?;
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "key")
        .map(|(_, value)| value.into_owned())
}

/// The client's address: the peer's, or, when that is a trusted proxy, the last one it wrote into `X-Forwarded-For`.
fn client_address(parts: &Parts, api: &ControlApi) -> Option<IpAddr> {
    let peer = loopback::peer(parts)?.to_canonical();
    if !api.config.trusted_proxies.contains(&peer) {
        return Some(peer);
    }
    let forwarded = parts
        .headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()?
        .to_str()
        .ok()?;
    forwarded
        .rsplit(',')
        .next()?
        .trim()
        .parse()
        .ok()
        .or(Some(peer))
}
