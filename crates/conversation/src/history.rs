//! What was said so far, as the model reads it.

use crate::{Assistant, Confirm, Modality};
use casp_providers::ChatMessage;
use jiff::Zoned;

/// Most characters of all messages but the system message: about 6,000 tokens.
const BUDGET_CHARACTERS: usize = 24_000;
/// Most messages but the system message.
const BUDGET_MESSAGES: usize = 200;
/// Longest message of a user or note, in characters; the rest is cut.
const MESSAGE_LIMIT: usize = 8_000;

/// The messages of a conversation: the system message, then turns, oldest first. When the budget is spent, the
/// oldest turns go, each whole, so that no tool's answer stands without its call.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    system: String,
    messages: Vec<ChatMessage>,
    /// What it holds is bounded by whoever keeps it.
    is_given: bool,
}

/// A turn from the store, to rebuild a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastTurn {
    /// Whose.
    pub role: TurnRole,
    /// Text; of an interrupted turn of the assistant, what was heard.
    pub text: String,
}

/// Whose turn it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnRole {
    /// The user's.
    User,
    /// The assistant's.
    Assistant,
    /// A tool's outcome.
    Tool,
}

impl TurnRole {
    /// From the store's word: `user`, `assistant`, `tool`.
    pub fn parse(role: &str) -> Option<Self> {
        match role {
            "user" => Some(Self::User),
            "assistant" => Some(Self::Assistant),
            "tool" => Some(Self::Tool),
            _ => None,
        }
    }
}

impl History {
    /// An empty history of a conversation that begins now. `now` tells date and time; it is shown in the
    /// assistant's time zone.
    pub fn new(assistant: &Assistant, now: Zoned) -> Self {
        Self {
            system: system_text(assistant, now),
            messages: Vec::new(),
            is_given: false,
        }
    }

    /// The history of a conversation that the client keeps: nothing is cut, nothing forgotten.
    pub fn given(assistant: &Assistant, now: Zoned, messages: Vec<ChatMessage>) -> Self {
        Self {
            messages,
            is_given: true,
            ..Self::new(assistant, now)
        }
    }

    /// The history of a conversation that another worker began.
    pub fn from_turns(
        assistant: &Assistant,
        now: Zoned,
        turns: impl IntoIterator<Item = PastTurn>,
    ) -> Self {
        let mut history = Self::new(assistant, now);
        for turn in turns {
            match turn.role {
                TurnRole::User => history.push_user(&turn.text),
                TurnRole::Assistant => history.begin_assistant(&turn.text),
                // The ids of the call are gone, so that its outcome can only be told.
                TurnRole::Tool => history.push_note(&format!("A tool answered: {}", turn.text)),
            }
        }
        history
    }

    /// Tells the model a later date and time.
    pub fn set_now(&mut self, assistant: &Assistant, now: Zoned) {
        self.system = system_text(assistant, now);
    }

    /// Adds the user's words.
    pub fn push_user(&mut self, text: &str) {
        let content = if self.is_given {
            text.to_owned()
        } else {
            cut(text)
        };
        self.push(ChatMessage::User { content });
    }

    /// Adds words of the assistant; none when they are empty. May be cut later by [`Self::truncate_to_heard`].
    pub fn begin_assistant(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.push(ChatMessage::Assistant {
                content: text.trim().to_owned(),
                tool_calls: Vec::new(),
            });
        }
    }

    /// The assistant's last words were cut: only `heard` was heard. Nothing heard, nothing said.
    pub fn truncate_to_heard(&mut self, heard: &str) {
        if let Some(ChatMessage::Assistant {
            content,
            tool_calls,
        }) = self.messages.last_mut()
        {
            heard.trim().clone_into(content);
            if content.is_empty() && tool_calls.is_empty() {
                self.messages.pop();
            }
        }
    }

    /// Adds something the model should know and nobody said.
    pub fn push_note(&mut self, text: &str) {
        self.push(ChatMessage::System { content: cut(text) });
    }

    /// Adds a tool's call or answer.
    pub(crate) fn push_tool_message(&mut self, message: ChatMessage) {
        self.push(message);
    }

    /// All messages, the system message first.
    pub fn messages(&self) -> Vec<ChatMessage> {
        let mut all = Vec::with_capacity(self.messages.len() + 2);
        all.push(ChatMessage::System {
            content: self.system.clone(),
        });
        all.extend_from_slice(&self.messages);
        all
    }

    /// As [`History::messages`].
    pub(crate) fn into_messages(self) -> Vec<ChatMessage> {
        let system = ChatMessage::System {
            content: self.system,
        };
        std::iter::once(system).chain(self.messages).collect()
    }

    /// The messages after the system message.
    pub fn turns(&self) -> &[ChatMessage] {
        &self.messages
    }

    fn push(&mut self, message: ChatMessage) {
        self.messages.push(message);
        if self.is_given {
            return;
        }
        let mut characters: usize = self.messages.iter().map(length).sum();
        while self.messages.len() > 1
            && (characters > BUDGET_CHARACTERS || self.messages.len() > BUDGET_MESSAGES)
        {
            let next_turn = self
                .messages
                .iter()
                .skip(1)
                .position(|message| matches!(message, ChatMessage::User { .. }));
            // Of the newest turn nothing is dropped.
            let Some(next_turn) = next_turn else { break };
            characters -= self
                .messages
                .drain(..=next_turn)
                .map(|message| length(&message))
                .sum::<usize>();
        }
    }
}

fn cut(text: &str) -> String {
    text.trim().chars().take(MESSAGE_LIMIT).collect()
}

fn length(message: &ChatMessage) -> usize {
    match message {
        ChatMessage::System { content }
        | ChatMessage::User { content }
        | ChatMessage::Tool { content, .. } => content.len(),
        ChatMessage::Assistant {
            content,
            tool_calls,
        } => {
            content.len()
                + tool_calls
                    .iter()
                    .map(|call| call.name.len() + call.arguments.len())
                    .sum::<usize>()
        }
    }
}

fn system_text(assistant: &Assistant, now: Zoned) -> String {
    let mut parts: Vec<&str> = vec![assistant.persona.trim(), assistant.prompt.trim()];
    if assistant.modality == Modality::Voice {
        parts.push(
            "You are heard, not read: answer in one to three short sentences of plain speech. No lists, no markdown, \
             no emoji, no links read out. What the user says comes from speech recognition and may be misheard; when \
             it makes no sense, ask. If you were interrupted, the user heard only what stands in the conversation.",
        );
    }
    match assistant.confirm {
        Confirm::Writes => parts.push(
            "When you call a tool that sends, creates, changes or cancels something, the user is asked to confirm it \
             by the system, in the tool's own words: call it as soon as you know its arguments, and don't ask \
             yourself. It is done when the tool reports it as succeeded, and not before.",
        ),
        Confirm::Always => parts.push(
            "Whenever you call a tool, the user is asked to confirm it by the system: call it as soon as you know its \
             arguments, and don't ask yourself. It is done when the tool reports it as succeeded, and not before.",
        ),
        Confirm::Never => {}
    }
    let now = now.in_tz(&assistant.timezone).unwrap_or(now);
    let time = format!(
        "Answer in the language {}. It is {} (time zone {}).",
        assistant.language,
        now.strftime("%A, %-d %B %Y, %H:%M"),
        now.time_zone().iana_name().unwrap_or("UTC"),
    );
    parts.push(&time);
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use casp_providers::ToolCall;

    fn assistant() -> Assistant {
        Assistant {
            timezone: "Europe/Berlin".into(),
            ..Assistant::builtin("default").unwrap().clone()
        }
    }

    fn noon() -> Zoned {
        "2025-06-03T10:05:00Z[UTC]".parse().unwrap()
    }

    fn assistant_says(text: &str) -> ChatMessage {
        ChatMessage::Assistant {
            content: text.into(),
            tool_calls: vec![],
        }
    }

    fn user_says(text: &str) -> ChatMessage {
        ChatMessage::User {
            content: text.into(),
        }
    }

    #[test]
    fn the_system_message_tells_task_manner_and_local_time() {
        let history = History::new(&assistant(), noon());
        let [ChatMessage::System { content }] = &history.messages()[..] else {
            panic!("one system message")
        };
        assert!(content.starts_with("You are CASP"));
        assert!(content.contains("You are heard"));
        assert!(content.contains("is asked to confirm it"));
        assert!(
            content.ends_with("It is Tuesday, 3 June 2025, 12:05 (time zone Europe/Berlin)."),
            "{content}"
        );
    }

    #[test]
    fn a_reader_gets_no_rules_of_speech_and_an_unknown_zone_is_no_harm() {
        let odd = Assistant {
            modality: Modality::Text,
            confirm: Confirm::Never,
            timezone: "Mars/Base".into(),
            ..assistant()
        };
        let [ChatMessage::System { content }] = &History::new(&odd, noon()).messages()[..] else {
            panic!()
        };
        assert!(!content.contains("heard"));
        assert!(!content.contains("confirm"));
        assert!(content.ends_with("10:05 (time zone UTC)."), "{content}");
    }

    #[test]
    fn only_what_was_heard_stays() {
        let mut history = History::new(&assistant(), noon());
        history.push_user("Hi.");
        history.begin_assistant("Hello there, how are you?");
        history.truncate_to_heard("Hello there,");
        assert_eq!(
            history.turns(),
            [user_says("Hi."), assistant_says("Hello there,")]
        );
        history.truncate_to_heard("");
        assert_eq!(history.turns(), [user_says("Hi.")]);
        history.truncate_to_heard("x");
        assert_eq!(history.turns(), [user_says("Hi.")]);
    }

    #[test]
    fn a_history_is_rebuilt_from_stored_turns() {
        let turn = |role, text: &str| PastTurn {
            role: TurnRole::parse(role).unwrap(),
            text: text.into(),
        };
        let turns = [
            turn("assistant", "Hello."),
            turn("user", "Send it."),
            turn("tool", "sent"),
            turn("assistant", "Done."),
        ];
        let history = History::from_turns(&assistant(), noon(), turns);
        let note = ChatMessage::System {
            content: "A tool answered: sent".into(),
        };
        assert_eq!(
            history.turns(),
            [
                assistant_says("Hello."),
                user_says("Send it."),
                note,
                assistant_says("Done.")
            ]
        );
        assert_eq!(TurnRole::parse("stranger"), None);
    }

    #[test]
    fn the_oldest_turns_go_first_and_whole() {
        let mut history = History::new(&assistant(), noon());
        let call = ToolCall {
            id: "1".into(),
            name: "t".into(),
            arguments: "{}".into(),
        };
        history.push_user("first");
        history.push_tool_message(ChatMessage::Assistant {
            content: String::new(),
            tool_calls: vec![call],
        });
        history.push_tool_message(ChatMessage::Tool {
            tool_call_id: "1".into(),
            content: "x".repeat(10_000),
        });
        history.begin_assistant("one");
        history.push_user(&"y".repeat(9_000));
        assert_eq!(history.turns().len(), 5);
        history.begin_assistant(&"z".repeat(8_000));
        // 8,000 + 8,000 of the second turn fit, the first is gone with its tool messages.
        assert_eq!(history.turns().len(), 2);
        assert_eq!(history.turns()[0], user_says(&"y".repeat(8_000)));
        assert!(matches!(history.messages()[0], ChatMessage::System { .. }));
    }

    #[test]
    fn many_small_messages_are_bounded_too() {
        let mut history = History::new(&assistant(), noon());
        for number in 0..500 {
            history.push_user(&number.to_string());
            history.begin_assistant("ok");
        }
        assert!(history.turns().len() <= BUDGET_MESSAGES);
        assert_eq!(history.turns()[history.turns().len() - 2], user_says("499"));
    }
}
