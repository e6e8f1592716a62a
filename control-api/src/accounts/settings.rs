//! How accounts come to be, as settings say it.

use secrecy::SecretString;
use std::{str::FromStr, time::Duration};

/// Who may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Registration {
    /// Anybody.
    #[default]
    Open,
    /// Who was invited (`casp accounts invite`).
    Invite,
    /// Nobody; `casp accounts create` makes accounts.
    Closed,
}

/// Not one of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("one of: open, invite, closed")]
pub struct InvalidRegistration;

impl FromStr for Registration {
    type Err = InvalidRegistration;

    fn from_str(text: &str) -> Result<Self, InvalidRegistration> {
        match text {
            "open" => Ok(Self::Open),
            "invite" => Ok(Self::Invite),
            "closed" => Ok(Self::Closed),
            _ => Err(InvalidRegistration),
        }
    }
}

/// Registering, signing in, mail.
#[derive(Debug, Clone)]
pub struct AccountSettings {
    /// Who may register.
    pub registration: Registration,
    /// Checked at the doors, where it is set.
    pub captcha: Option<CaptchaSettings>,
    /// Sends mail; without it, administrators verify e-mails and nobody resets a password.
    pub smtp: Option<SmtpSettings>,
    /// Life of an access token.
    pub access_token_ttl: Duration,
    /// Life of a refresh token.
    pub refresh_token_ttl: Duration,
}

impl Default for AccountSettings {
    fn default() -> Self {
        Self {
            registration: Registration::Open,
            captcha: None,
            smtp: None,
            access_token_ttl: Duration::from_mins(30),
            refresh_token_ttl: Duration::from_hours(30 * 24),
        }
    }
}

/// A service that speaks reCAPTCHA's `siteverify`.
#[derive(Debug, Clone)]
pub struct CaptchaSettings {
    /// For the page: without it nobody could solve one.
    pub site_key: String,
    /// For the check.
    pub secret_key: SecretString,
    /// `https://www.google.com`, to which `/recaptcha/api/siteverify` is added.
    pub base_url: String,
}

/// A mail server.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// `smtps://user:password@host`, or `smtp://host:587?tls=required`.
    pub url: SecretString,
    /// `CASP <no-reply@example.com>`
    pub from: String,
}
