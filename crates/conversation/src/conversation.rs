//! One conversation: assistant, history, tools and the language model.

use crate::{
    Asked, Assistant, HeldCall, History, PastTurn, Reply, ReplyOptions, ReplyOutcome, Speaker,
    Tools,
    confirmation::{Answer, Confirmation},
    reply::{Opening, Turn},
};
use casp_providers::{ChatMessage, ChatRequest, LanguageModel, ToolCall};
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
        Self::with_history(assistant, llm, tools, history)
    }

    /// A conversation that the client keeps: `messages` are all of it so far, and are taken as they are.
    pub fn given(
        assistant: Assistant,
        llm: Arc<dyn LanguageModel>,
        tools: Arc<dyn Tools>,
        now: Zoned,
        messages: Vec<ChatMessage>,
    ) -> Self {
        let history = History::given(&assistant, now, messages);
        Self::with_history(assistant, llm, tools, history)
    }

    fn with_history(
        assistant: Assistant,
        llm: Arc<dyn LanguageModel>,
        tools: Arc<dyn Tools>,
        history: History,
    ) -> Self {
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
        let asked = Asked::Words(user_text.to_owned());
        self.reply_to(speaker, asked, ReplyOptions::default())
    }

    /// As [`Conversation::reply`], with wishes.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn reply_to(&self, speaker: &Speaker, asked: Asked, options: ReplyOptions) -> Reply {
        let mut history = self.history.clone();
        let (user_text, opening) = match asked {
            Asked::Words(text) => {
                history.push_user(&text);
                let opening = match self.confirmation.answered(speaker, &text) {
                    Answer::Nothing => Opening::Model,
                    Answer::Agreed(held) => Opening::CarryOut(held),
                    Answer::Unclear(held, why) => Opening::AskAgain(held, why),
                    Answer::Dropped(held) => Opening::Note(not_done(&held)),
                };
                (text, opening)
            }
            Asked::Nothing => (String::new(), Opening::Model),
            Asked::Command { tool, arguments } => {
                let call = ToolCall {
                    id: String::new(),
                    name: tool,
                    arguments: arguments.to_string(),
                };
                (String::new(), Opening::Command(call))
            }
        };
        let turn = Turn {
            user_text,
            speaker: speaker.clone(),
            confirm: self.assistant.confirm,
            opening,
            is_spoken: !options.is_only_read,
            has_tools: !options.is_without_tools,
            client_tools: options.client_tools,
            check: options.check,
        };
        let request = ChatRequest {
            messages: history.into_messages(),
            tools: Vec::new(),
            temperature: options.temperature.or(self.assistant.temperature),
            max_tokens: options.max_tokens,
            options: options.model,
        };
        Reply::start(turn, request, self.llm.clone(), self.tools.clone())
    }

    /// A call that was asked about with the conversation's last words, before the client came back.
    pub fn hold(&mut self, held: HeldCall) {
        self.confirmation.ask_about(held);
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
