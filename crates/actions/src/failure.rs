//! Why an action failed, for machines.

use serde::Serialize;

/// The kind of a failure: what the action log keeps, and what HTTP statuses are made of. Nothing of what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The arguments make no sense.
    Arguments,
    /// Only the user can say what is meant.
    Unclear,
    /// Nothing like that was found.
    NotFound,
    /// It is there, and nothing can be made of it.
    Unreadable,
    /// The user has not connected the provider.
    NotConnected,
    /// The grant has ended.
    NeedsReauth,
    /// The grant does not reach so far.
    MissingScope,
    /// The provider refuses.
    Refused,
    /// The provider fails, is busy, or says what cannot be read.
    Unavailable,
    /// It was sent, and nobody knows what became of it.
    Unknown,
    /// Too many actions on one connection.
    TooMany,
    /// Our own fault.
    Internal,
}

impl Failure {
    /// As the log has it: `not_connected`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Arguments => "arguments",
            Self::Unclear => "unclear",
            Self::NotFound => "not_found",
            Self::Unreadable => "unreadable",
            Self::NotConnected => "not_connected",
            Self::NeedsReauth => "needs_reauth",
            Self::MissingScope => "missing_scope",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Unknown => "unknown",
            Self::TooMany => "too_many",
            Self::Internal => "internal",
        }
    }
}
