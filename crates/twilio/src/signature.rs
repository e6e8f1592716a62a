//! `X-Twilio-Signature`: how Twilio proves that a webhook is its own.
//!
//! Base64 of HMAC-SHA1 over the full URL followed by every form parameter, name and value, sorted by name. Of a
//! repeated parameter each different value counts once, in order. For other bodies (JSON) the URL carries
//! `bodySHA256`, the parameters stay out, and the body must have that hash. Twilio signs now with, now without the
//! port, so both count (sources: Twilio's "Webhooks security", and the behaviour of its own validators).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeSet, fmt};
use subtle::ConstantTimeEq as _;

/// The header's name, in lower case.
pub const HEADER: &str = "x-twilio-signature";

/// Checks (and makes) signatures with an account's auth token.
#[derive(Clone)]
pub struct RequestValidator {
    keyed: Hmac<Sha1>,
}

impl fmt::Debug for RequestValidator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestValidator(…)")
    }
}

impl RequestValidator {
    /// With the auth token of the Twilio account.
    ///
    /// # Panics
    /// Never: HMAC takes keys of any length.
    pub fn new(auth_token: &str) -> Self {
        let keyed = Hmac::new_from_slice(auth_token.as_bytes()).expect("HMAC takes any key");
        Self { keyed }
    }

    /// The signature of a request to exactly this URL with these form parameters (decoded).
    pub fn sign(&self, url: &str, parameters: &[(String, String)]) -> String {
        let mut mac = self.keyed.clone();
        mac.update(url.as_bytes());
        let sorted: BTreeSet<(&str, &str)> = parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        for (name, value) in sorted {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
        STANDARD.encode(mac.finalize().into_bytes())
    }

    /// Whether `signature` is that of this request. `url` is the public one, as Twilio called it, query included.
    pub fn is_valid(&self, url: &str, parameters: &[(String, String)], signature: &str) -> bool {
        let mut is_valid = false;
        for candidate in [without_port(url), with_port(url)] {
            let expected = self.sign(&candidate, parameters);
            is_valid |= bool::from(expected.as_bytes().ct_eq(signature.as_bytes()));
        }
        is_valid
    }

    /// The same for a request whose body is not a form: the URL's `bodySHA256` must be that of `body`.
    pub fn is_valid_body(&self, url: &str, body: &[u8], signature: &str) -> bool {
        let Some(claimed) = query_value(url, "bodySHA256") else {
            return false;
        };
        let actual = hex::encode(Sha256::digest(body));
        let is_same_body = bool::from(actual.as_bytes().ct_eq(claimed.as_bytes()));
        is_same_body && self.is_valid(url, &[], signature)
    }
}

/// The value of a query parameter, undecoded: it is hexadecimal.
fn query_value<'a>(url: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = url.split_once('?')?;
    query.split('#').next()?.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then_some(value)
    })
}

/// The URL in three parts: up to the end of the host, the port, the rest. The text is not normalised in any other
/// way, since the signature is over its very bytes.
fn split_port(url: &str) -> Option<(&str, Option<&str>, &str)> {
    let authority = url.find("://")? + 3;
    let end = url[authority..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| authority + at);
    // The host may be an IPv6 address in brackets, with colons of its own.
    let host = url[authority..end]
        .rfind(']')
        .map_or(authority, |at| authority + at);
    match url[host..end].find(':') {
        Some(colon) => Some((
            &url[..host + colon],
            Some(&url[host + colon + 1..end]),
            &url[end..],
        )),
        None => Some((&url[..end], None, &url[end..])),
    }
}

fn without_port(url: &str) -> String {
    match split_port(url) {
        Some((head, Some(_), tail)) => format!("{head}{tail}"),
        _ => url.to_owned(),
    }
}

fn with_port(url: &str) -> String {
    match split_port(url) {
        Some((head, None, tail)) => {
            let port = if url.starts_with("https:") || url.starts_with("wss:") {
                443
            } else {
                80
            };
            format!("{head}:{port}{tail}")
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";

    fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn documented() -> Vec<(String, String)> {
        form(&[
            ("To", "+18005551212"),
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("From", "+14158675309"),
            ("Digits", "1234"),
        ])
    }

    fn validator() -> RequestValidator {
        RequestValidator::new("12345")
    }

    #[test]
    fn the_published_example_is_signed_as_twilio_does() {
        assert_eq!(
            validator().sign(URL, &documented()),
            "RSOYDt4T1cUTdK1PDd93/VVr8B8="
        );
        let older = form(&[
            ("CallSid", "CA1234567890ABCDE"),
            ("From", "+12349013030"),
            ("To", "+18005551212"),
            ("Caller", "+12349013030"),
            ("Digits", "1234"),
        ]);
        assert_eq!(
            validator().sign(URL, &older),
            "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
        );
    }

    #[test]
    fn of_a_repeated_parameter_each_value_counts_once_in_order() {
        let expected = "IK+Dwps556ElfBT0I3Rgjkr1wJU=";
        let repeated = form(&[
            ("Sid", "CA123"),
            ("SidAccount", "AC123"),
            ("Digits", "5678"),
            ("Digits", "1234"),
        ]);
        assert_eq!(validator().sign(URL, &repeated), expected);
        let doubled = [repeated, form(&[("Digits", "1234")])].concat();
        assert_eq!(validator().sign(URL, &doubled), expected);
    }

    #[test]
    fn the_port_may_be_there_or_not() {
        let validator = validator();
        let other_port = URL.replace(".com", ".com:1234");
        assert!(validator.is_valid(&other_port, &documented(), "RSOYDt4T1cUTdK1PDd93/VVr8B8="));
        assert!(
            validator.is_valid(URL, &documented(), "kvajT1Ptam85bY51eRf/AJRuM3w="),
            "443"
        );
        let http = URL.replace("https", "http");
        assert!(
            validator.is_valid(&http, &documented(), "0ZXoZLH/DfblKGATFgpif+LLRf4="),
            "80"
        );
        let http_other = http.replace(".com", ".com:1234");
        assert!(
            validator.is_valid(&http_other, &documented(), "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
            "1234"
        );
    }

    #[test]
    fn a_json_body_is_bound_by_its_hash() {
        let body = br#"{"property": "value", "boolean": true}"#;
        let url = format!(
            "{URL}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
        );
        let signature = "a9nBmqA0ju/hNViExpshrM61xv4=";
        assert!(validator().is_valid_body(&url, body, signature));
        assert!(!validator().is_valid_body(&url, b"{}", signature));
        assert!(
            !validator().is_valid_body(URL, body, signature),
            "no hash, no proof"
        );
    }

    #[test]
    fn anything_else_is_refused() {
        let validator = validator();
        let right = validator.sign(URL, &documented());
        assert!(validator.is_valid(URL, &documented(), &right));
        for wrong in [
            "",
            "x",
            &right[1..],
            &format!("{right}="),
            &right.to_lowercase(),
        ] {
            assert!(!validator.is_valid(URL, &documented(), wrong), "{wrong:?}");
        }
        assert!(!validator.is_valid("https://evil.com/", &documented(), &right));
        assert!(!validator.is_valid(URL, &form(&[]), &right));
        assert!(!RequestValidator::new("other").is_valid(URL, &documented(), &right));
        assert!(!validator.is_valid("not a url", &[], &right));
    }

    #[test]
    fn ipv6_hosts_keep_their_colons() {
        assert_eq!(with_port("http://[::1]/a"), "http://[::1]:80/a");
        assert_eq!(without_port("http://[::1]:8080/a:b"), "http://[::1]/a:b");
        assert_eq!(without_port("https://host?x=a:1"), "https://host?x=a:1");
    }
}
