//! Addresses under which the world reaches us: a URL or a bare host.

use std::{fmt, str::FromStr};
use url::Url;

/// `https://voice.example.com`, `voice.example.com` (taken as https) or `http://localhost:8080`; a path is kept as a
/// prefix. `ws(s)://` is taken too. WebSockets are `ws:` only where it says http.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    is_secure: bool,
    /// Host, port if any, path without a slash at its end.
    rest: String,
}

/// Not an address that others could reach.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a public URL: write https://host, http://host:port or a bare host")]
pub struct InvalidPublicUrl;

impl PublicUrl {
    /// `http(s)://host…`, with no slash at the end.
    pub fn http(&self) -> String {
        format!("http{}://{}", self.suffix(), self.rest)
    }

    /// `ws(s)://host…`, with no slash at the end.
    pub fn ws(&self) -> String {
        format!("ws{}://{}", self.suffix(), self.rest)
    }

    /// Whether it is https.
    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// `http(s)://host[:port]`, as browsers write it in `Origin`.
    pub fn origin(&self) -> String {
        let authority = self.rest.split('/').next().unwrap_or_default();
        format!("http{}://{authority}", self.suffix())
    }

    fn suffix(&self) -> &'static str {
        if self.is_secure { "s" } else { "" }
    }
}

impl FromStr for PublicUrl {
    type Err = InvalidPublicUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPublicUrl> {
        let text = text.trim();
        let (is_secure, rest) = match text.split_once("://") {
            None => (true, text),
            Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
                "http" | "ws" => (false, rest),
                "https" | "wss" => (true, rest),
                _ => return Err(InvalidPublicUrl),
            },
        };
        let parsed = Url::parse(&format!(
            "http{}://{rest}",
            if is_secure { "s" } else { "" }
        ))
        .map_err(|_| InvalidPublicUrl)?;
        let host = parsed
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(InvalidPublicUrl)?;
        if !parsed.username().is_empty() || parsed.password().is_some() || parsed.query().is_some()
        {
            return Err(InvalidPublicUrl);
        }
        let port = parsed
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        let path = parsed.path().trim_end_matches('/');
        Ok(Self {
            is_secure,
            rest: format!("{host}{port}{path}"),
        })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.http())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_host_is_https_and_wss() {
        let url: PublicUrl = "abc123.ngrok.io".parse().unwrap();
        assert_eq!(
            (url.http().as_str(), url.ws().as_str()),
            ("https://abc123.ngrok.io", "wss://abc123.ngrok.io")
        );
        assert!(url.is_secure());
    }

    #[test]
    fn only_what_says_http_is_plain() {
        let url: PublicUrl = "http://localhost:8080/".parse().unwrap();
        assert_eq!(
            (url.http().as_str(), url.ws().as_str()),
            ("http://localhost:8080", "ws://localhost:8080")
        );
        let url: PublicUrl = "wss://Example.com:443/casp/".parse().unwrap();
        assert_eq!(
            (url.ws().as_str(), url.origin().as_str()),
            ("wss://example.com/casp", "https://example.com")
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "ftp://x",
            "https://",
            "https://u:p@x",
            "https://x?y=1",
            "a b",
        ] {
            assert!(text.parse::<PublicUrl>().is_err(), "{text:?}");
        }
    }
}
