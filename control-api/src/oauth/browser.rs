//! Which browser it is: a cookie that says nothing of anybody, and lasts as long as a consent may take.

use crate::ControlApi;
use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, header, request::Parts},
};
use std::convert::Infallible;

/// The browser of a request, by its cookie.
pub(crate) struct Browser(Option<String>);

/// 256 bits in hexadecimal.
const LENGTH: usize = 64;

fn name(api: &ControlApi) -> &'static str {
    // The prefix keeps other hosts of the domain from setting it (RFC 6265bis, section 4.1.3.2).
    if api.config.public_url.is_secure() {
        "__Host-casp_oauth"
    } else {
        "casp_oauth"
    }
}

impl FromRequestParts<ControlApi> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &ControlApi) -> Result<Self, Infallible> {
        let cookies = parts.headers.get_all(header::COOKIE);
        let found = cookies
            .iter()
            .filter_map(|cookies| cookies.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find(|(found, _)| *found == name(api))
            .map(|(_, value)| value)
            .filter(|value| {
                value.len() == LENGTH && value.bytes().all(|byte| byte.is_ascii_hexdigit())
            });
        Ok(Self(found.map(str::to_owned)))
    }
}

impl Browser {
    /// What tells it from others.
    pub(crate) fn id(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The same, or a new one. One browser may be at several consent pages.
    pub(crate) fn or_new(self) -> String {
        self.0
            .unwrap_or_else(|| hex::encode(rand::random::<[u8; LENGTH / 2]>()))
    }
}

/// The header that makes a browser known again. Lax: it comes back with the redirection from the provider.
pub(crate) fn set_cookie(api: &ControlApi, id: &str) -> HeaderValue {
    let secure = if api.config.public_url.is_secure() {
        "; Secure"
    } else {
        ""
    };
    let cookie = format!(
        "{}={id}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax{secure}",
        name(api)
    );
    HeaderValue::from_str(&cookie).unwrap_or(HeaderValue::from_static(""))
}
