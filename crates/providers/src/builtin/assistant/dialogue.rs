//! Where the conversation stands.

use super::{
    arguments,
    intent::{self, Intent},
    words::Words,
};
use crate::ChatMessage;

/// The user's last turn, with what is needed to answer it.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// What the user wants, in words; with what was asked for put together.
    pub(super) text: String,
    /// What the assistant said last before it.
    pub(super) last_answer: Option<String>,
}

/// Reads the conversation up to the user's last turn.
pub(super) fn last_turn(messages: &[ChatMessage]) -> Turn {
    let mut turn = Turn::default();
    let mut is_last_answer_new = false;
    for message in messages {
        match message {
            ChatMessage::User { content } => {
                let question = turn.last_answer.as_deref().filter(|_| is_last_answer_new);
                turn.text = match question.and_then(arguments::link_for) {
                    _ if is_a_reminder(content) => turn.text,
                    Some(link) if is_an_answer(content) => format!("{}{link}{content}", turn.text),
                    _ => content.clone(),
                };
                is_last_answer_new = false;
            }
            ChatMessage::Assistant { content, .. } if !content.is_empty() => {
                turn.last_answer = Some(content.clone());
                is_last_answer_new = true;
            }
            ChatMessage::Assistant { .. }
            | ChatMessage::System { .. }
            | ChatMessage::Tool { .. } => {}
        }
    }
    turn
}

/// Whether what was asked for before is meant: "I keyed in my PIN. Now do what I asked for."
fn is_a_reminder(text: &str) -> bool {
    text.to_lowercase().contains("do what i asked")
}

/// Whether words can answer a question, and are not a wish of their own.
fn is_an_answer(text: &str) -> bool {
    let words = Words::of(text);
    !matches!(
        intent::recognise(&words),
        Intent::No | Intent::Goodbye | Intent::Repeat | Intent::Silence | Intent::Help
    )
}

#[cfg(test)]
mod tests {
    use super::last_turn;
    use crate::ChatMessage;

    #[test]
    fn who_reminds_means_what_was_asked_for_before() {
        let user = |content: &str| ChatMessage::User {
            content: content.to_owned(),
        };
        let messages = [
            user("send a mail to Ramesh saying hello"),
            user("(I keyed in my PIN, and it is right. Now do what I asked for.)"),
        ];
        assert_eq!(
            last_turn(&messages).text,
            "send a mail to Ramesh saying hello"
        );
    }
}
