//! E-mail addresses and new passwords, checked once at the edge.

use email_address::{EmailAddress, Options};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

/// An e-mail address in lower case. Letters outside ASCII are not taken: `Ｋ` and the Kelvin sign become `k` in some
/// lower case, and two accounts would look like one, or be one. Domains of other scripts have an ASCII form
/// (`xn--…`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Email(String);

impl Email {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether it is one that an account could have.
pub(crate) fn is_email(text: &str) -> bool {
    Email::try_from(text.to_owned()).is_ok()
}

#[derive(Debug, thiserror::Error)]
#[error("this is not an e-mail address (name@example.com, in ASCII)")]
pub(crate) struct InvalidEmail;

impl TryFrom<String> for Email {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        let text = text.trim_matches(' ');
        let options = Options::default()
            .without_display_text()
            .without_domain_literal();
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains('"');
        if !is_plain || EmailAddress::parse_with_options(text, options).is_err() {
            return Err(InvalidEmail);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

/// A password that somebody chooses now: 8 characters to 1024 bytes.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "SecretString")]
pub(crate) struct NewPassword(SecretString);

impl NewPassword {
    pub(crate) fn into_secret(self) -> SecretString {
        self.0
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a password has 8 characters or more, and at most 1024 bytes")]
pub(crate) struct InvalidPassword;

/// Longest password, bytes.
pub(crate) const LONGEST_PASSWORD: usize = 1_024;

impl TryFrom<SecretString> for NewPassword {
    type Error = InvalidPassword;

    fn try_from(password: SecretString) -> Result<Self, InvalidPassword> {
        let text = password.expose_secret();
        if text.chars().count() < 8 || text.len() > LONGEST_PASSWORD {
            return Err(InvalidPassword);
        }
        Ok(Self(password))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(text: &str) -> Option<String> {
        Email::try_from(text.to_owned()).ok().map(|email| email.0)
    }

    #[test]
    fn addresses_are_lower_case() {
        assert_eq!(
            email(" User+Tag@Example.COM ").as_deref(),
            Some("user+tag@example.com")
        );
        assert_eq!(email("dev@casp.local").as_deref(), Some("dev@casp.local"));
        assert_eq!(
            email("a@xn--bcher-kva.example").as_deref(),
            Some("a@xn--bcher-kva.example")
        );
    }

    #[test]
    fn what_is_none_or_only_looks_like_one_is_refused() {
        for text in [
            "",
            "a",
            "@",
            "a@",
            "@b.c",
            "a b@example.com",
            "a@b@c.d",
            "a@example.com\n",
            "a@example.com\0",
            "A <a@example.com>",
            "a@[127.0.0.1]",
            "\"a b\"@example.com",
            "a@example..com",
            "a,b@example.com",
            "adminK@example.com",
            "\u{212a}@example.com",
            "ａ@example.com",
            "a@exämple.com",
            "a\u{200b}@example.com",
            "a\r\nBcc: b@example.com",
        ] {
            let is_ascii_admin = text == "adminK@example.com";
            assert_eq!(email(text).is_some(), is_ascii_admin, "{text:?}");
        }
        assert_eq!(email(&format!("{}@example.com", "a".repeat(65))), None);
        assert_eq!(email(&format!("a@{}.com", "b".repeat(300))), None);
    }

    #[test]
    fn passwords_have_bounds() {
        let is_fine = |text: String| NewPassword::try_from(SecretString::from(text)).is_ok();
        assert!(!is_fine("1234567".into()));
        assert!(is_fine("12345678".into()));
        assert!(is_fine("пароль12".into()), "characters, not bytes");
        assert!(is_fine("a".repeat(1_024)));
        assert!(!is_fine("a".repeat(1_025)));
        assert!(!is_fine("é".repeat(513)));
    }
}
