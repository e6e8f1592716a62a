//! Who may open a stream, as far as it can be told before the upgrade.

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, header, request::Parts},
};
use casp_operations::{is_from_this_machine, is_local_host};
use std::net::SocketAddr;

/// The key of a request, `sk_…` or `ek_…`: `Authorization: Bearer …`, or `?api_key=` where a header is impossible.
pub(crate) fn api_key(parts: &Parts) -> Option<String> {
    let bearer = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| {
            let (scheme, key) = value.split_once(' ')?;
            scheme
                .eq_ignore_ascii_case("bearer")
                .then(|| key.trim().to_owned())
        });
    bearer.or_else(|| {
        let query = parts.uri.query()?;
        query.split('&').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            // Keys are of URL-safe characters, so nothing needs decoding.
            (name == "api_key").then(|| value.to_owned())
        })
    })
}

/// Whether a request comes from this very machine and from no web page of somebody else's (interface §1).
pub(crate) fn is_local(parts: &Parts) -> bool {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    is_from_this_machine(peer.map(|peer| peer.0.ip()), &parts.headers)
        && is_by_own_name(&parts.headers, parts.uri.authority().map(AsRef::as_ref))
}

fn is_by_own_name(headers: &HeaderMap, authority: Option<&str>) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let Some(host) = text(header::HOST).or(authority) else {
        return false;
    };
    let is_own_origin = text(header::ORIGIN).is_none_or(|origin| {
        origin
            .split_once("://")
            .is_some_and(|(_, origin_host)| origin_host.eq_ignore_ascii_case(host))
    });
    is_own_origin && is_local_host(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn parts(uri: &str, headers: &[(&str, &str)], peer: &str) -> Parts {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let peer: SocketAddr = peer.parse().unwrap();
        parts.extensions.insert(ConnectInfo(peer));
        parts
    }

    #[test]
    fn keys_come_by_header_or_query() {
        let of = |uri, headers: &[_]| api_key(&parts(uri, headers, "127.0.0.1:1"));
        assert_eq!(
            of("/x", &[("authorization", "Bearer sk_1")]).as_deref(),
            Some("sk_1")
        );
        assert_eq!(of("/x?a=b&api_key=sk_2", &[]).as_deref(), Some("sk_2"));
        assert_eq!(of("/x", &[("authorization", "Basic sk_1")]), None);
        assert_eq!(of("/x?xapi_key=1", &[]), None);
    }

    #[test]
    fn this_machine_is_local() {
        for host in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:1",
            "[::1]:8080",
            "LocalHost:1",
        ] {
            assert!(
                is_local(&parts("/x", &[("host", host)], "127.0.0.1:1")),
                "{host}"
            );
        }
        let own_page = [
            ("host", "localhost:8080"),
            ("origin", "http://localhost:8080"),
        ];
        assert!(is_local(&parts("/x", &own_page, "[::1]:5")));
        assert!(is_local(&parts(
            "/x",
            &[("host", "localhost")],
            "[::ffff:127.0.0.1]:5"
        )));
    }

    #[test]
    fn proxies_other_names_and_foreign_pages_are_not() {
        let host = ("host", "localhost:8080");
        for (headers, peer) in [
            (vec![host], "192.0.2.1:1"),
            (vec![("host", "casp.example")], "127.0.0.1:1"),
            (vec![("host", "localhost.evil.com")], "127.0.0.1:1"),
            (vec![host, ("x-forwarded-for", "1.2.3.4")], "127.0.0.1:1"),
            (vec![host, ("forwarded", "for=1.2.3.4")], "127.0.0.1:1"),
            (vec![host, ("cf-connecting-ip", "1.2.3.4")], "127.0.0.1:1"),
            (vec![host, ("x-client-ip", "1.2.3.4")], "127.0.0.1:1"),
            (vec![host, ("origin", "https://evil.com")], "127.0.0.1:1"),
            (
                vec![host, ("origin", "http://localhost:3000")],
                "127.0.0.1:1",
            ),
            (vec![host, ("origin", "null")], "127.0.0.1:1"),
            (vec![], "127.0.0.1:1"),
        ] {
            assert!(
                !is_local(&parts("/x", &headers, peer)),
                "{headers:?} {peer}"
            );
        }
    }
}
