//! Who may read `/metrics`.

use crate::is_from_this_machine;
use http::{HeaderMap, header};
use secrecy::{ExposeSecret as _, SecretString};
use std::net::IpAddr;
use subtle::ConstantTimeEq as _;

/// The media type of Prometheus' text format.
pub const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whoever asks from this machine, and who sends `Authorization: Bearer <METRICS_TOKEN>`, where there is one.
pub fn may_read_metrics(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    token: Option<&SecretString>,
) -> bool {
    is_from_this_machine(peer, headers) || token.is_some_and(|token| has_token(headers, token))
}

fn has_token(headers: &HeaderMap, token: &SecretString) -> bool {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    given
        .and_then(|value| value.strip_prefix("Bearer "))
        .is_some_and(|given| {
            given
                .as_bytes()
                .ct_eq(token.expose_secret().as_bytes())
                .into()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_read(peer: &str, authorization: Option<&str>, token: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(text) = authorization {
            headers.insert(header::AUTHORIZATION, text.parse().unwrap());
        }
        let token = token.map(SecretString::from);
        may_read_metrics(peer.parse().ok(), &headers, token.as_ref())
    }

    #[test]
    fn from_this_machine_or_with_the_token() {
        assert!(may_read("127.0.0.1", None, None));
        assert!(may_read("127.0.0.1", None, Some("token")));
        assert!(may_read("192.0.2.1", Some("Bearer token"), Some("token")));
        for wrong in [
            "Bearer toke",
            "Bearer tokens",
            "Bearer ",
            "token",
            "Basic token",
        ] {
            assert!(
                !may_read("192.0.2.1", Some(wrong), Some("token")),
                "{wrong}"
            );
        }
        assert!(!may_read("192.0.2.1", None, Some("token")));
        assert!(!may_read("192.0.2.1", Some("Bearer "), None));
    }
}
