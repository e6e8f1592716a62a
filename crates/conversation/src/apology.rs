//! What the agent says when something went wrong. English only for now; other languages hear English too.

/// Why the agent apologises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Apology {
    /// A provider failed; the conversation goes on.
    ProviderFailed,
    /// It failed again and again; the conversation ends.
    GivingUp,
    /// There was speech, but no words were understood.
    NotHeard,
    /// The service is closing down.
    ClosingDown,
    /// No agent came.
    NobodyThere,
    /// The longest conversation is reached.
    TimeIsUp,
    /// The account may spend no more today.
    SpentUp,
    /// Another worker took over in the middle of a sentence.
    Resumed,
    /// The caller was to be put through, and nobody answered there.
    NobodyAnswered,
    /// The caller was to be put through, and cannot be.
    NotPutThrough,
}

impl Apology {
    /// All of them, to render at start-up.
    pub const ALL: [Apology; 10] = [
        Self::ProviderFailed,
        Self::GivingUp,
        Self::NotHeard,
        Self::ClosingDown,
        Self::NobodyThere,
        Self::TimeIsUp,
        Self::SpentUp,
        Self::Resumed,
        Self::NobodyAnswered,
        Self::NotPutThrough,
    ];

    /// The words, in a language (BCP 47).
    pub fn text(self, _language: &str) -> &'static str {
        match self {
            Self::ProviderFailed => {
                "I'm sorry, something went wrong on my side. Could you say that again?"
            }
            Self::GivingUp => {
                "I'm sorry, I can't help you right now. Please try again later. Goodbye."
            }
            Self::NotHeard => "I'm sorry, I didn't catch that. Could you say it again?",
            Self::ClosingDown => {
                "I'm sorry, I have to end this conversation now. Please call again in a moment. Goodbye."
            }
            Self::NobodyThere => {
                "I'm sorry, nobody can take your call right now. Please try again later. Goodbye."
            }
            Self::TimeIsUp => "I'm sorry, our time is up. Thank you, and goodbye.",
            Self::SpentUp => {
                "I'm sorry, I have to end here: we have used up our time for today. Goodbye."
            }
            Self::Resumed => "I'm sorry, I lost you for a moment. Where were we?",
            Self::NobodyAnswered => {
                "I'm sorry, nobody answered there. Is there anything else I can do for you?"
            }
            Self::NotPutThrough => {
                "I'm sorry, I can't put you through right now. What else can I do for you?"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Apology;
    use crate::clauses::speakable;

    #[test]
    fn every_apology_is_short_and_can_be_spoken() {
        for apology in Apology::ALL {
            let text = apology.text("en-US");
            assert!(text.contains("sorry") && text.len() < 120, "{text}");
            assert_eq!(speakable(text), text);
        }
    }
}
