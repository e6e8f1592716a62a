//! Why a provider gave no answer.

use std::time::Duration;

/// Why a provider gave no answer. Messages never hold keys or what was said.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ProviderError {
    /// Nothing, or nothing more, came in time.
    #[error("{provider}: timed out ({phase})")]
    Timeout {
        /// Which provider.
        provider: String,
        /// What was waited for: connect, first byte, next byte, whole answer.
        phase: &'static str,
    },
    /// 429.
    #[error("{provider}: rate limited")]
    RateLimited {
        /// Which provider.
        provider: String,
        /// From `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// 401 or 403: the key is wrong; trying again will not help.
    #[error("{provider}: credentials refused ({status})")]
    Unauthorized {
        /// Which provider.
        provider: String,
        /// HTTP status.
        status: u16,
    },
    /// The provider refused this request (other 4xx); trying again will not help.
    #[error("{provider}: refused the request ({status}): {message}")]
    Rejected {
        /// Which provider.
        provider: String,
        /// HTTP status.
        status: u16,
        /// The provider's own words, cut to 200 characters.
        message: String,
    },
    /// 5xx or no connection.
    #[error("{provider}: unavailable: {message}")]
    Unavailable {
        /// Which provider.
        provider: String,
        /// Status or connection error.
        message: String,
    },
    /// The answer broke off or made no sense.
    #[error("{provider}: bad answer: {message}")]
    BadAnswer {
        /// Which provider.
        provider: String,
        /// What was wrong.
        message: String,
    },
}

/// A provider's own words are cut to this many characters.
const MESSAGE_CHARS: usize = 200;

impl ProviderError {
    pub(crate) fn timeout(provider: &str, phase: &'static str) -> Self {
        Self::Timeout {
            provider: provider.to_owned(),
            phase,
        }
    }

    pub(crate) fn unavailable(provider: &str, message: impl Into<String>) -> Self {
        Self::Unavailable {
            provider: provider.to_owned(),
            message: message.into(),
        }
    }

    pub(crate) fn bad_answer(provider: &str, message: impl Into<String>) -> Self {
        Self::BadAnswer {
            provider: provider.to_owned(),
            message: message.into(),
        }
    }

    /// What went wrong in a few words of our own: unlike `Display` it never quotes the provider, whose
    /// message may quote the user. For metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Timeout { phase, .. } => phase,
            Self::RateLimited { .. } => "rate limited",
            Self::Unauthorized { .. } => "credentials refused",
            Self::Rejected { .. } => "request refused",
            Self::Unavailable { .. } => "unavailable",
            Self::BadAnswer { .. } => "bad answer",
        }
    }

    /// Whether the same request may work when sent again.
    pub fn is_transient(&self) -> bool {
        !matches!(self, Self::Unauthorized { .. } | Self::Rejected { .. })
    }
    /// Which provider.
    pub fn provider(&self) -> &str {
        match self {
            Self::Timeout { provider, .. }
            | Self::RateLimited { provider, .. }
            | Self::Unauthorized { provider, .. }
            | Self::Rejected { provider, .. }
            | Self::Unavailable { provider, .. }
            | Self::BadAnswer { provider, .. } => provider,
        }
    }
}

/// Makes a provider's own words fit for an error: one line, at most 200 characters.
pub(crate) fn cut(message: &str) -> String {
    message
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MESSAGE_CHARS)
        .collect()
}
