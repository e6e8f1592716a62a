//! Why Twilio did not do what it was asked.

use serde::Deserialize;
use std::{fmt, time::Duration};

/// Codes that blame the number a call is to come from: not one of the account's (21210), no phone number (21212),
/// missing (21213). Another number of the account may do.
const FROM_CODES: [u32; 3] = [21_210, 21_212, 21_213];

/// Why a request failed. What is shown holds no number and no URL: Twilio's own words, which do, are in [`Refusal`].
#[derive(Debug, thiserror::Error)]
pub enum TwilioError {
    /// The client could not be made.
    #[error("HTTP client: {0}")]
    HttpClient(reqwest::Error),
    /// No connection came about: nothing was sent, and nothing happened.
    #[error("Twilio cannot be reached: {0}")]
    Unreachable(String),
    /// Twilio took the request and said no (4xx): nothing happened.
    #[error("Twilio refused: {0}")]
    Refused(Refusal),
    /// Twilio asked to slow down (429): nothing happened.
    #[error("Twilio has too many requests of this account")]
    TooMany {
        /// Not before.
        retry_after: Option<Duration>,
    },
    /// Twilio failed (5xx).
    #[error("Twilio failed ({status})")]
    Failed {
        /// HTTP status.
        status: u16,
        /// Not before.
        retry_after: Option<Duration>,
    },
    /// The request was, or may have been, sent, and no answer came.
    #[error("Twilio's answer did not come: {0}")]
    Lost(String),
    /// Twilio said that it is done, in an answer that cannot be read.
    #[error("Twilio's answer cannot be read: {0}")]
    Unreadable(String),
}

/// Twilio's error body.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Refusal {
    /// HTTP status.
    #[serde(default)]
    pub status: u16,
    /// Twilio's error code (`twilio.com/docs/errors/…`); 0 when it gave none.
    #[serde(default)]
    pub code: u32,
    /// Twilio's words; they may hold phone numbers.
    #[serde(default)]
    pub message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (error {})", self.status, self.code)
    }
}

impl TwilioError {
    /// Whether Twilio may have done what it was asked though this came back.
    pub fn may_have_happened(&self) -> bool {
        matches!(
            self,
            Self::Lost(_) | Self::Failed { .. } | Self::Unreadable(_)
        )
    }

    /// There is no such thing (any more).
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.status == 404)
    }

    /// Twilio blames the number that a call was to come from; another one may do.
    pub fn blames_from_number(&self) -> bool {
        self.code().is_some_and(|code| FROM_CODES.contains(&code))
    }

    /// Twilio's error code.
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }

    /// How long Twilio asked to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooMany { retry_after } | Self::Failed { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the same request may succeed later.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::TooMany { .. } | Self::Failed { .. } | Self::Lost(_)
        )
    }

    /// An error of the HTTP client, told apart by whether anything was sent.
    pub(super) fn from_http(error: reqwest::Error) -> Self {
        let was_sent = !(error.is_connect() || error.is_builder());
        let text = in_words(&error.without_url());
        if was_sent {
            Self::Lost(text)
        } else {
            Self::Unreachable(text)
        }
    }
}

/// The error and its causes: reqwest keeps the interesting part in the latter.
fn in_words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: u32) -> TwilioError {
        TwilioError::Refused(Refusal {
            status: 400,
            code,
            message: "The 'To' number +15551230001 is not valid".into(),
        })
    }

    #[test]
    fn only_the_from_number_is_worth_another_number() {
        assert!(refused(21_210).blames_from_number());
        assert!(refused(21_212).blames_from_number());
        for other in [21_211, 21_215, 21_219, 20_003] {
            assert!(!refused(other).blames_from_number(), "{other}");
        }
    }

    #[test]
    fn what_is_logged_holds_no_number() {
        assert_eq!(
            refused(21_211).to_string(),
            "Twilio refused: 400 (error 21211)"
        );
    }

    #[test]
    fn a_failure_leaves_open_what_happened_and_a_refusal_does_not() {
        let failed = TwilioError::Failed {
            status: 502,
            retry_after: None,
        };
        assert!(failed.may_have_happened() && failed.is_passing());
        assert!(TwilioError::Lost(String::new()).may_have_happened());
        assert!(!TwilioError::Unreachable(String::new()).may_have_happened());
        assert!(!refused(1).may_have_happened() && !refused(1).is_passing());
    }
}
