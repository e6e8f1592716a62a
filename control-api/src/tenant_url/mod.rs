//! URLs that a tenant gives us to call: webhooks, media to fetch.
//!
//! Whoever may name a URL that this server then calls could reach what only this server reaches: its own machine,
//! the private network, the cloud's metadata service. So such a URL is https to public addresses, and the connection
//! goes to the very addresses that were checked, without a proxy and without following redirects.

mod address;
mod resolver;

use address::is_public;
use resolver::CheckedResolver;
use std::{error::Error as _, time::Duration};
use url::{Host, Url};

/// Longest URL, bytes.
const LONGEST: usize = 2_048;
/// Below it, only https' own port: what listens there is not HTTP.
const FIRST_FREE_PORT: u16 = 1_024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a URL is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TenantUrlError {
    /// Not a URL with a host.
    #[error("not a URL: write https://host/path")]
    NotAUrl,
    /// `http:` and others.
    #[error("the URL must begin with https://")]
    NotHttps,
    /// `https://user:password@host`
    #[error("the URL may not hold a user name or password")]
    Credentials,
    /// `https://host:22`
    #[error("the URL's port must be 443, or 1024 or higher")]
    Port,
    /// An address that is not on the open Internet.
    #[error("the URL must lead to a public address")]
    Private,
    /// The name has no address, or its server did not answer.
    #[error("the URL's host has no address")]
    Unresolved,
}

/// A URL that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TenantUrl(Url);

impl TenantUrl {
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The same host, at this path when the URL names none.
    pub(crate) fn with_default_path(mut self, path: &str) -> Self {
        if self.0.path() == "/" && self.0.query().is_none() {
            self.0.set_path(path);
        }
        self
    }
}

/// Checks such URLs and calls them.
#[derive(Debug, Clone)]
pub(crate) struct TenantUrls {
    resolver: CheckedResolver,
    http: reqwest::Client,
}

impl TenantUrls {
    /// `allows_private` also allows http, any port and any address: for development and tests.
    pub(crate) fn new(allows_private: bool) -> Result<Self, reqwest::Error> {
        Self::with_resolver(CheckedResolver::system(allows_private), allows_private)
    }

    fn with_resolver(
        resolver: CheckedResolver,
        allows_private: bool,
    ) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .dns_resolver(resolver.clone())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .https_only(!allows_private)
            .connect_timeout(CONNECT_TIMEOUT)
            // A connection is not kept for later: each call is to an address that was checked for it.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("CASP/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { resolver, http })
    }

    /// Checks a URL's form and, where it is an address, the address; asks nobody.
    pub(crate) fn parse(&self, text: &str) -> Result<TenantUrl, TenantUrlError> {
        let allows_private = self.resolver.allows_private();
        let text = text.trim();
        if text.len() > LONGEST {
            return Err(TenantUrlError::NotAUrl);
        }
        let mut url = Url::parse(text).map_err(|_| TenantUrlError::NotAUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if allows_private => {}
            _ => return Err(TenantUrlError::NotHttps),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TenantUrlError::Credentials);
        }
        let port = url.port().unwrap_or(443);
        if !allows_private && port != 443 && port < FIRST_FREE_PORT {
            return Err(TenantUrlError::Port);
        }
        let is_closed = match url.host() {
            None => return Err(TenantUrlError::NotAUrl),
            Some(Host::Ipv4(address)) => !is_public(address.into()),
            Some(Host::Ipv6(address)) => !is_public(address.into()),
            Some(Host::Domain(_)) => false,
        };
        if is_closed && !allows_private {
            return Err(TenantUrlError::Private);
        }
        url.set_fragment(None);
        Ok(TenantUrl(url))
    }

    /// Checks a URL, and where its name leads now. A name that leads nowhere at the moment passes: what counts is
    /// where it leads when it is called.
    pub(crate) async fn check(&self, text: &str) -> Result<TenantUrl, TenantUrlError> {
        let url = self.parse(text)?;
        if let Some(Host::Domain(host)) = url.0.host() {
            match self.resolver.addresses(host).await {
                Ok(_) | Err(TenantUrlError::Unresolved) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(url)
    }

    /// A request to such a URL. Time limits and what is read of the answer are the caller's to bound.
    pub(crate) fn request(
        &self,
        method: reqwest::Method,
        url: &TenantUrl,
    ) -> reqwest::RequestBuilder {
        self.http.request(method, url.0.clone())
    }
}

/// What kept a request from being answered, in words that its tenant may see.
pub(crate) fn why_unanswered(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<TenantUrlError>() {
            return refused.to_string();
        }
        cause = inner.source();
    }
    if error.is_timeout() {
        "no answer in time".into()
    } else if error.is_connect() {
        "no connection".into()
    } else {
        "the connection broke".into()
    }
}

#[cfg(test)]
mod tests;
