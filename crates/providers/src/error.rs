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

impl ProviderError {
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
