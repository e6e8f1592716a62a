//! Who speaks.

/// The principal of a turn. What an action may do is decided by who asks for it, not by whose account it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speaker {
    /// Who it is in the channel: a participant's identity, a Slack user, a number.
    pub identity: String,
    /// The resource (its owner's connections) that this identity was linked to; none for a stranger.
    pub resource: Option<String>,
    /// Whether they have proven who they are. A caller ID proves nothing.
    pub is_verified: bool,
}

impl Speaker {
    /// Somebody of whom nothing is known but the identity in the channel.
    pub fn stranger(identity: impl Into<String>) -> Self {
        Self {
            identity: identity.into(),
            resource: None,
            is_verified: false,
        }
    }
}
