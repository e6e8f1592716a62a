//! Where a request comes from, and how often it may.

use super::{loopback, rate_limit::network};
use crate::{ControlApi, error::ApiError};
use axum::{
    extract::{FromRequestParts, MatchedPath},
    http::request::Parts,
};
use std::net::IpAddr;

/// Somebody at the doors of `/auth` and `/token`: counted by route and address before the body is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AuthAttempt {
    /// Where from.
    pub(crate) address: Option<IpAddr>,
}

impl FromRequestParts<ControlApi> for AuthAttempt {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &ControlApi) -> Result<Self, ApiError> {
        let address = client_address(parts, api);
        let route = parts.extensions.get::<MatchedPath>();
        let route = route.map_or("", MatchedPath::as_str);
        api.rate_limits
            .auth
            .count((parts.method.as_str(), route, address.map(network)))?;
        Ok(Self { address })
    }
}

/// The client's address: the peer's, or, when that is a trusted proxy, the last one it wrote into `X-Forwarded-For`.
pub(super) fn client_address(parts: &Parts, api: &ControlApi) -> Option<IpAddr> {
    let peer = loopback::peer(parts)?.to_canonical();
    if !api.config.trusted_proxies.contains(&peer) {
        return Some(peer);
    }
    let forwarded = parts
        .headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.rsplit(',').next())
        .and_then(|address| address.trim().parse().ok());
    forwarded.or(Some(peer))
}
