//! One conversation: assistant, history, tools and the language model.

use crate::{
    Assistant, HeldCall, History, PastTurn, Reply, ReplyOutcome, Speaker, Tools,
    confirmation::{Answer, Confirmation},
    reply::{Opening, Turn},
};
use casp_providers::{ChatMessage, ChatRequest, LanguageModel};
use jiff::Zoned;
use std::sync::Arc;

/// One conversation. Replies leave it untouched until they are committed, so that they may be guesses.
#[derive(Debug)]
pub struct Conversation {
    assistant: Assistant,
    history: History,
    llm: Arc<dyn LanguageModel>,
    tools: Arc<dyn Tools>,
    confirmation: Confirmation,
}

impl Conversation {
    /// A conversation that begins now.
    pub fn new(
        assistant: Assistant,
        llm: Arc<dyn LanguageModel>,
        tools: Arc<dyn Tools>,
        now: Zoned,
    ) -> Self {
        Self::resume(assistant, llm, tools, now, [])
    }

    /// A conversation that another worker began and `turns` tell of, oldest first.
    pub fn resume(
        assistant: Assistant,
        llm: Arc<dyn LanguageModel>,
        tools: Arc<dyn Tools>,
        now: Zoned,
        turns: impl IntoIterator<Item = PastTurn>,
    ) -> Self {
        let history = History::from_turns(&assistant, now, turns);
        Self {
            assistant,
            history,
            llm,
            tools,
            confirmation: Confirmation::default(),
        }
    }

    /// The assistant.
    pub fn assistant(&self) -> &Assistant {
        &self.assistant
    }

    /// What was said so far.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Tells the model a later date and time; worth a call a turn.
    pub fn set_now(&mut self, now: Zoned) {
        self.history.set_now(&self.assistant, now);
    }

    /// Starts the reply to a turn without touching the history, so that it may be a guess: drop it and nothing has
    /// happened, but for reading. Tools that write wait for [`Reply::allow_writes`], and, as the assistant's
    /// [`Confirm`](crate::Confirm) says, for the speaker's yes in the next turn.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn reply(&self, speaker: &Speaker, user_text: &str) -> Reply {
        let mut history = self.history.clone();
        history.push_user(user_text);
        let request = ChatRequest {
            messages: history.messages(),
            tools: self.tools.specs(),
            temperature: self.assistant.temperature,
            max_tokens: None,
        };
        let opening = match self.confirmation.answered(speaker, user_text) {
            Answer::Nothing => Opening::Model,
            Answer::Agreed(held) => Opening::CarryOut(held),
            Answer::Unclear(held, why) => Opening::AskAgain(held, why),
            Answer::Dropped(held) => Opening::Note(not_done(&held)),
        };
        let turn = Turn {
            user_text: user_text.to_owned(),
            speaker: speaker.clone(),
            confirm: self.assistant.confirm,
            opening,
        };
        Reply::start(turn, request, self.llm.clone(), self.tools.clone())
    }

    /// Makes a turn history: the user's words, the tools' work, and of the answer what was heard.
    pub fn commit(&mut self, outcome: ReplyOutcome) {
        self.confirmation.settle(&outcome);
        self.history.push_user(&outcome.user_text);
        for message in outcome.tool_messages {
            self.history.push_tool_message(message);
        }
        self.history
            .begin_assistant(outcome.heard.as_deref().unwrap_or(&outcome.said));
    }

    /// The assistant said something outside a reply (greeting, apology, a text it was given): what was heard of it.
    pub fn commit_speech(&mut self, heard: &str) {
        self.confirmation.spoke_of_something_else();
        self.history.begin_assistant(heard);
    }

    /// What was heard of the last words became known later (a mark came late).
    pub fn truncate_to_heard(&mut self, heard: &str) {
        if matches!(
            self.history.turns().last(),
            Some(ChatMessage::Assistant { .. })
        ) {
            self.history.truncate_to_heard(heard);
        }
    }

    /// Adds something the model should know and nobody said: digits pressed, resumed after a crash.
    pub fn system_note(&mut self, text: &str) {
        self.history.push_note(text);
    }
}

/// What the model is told of a call that was not agreed to.
fn not_done(held: &HeldCall) -> String {
    format!(
        "The user did not agree to {}: it was not done, and will not be unless they ask for it anew.",
        held.action()
    )
}
