//! Where users may be sent afterwards.

use crate::{ControlApi, error::ApiError};
use casp_store::{AccountId, oauth};
use url::Url;

/// Longest URI, bytes.
const LONGEST: usize = 2_048;

/// Why a URI is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an https URL (http for this machine), or one of an app (com.example.app:/path), without a fragment, user \
     name or password"
)]
pub(super) struct InvalidRedirectUri;

/// A URI in its one form.
pub(super) fn parse(text: &str) -> Result<Url, InvalidRedirectUri> {
    let url = Url::parse(text.trim()).map_err(|_| InvalidRedirectUri)?;
    let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let is_fine = match url.scheme() {
        "https" => url.has_host(),
        "http" => is_here,
        // RFC 8252, section 7.1: apps' own schemes are domain names the other way round.
        scheme => scheme.contains('.'),
    };
    let is_plain =
        url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    if is_fine && is_plain && text.len() <= LONGEST {
        Ok(url)
    } else {
        Err(InvalidRedirectUri)
    }
}

/// The URI, if the account's users may be sent there: it is on the account's list to the letter, or a page of ours.
pub(super) async fn allowed(
    api: &ControlApi,
    account: AccountId,
    text: &str,
) -> Result<String, ApiError> {
    const REFUSED: ApiError = ApiError::Rejected(
        "The redirect_uri is not on the account's list; PUT /v1/oauth/redirect-uris adds it.",
    );
    let url = parse(text).map_err(|_| REFUSED)?;
    let own = url.origin().ascii_serialization();
    if own_origins(api).contains(&own) {
        return Ok(url.into());
    }
    let listed = oauth::redirect_uris(&api.config.store, account).await?;
    if listed.iter().any(|listed| *listed == url.as_str()) {
        return Ok(url.into());
    }
    Err(REFUSED)
}

/// The origins of our own pages.
pub(super) fn own_origins(api: &ControlApi) -> Vec<String> {
    let config = &api.config;
    let mut origins: Vec<String> = config
        .frontend_url
        .iter()
        .chain([&config.public_url])
        .map(|url| {
            let parsed = Url::parse(&url.origin());
            parsed.map_or_else(|_| url.origin(), |url| url.origin().ascii_serialization())
        })
        .collect();
    origins.dedup();
    origins
}

/// The URI with more in its query.
pub(crate) fn with_query(uri: &str, pairs: &[(&str, &str)]) -> String {
    let Ok(mut url) = Url::parse(uri) else {
        return uri.to_owned();
    };
    url.query_pairs_mut().extend_pairs(pairs);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_leads_to_a_page_or_an_app_is_taken() {
        for good in [
            "https://app.example.com/callback",
            "https://app.example.com/callback?a=b",
            "http://localhost:5173/x",
            "http://[::1]:9/",
            "com.example.app:/oauth",
        ] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/callback",
            "//evil.example.com",
            "http://app.example.com/",
            "https://user@app.example.com/",
            "https://app.example.com/#token",
            "javascript:alert(1)",
            "data:text/html,x",
            "http://localhost.evil.example.com/",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_added_keeps_what_was_there() {
        assert_eq!(
            with_query(
                "https://a.example/cb?x=1",
                &[("success", "true"), ("m", "a b&c")]
            ),
            "https://a.example/cb?x=1&success=true&m=a+b%26c"
        );
    }
}
