//! What a reply came to.

use crate::HeldCall;
use casp_providers::{ChatMessage, FinishReason, ToolCall, Usage};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a reply came to; [`crate::Conversation::commit`] makes it history.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReplyOutcome {
    /// The user's turn.
    pub user_text: String,
    /// All text of the reply, as the model wrote it; of one that broke off, its complete clauses.
    pub said: String,
    /// What the user really heard, when it was cut. `None`: all of it.
    pub heard: Option<String>,
    /// Calls of tools and their answers, in order; every call has its answer. Before them, what the model is told of
    /// a call that was not agreed to.
    pub tool_messages: Vec<ChatMessage>,
    /// The call that the reply ends with asking about.
    pub held: Option<HeldCall>,
    /// Calls that the reply ends with leaving to the client.
    pub client_calls: Vec<ToolCall>,
    /// Why there is no answer of the form that was asked for.
    pub refusal: Option<String>,
    /// How the model's last answer ended; none where no model was asked.
    pub end: Option<FinishReason>,
    /// What the model's answers cost; estimated where the provider does not tell.
    pub usage: Usage,
}

/// The outcome so far, shared between a reply's task and its handle. Never locked over an await.
#[derive(Debug, Clone)]
pub(super) struct Progress(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    outcome: ReplyOutcome,
    clauses: String,
    unanswered: Vec<ToolCall>,
    /// Ids of the calls that were made.
    begun: Vec<String>,
}

impl Progress {
    pub(super) fn new(user_text: &str) -> Self {
        let outcome = ReplyOutcome {
            user_text: user_text.to_owned(),
            ..ReplyOutcome::default()
        };
        Self(Arc::new(Mutex::new(State {
            outcome,
            clauses: String::new(),
            unanswered: Vec::new(),
            begun: Vec::new(),
        })))
    }

    /// The outcome so far, with an answer for calls that were cut short.
    pub(super) fn outcome(&self) -> ReplyOutcome {
        let state = self.state();
        let mut outcome = state.outcome.clone();
        for call in &state.unanswered {
            let content = if state.begun.contains(&call.id) {
                r#"{"status":"failed","error":"Interrupted: it is not known whether this was done."}"#
            } else {
                r#"{"status":"failed","error":"Interrupted before this was done."}"#
            };
            outcome.tool_messages.push(ChatMessage::Tool {
                tool_call_id: call.id.clone(),
                content: content.to_owned(),
            });
        }
        outcome
    }

    pub(super) fn add_text(&self, text: &str) {
        self.state().outcome.said.push_str(text);
    }

    pub(super) fn add_clause(&self, clause: &str) {
        let mut state = self.state();
        if !state.clauses.is_empty() {
            state.clauses.push(' ');
        }
        state.clauses.push_str(clause);
    }

    /// The answer broke off: only its complete clauses were said.
    pub(super) fn keep_complete_clauses(&self) {
        let state = &mut *self.state();
        state.outcome.said.clone_from(&state.clauses);
    }

    /// Characters of text so far, in bytes.
    pub(super) fn text_bytes(&self) -> usize {
        self.state().outcome.said.len()
    }

    pub(super) fn needs_separator(&self) -> bool {
        self.state()
            .outcome
            .said
            .ends_with(|last: char| !last.is_whitespace())
    }

    pub(super) fn add_note(&self, content: String) {
        let note = ChatMessage::System { content };
        self.state().outcome.tool_messages.push(note);
    }

    pub(super) fn finish(&self, end: FinishReason) {
        self.state().outcome.end = Some(end);
    }

    pub(super) fn add_usage(&self, usage: Usage) {
        self.state().outcome.usage += usage;
    }

    pub(super) fn leave_to_client(&self, calls: &[ToolCall]) {
        self.state().outcome.client_calls = calls.to_vec();
    }

    pub(super) fn refuse(&self, why: &str) {
        self.state().outcome.refusal = Some(why.to_owned());
    }

    pub(super) fn hold(&self, held: HeldCall) {
        self.state().outcome.held = Some(held);
    }

    pub(super) fn add_calls(&self, calls: &[ToolCall]) {
        let mut state = self.state();
        state.unanswered = calls.to_vec();
        let message = ChatMessage::Assistant {
            content: String::new(),
            tool_calls: calls.to_vec(),
        };
        state.outcome.tool_messages.push(message);
    }

    pub(super) fn begin_call(&self, call: &ToolCall) {
        self.state().begun.push(call.id.clone());
    }

    pub(super) fn add_answer(&self, call: &ToolCall, content: String) {
        let mut state = self.state();
        state.unanswered.retain(|open| open.id != call.id);
        state.outcome.tool_messages.push(ChatMessage::Tool {
            tool_call_id: call.id.clone(),
            content,
        });
    }

    /// Poisoning is of no meaning here: every change is one assignment or push.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
