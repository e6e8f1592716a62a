//! Whose logins there are, where, and who we are there.

use crate::{Endpoints, Provider, Vendor};
use secrecy::SecretString;
use url::Url;

/// Who we are at a vendor's login.
#[derive(Debug, Clone)]
pub struct OAuthClient {
    /// Client id.
    pub id: String,
    /// Client secret.
    pub secret: SecretString,
}

/// Who we are at each; `None`: not registered there.
#[derive(Debug, Clone, Default)]
pub struct OAuthClients {
    /// Google.
    pub google: Option<OAuthClient>,
    /// Microsoft.
    pub microsoft: Option<OAuthClient>,
    /// Slack.
    pub slack: Option<OAuthClient>,
    /// HubSpot.
    pub hubspot: Option<OAuthClient>,
    /// Atlassian.
    pub jira: Option<OAuthClient>,
}

impl OAuthClients {
    /// Who we are at a provider's login.
    pub fn of(&self, provider: Provider) -> Option<&OAuthClient> {
        match provider.vendor() {
            Vendor::Google => self.google.as_ref(),
            Vendor::Microsoft => self.microsoft.as_ref(),
            Vendor::Slack => self.slack.as_ref(),
            Vendor::HubSpot => self.hubspot.as_ref(),
            Vendor::Atlassian => self.jira.as_ref(),
        }
    }
}

/// Roots of the logins that have one of their own. Slack's, HubSpot's and Atlassian's go with their APIs.
#[derive(Debug, Clone)]
pub struct OAuthRoots {
    /// `https://accounts.google.com`; with it, tokens are at `https://oauth2.googleapis.com`.
    pub google: Url,
    /// `https://login.microsoftonline.com`
    pub microsoft: Url,
}

impl Default for OAuthRoots {
    fn default() -> Self {
        let url = |text: &str| Url::parse(text).expect("the vendors' own roots are URLs");
        Self {
            google: url("https://accounts.google.com"),
            microsoft: url("https://login.microsoftonline.com"),
        }
    }
}

/// The URLs of one login.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) authorize: String,
    pub(super) token: String,
}

/// A vendor that has several hosts has them only at home: a stand-in is one host.
fn host<'a>(root: &'a Url, home: &str, at_home: &'a str) -> &'a str {
    let root = root.as_str().trim_end_matches('/');
    if root == home { at_home } else { root }
}

impl OAuthRoots {
    pub(super) fn login(&self, provider: Provider, endpoints: &Endpoints) -> Login {
        let (authorize, token) = match provider.vendor() {
            Vendor::Google => {
                let root = self.google.as_str().trim_end_matches('/');
                (
                    format!("{root}/o/oauth2/v2/auth"),
                    format!("{}/token", self.google_tokens()),
                )
            }
            Vendor::Microsoft => {
                let root = self.microsoft.as_str().trim_end_matches('/');
                (
                    format!("{root}/common/oauth2/v2.0/authorize"),
                    format!("{root}/common/oauth2/v2.0/token"),
                )
            }
            Vendor::Slack => {
                let root = endpoints.slack.as_str().trim_end_matches('/');
                (
                    format!("{root}/oauth/v2/authorize"),
                    format!("{root}/api/oauth.v2.access"),
                )
            }
            Vendor::HubSpot => {
                let api = endpoints.hubspot.as_str().trim_end_matches('/');
                let pages = host(
                    &endpoints.hubspot,
                    "https://api.hubapi.com",
                    "https://app.hubspot.com",
                );
                (
                    format!("{pages}/oauth/authorize"),
                    format!("{api}/oauth/v1/token"),
                )
            }
            Vendor::Atlassian => {
                let login = host(
                    &endpoints.jira,
                    "https://api.atlassian.com",
                    "https://auth.atlassian.com",
                );
                (format!("{login}/authorize"), format!("{login}/oauth/token"))
            }
        };
        Login { authorize, token }
    }

    /// Where Google gives tokens and forgets them.
    pub(super) fn google_tokens(&self) -> &str {
        host(
            &self.google,
            "https://accounts.google.com",
            "https://oauth2.googleapis.com",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(provider: Provider) -> (String, String) {
        let login = OAuthRoots::default().login(provider, &Endpoints::default());
        (login.authorize, login.token)
    }

    #[test]
    fn the_vendors_own_urls_are_those_of_their_documents() {
        for (provider, authorize, token) in [
            (
                Provider::Gmail,
                "https://accounts.google.com/o/oauth2/v2/auth",
                "https://oauth2.googleapis.com/token",
            ),
            (
                Provider::Teams,
                "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
                "https://login.microsoftonline.com/common/oauth2/v2.0/token",
            ),
            (
                Provider::Slack,
                "https://slack.com/oauth/v2/authorize",
                "https://slack.com/api/oauth.v2.access",
            ),
            (
                Provider::HubSpot,
                "https://app.hubspot.com/oauth/authorize",
                "https://api.hubapi.com/oauth/v1/token",
            ),
            (
                Provider::Jira,
                "https://auth.atlassian.com/authorize",
                "https://auth.atlassian.com/oauth/token",
            ),
        ] {
            assert_eq!(login(provider), (authorize.into(), token.into()));
        }
    }

    #[test]
    fn a_stand_in_is_one_host() {
        let root = Url::parse("http://127.0.0.1:9").unwrap();
        let roots = OAuthRoots {
            google: root.clone(),
            microsoft: root.clone(),
        };
        let endpoints = Endpoints {
            slack: root.clone(),
            hubspot: root.clone(),
            jira: root,
            ..Endpoints::default()
        };
        for provider in Provider::ALL {
            let login = roots.login(provider, &endpoints);
            for url in [login.authorize, login.token] {
                assert!(url.starts_with("http://127.0.0.1:9/"), "{url}");
            }
        }
    }
}
