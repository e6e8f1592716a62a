//! Who asks from this machine (interface §1).

use http::HeaderMap;
use std::net::IpAddr;

/// Headers that only a proxy sets: with one of them, the peer is not the client.
const FORWARDING_HEADERS: [&str; 12] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-port",
    "x-forwarded-server",
    "x-real-ip",
    "x-client-ip",
    "via",
    "cf-connecting-ip",
    "true-client-ip",
    "x-original-host",
];

/// Whether a request came over the loopback interface without a proxy.
pub fn is_from_this_machine(peer: Option<IpAddr>, headers: &HeaderMap) -> bool {
    peer.is_some_and(|address| address.to_canonical().is_loopback())
        && !FORWARDING_HEADERS
            .iter()
            .any(|name| headers.contains_key(*name))
}

/// `localhost`, `127.0.0.1` or `[::1]`, with any port. A name that resolves to this machine is not enough: that is
/// what DNS rebinding does.
pub fn is_local_host(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "[::1]"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_names_with_any_port() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:8080",
        ] {
            assert!(is_local_host(host), "{host}");
        }
        for host in [
            "",
            "example.com",
            "localhost.example.com",
            "localhost:80.example.com",
            "127.0.0.1.nip.io",
            "127.0.0.2",
            "::1",
            "[::2]:1",
        ] {
            assert!(!is_local_host(host), "{host}");
        }
    }

    #[test]
    fn behind_a_proxy_it_is_not_this_machine() {
        let peer = Some("127.0.0.1".parse().unwrap());
        assert!(is_from_this_machine(peer, &HeaderMap::new()));
        assert!(is_from_this_machine(
            Some("::ffff:127.0.0.1".parse().unwrap()),
            &HeaderMap::new()
        ));
        assert!(!is_from_this_machine(
            Some("10.0.0.1".parse().unwrap()),
            &HeaderMap::new()
        ));
        assert!(!is_from_this_machine(None, &HeaderMap::new()));
        for name in FORWARDING_HEADERS {
            let mut headers = HeaderMap::new();
            headers.insert(name, "x".parse().unwrap());
            assert!(!is_from_this_machine(peer, &headers), "{name}");
        }
    }
}
