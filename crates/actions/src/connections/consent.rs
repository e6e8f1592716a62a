//! The way to a provider's consent page.

use super::{ConnectError, Connections};
use crate::{Provider, Vendor};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use url::Url;

/// A PKCE verifier (RFC 7636): 256 random bits.
#[derive(Debug, Clone)]
pub struct Verifier(pub SecretString);

impl Verifier {
    /// A new one.
    pub fn random() -> Self {
        Self(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()).into())
    }

    /// Its S256 challenge.
    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.expose_secret().as_bytes()))
    }
}

/// What a user is asked for.
#[derive(Debug)]
pub struct Consent<'a> {
    /// Where.
    pub provider: Provider,
    /// What.
    pub scopes: &'a [String],
    /// Where the provider sends the user back.
    pub callback_uri: &'a str,
    /// What it gives back with the user.
    pub state: &'a str,
    /// What the code will be exchanged with.
    pub verifier: &'a Verifier,
    /// Who is asked, if it is known: saves the choice of an account.
    pub login_hint: Option<&'a str>,
}

impl Connections {
    /// The provider's page that asks the user.
    pub fn authorize_url(&self, consent: &Consent<'_>) -> Result<Url, ConnectError> {
        let provider = consent.provider;
        let client = self.clients.of(provider);
        let client = client.ok_or(ConnectError::NotConfigured(provider))?;
        let login = self.roots.login(provider, &self.endpoints);
        let mut url = Url::parse(&login.authorize).map_err(|_| ConnectError::Internal)?;
        let scopes = consent.scopes.join(" ");
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("client_id", &client.id)
                .append_pair("redirect_uri", consent.callback_uri)
                .append_pair("response_type", "code");
            match provider.vendor() {
                // Slack's `scope` is for bots.
                Vendor::Slack => query.append_pair("user_scope", &scopes.replace(' ', ",")),
                _ => query.append_pair("scope", &scopes),
            };
            query
                .append_pair("state", consent.state)
                .append_pair("code_challenge", &consent.verifier.challenge())
                .append_pair("code_challenge_method", "S256");
            match provider.vendor() {
                // Google gives a refresh token only so.
                Vendor::Google => query
                    .append_pair("access_type", "offline")
                    .append_pair("prompt", "consent")
                    .append_pair("include_granted_scopes", "true"),
                Vendor::Microsoft => query.append_pair("response_mode", "query"),
                Vendor::Atlassian => query
                    .append_pair("audience", "api.atlassian.com")
                    .append_pair("prompt", "consent"),
                Vendor::Slack | Vendor::HubSpot => &mut query,
            };
            if let (Vendor::Google | Vendor::Microsoft, Some(hint)) =
                (provider.vendor(), consent.login_hint)
            {
                query.append_pair("login_hint", hint);
            }
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = Verifier(verifier.to_owned().into()).challenge();
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_verifier_is_long_enough_and_new_each_time() {
        let (one, two) = (Verifier::random(), Verifier::random());
        assert_eq!(one.0.expose_secret().len(), 43);
        assert_ne!(one.0.expose_secret(), two.0.expose_secret());
    }
}
