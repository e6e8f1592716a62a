//! Why an action failed, in words for the user.

use crate::{Failure, Provider, TokenError, ToolOutcome, when::Unclear};

/// Why an action failed. The words are spoken to the user as they are.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// No usable connection.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The arguments make no sense.
    #[error("{0}")]
    BadArguments(String),
    /// A question that only the user can answer: which of several, at what time.
    #[error("{0}")]
    Ask(String),
    /// Nothing like that was found.
    #[error("{0}")]
    NotFound(String),
    /// A file that cannot be read, and why.
    #[error("{0}")]
    Unreadable(String),
    /// The user granted too little.
    #[error("Your {} does not let me do that yet. Connect it again at {} and allow it.", .0.label(), .0.connect_path())]
    MissingScope(Provider),
    /// The provider refuses, and says why (409, 410, 412, 4xx).
    #[error("{} refused it: {message}", provider.label())]
    Refused {
        /// Who.
        provider: Provider,
        /// HTTP status.
        status: u16,
        /// Why, as it says.
        message: String,
    },
    /// The provider asks for patience, longer than a caller would wait.
    #[error("{} is busy at the moment. Please try again in a minute.", .0.label())]
    RateLimited(Provider),
    /// The provider fails, or does not answer.
    #[error("{} does not answer at the moment. Please try again in a minute.", .0.label())]
    Unavailable(Provider),
    /// A write was sent and no answer came: it may have been done.
    #[error("{} did not answer; it is not known whether it was done. Please check before you try again.", .0.label())]
    Unknown(Provider),
    /// The provider answers what its documentation does not know.
    #[error("{} gave an answer that I could not read.", .0.label())]
    BadAnswer(Provider),
}

impl From<Unclear> for ActionError {
    fn from(unclear: Unclear) -> Self {
        Self::Ask(unclear.to_string())
    }
}

impl ActionError {
    /// What kind of failure it is.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Token(TokenError::NotConnected(_)) => Failure::NotConnected,
            Self::Token(TokenError::NeedsReauth(_)) => Failure::NeedsReauth,
            Self::Token(TokenError::Store(_)) => Failure::Internal,
            Self::BadArguments(_) => Failure::Arguments,
            Self::Ask(_) => Failure::Unclear,
            Self::NotFound(_) => Failure::NotFound,
            Self::Unreadable(_) => Failure::Unreadable,
            Self::MissingScope(_) => Failure::MissingScope,
            Self::Refused { .. } => Failure::Refused,
            Self::Token(TokenError::Unavailable(_))
            | Self::RateLimited(_)
            | Self::Unavailable(_)
            | Self::BadAnswer(_) => Failure::Unavailable,
            Self::Unknown(_) => Failure::Unknown,
        }
    }
}

impl From<ActionError> for ToolOutcome {
    fn from(error: ActionError) -> Self {
        let connect = match &error {
            ActionError::Token(
                TokenError::NotConnected(provider) | TokenError::NeedsReauth(provider),
            )
            | ActionError::MissingScope(provider) => Some(provider.connect_path()),
            _ => None,
        };
        Self {
            connect,
            failure: Some(error.failure()),
            ..Self::failed(error.to_string())
        }
    }
}
