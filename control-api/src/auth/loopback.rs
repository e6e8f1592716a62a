//! The open door of dev mode: requests that come from this machine, by its own name, and not on behalf of a page
//! of somebody else's (interface §1).

use crate::{ControlApi, ControlApiConfig};
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};
use casp_operations::{is_from_this_machine, is_local_host};
use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

/// What dev mode says of a request without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DevDoor {
    /// From this machine.
    Open,
    /// From this machine's browser, for a page of somebody else's.
    ForeignPage,
    /// From elsewhere, or not dev mode.
    Closed,
}

/// The peer's address, where the server tells it.
pub(crate) struct Peer(pub(crate) Option<IpAddr>);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(peer(parts)))
    }
}

/// The peer's address.
pub(super) fn peer(parts: &Parts) -> Option<IpAddr> {
    let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    info.map(|ConnectInfo(address)| address.ip())
}

pub(super) fn dev_door(parts: &Parts, api: &ControlApi) -> DevDoor {
    let config = &api.config;
    if !is_behind_the_door(parts.uri.path()) {
        return DevDoor::Closed;
    }
    let host = parts
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| parts.uri.authority().map(http::uri::Authority::as_str));
    if !config.is_dev
        || !is_from_this_machine(peer(parts), &parts.headers)
        || !host.is_some_and(is_local_host)
    {
        return DevDoor::Closed;
    }
    if is_foreign_page(&parts.headers, host.unwrap_or_default(), config) {
        DevDoor::ForeignPage
    } else {
        DevDoor::Open
    }
}

/// The routes that the door opens to: those that S4 shows without keys.
fn is_behind_the_door(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    ["/room", "/phone", "/sessions", "/media-stream"]
        .iter()
        .any(|open| {
            path.strip_prefix(open)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
        || matches!(path, "/whatsapp/send" | "/whatsapp/call")
}

/// Whether a browser sent this for a page that is neither ours nor one that settings name.
fn is_foreign_page(headers: &HeaderMap, host: &str, config: &ControlApiConfig) -> bool {
    if let Some(origin) = headers.get(header::ORIGIN) {
        let Ok(origin) = origin.to_str() else {
            return true;
        };
        let is_own = origin
            .strip_prefix("http://")
            .is_some_and(|rest| rest.eq_ignore_ascii_case(host));
        let is_named = config
            .cors_origins
            .iter()
            .any(|named| named.trim_end_matches('/') == origin)
            || config
                .frontend_url
                .as_ref()
                .is_some_and(|frontend| frontend.origin() == origin);
        return !is_own && !is_named;
    }
    // Browsers leave `Origin` out of plain GETs, but say where the page is from.
    headers
        .get("sec-fetch-site")
        .is_some_and(|site| site != "same-origin" && site != "none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_door_opens_to_some_routes_alone() {
        for path in [
            "/room/join",
            "/phone/call",
            "/sessions",
            "/sessions/x",
            "/whatsapp/send",
        ] {
            assert!(is_behind_the_door(path), "{path}");
        }
        for path in [
            "/users/me",
            "/v1/api-keys",
            "/debug/all-users",
            "/sessionsx",
            "/whatsapp/message",
            "/",
            "",
        ] {
            assert!(!is_behind_the_door(path), "{path}");
        }
    }
}
