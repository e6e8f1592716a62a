//! Who wants into a room.

use super::{Caller, caller::BAD_KEY, client::client_address};
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
        "Send an API key (`Authorization: Bearer sk_…`) or the token of a join link (`joinToken`; at `/room/token`, `join_token`).",
    );
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
