//! A reply as it comes: text, clauses, actions.

mod calling;
mod checking;
mod command;
mod confirming;
mod outcome;
mod reading;
mod rounds;
mod saying;
mod tool_calls;

#[cfg(test)]
mod tests;

pub use outcome::ReplyOutcome;

use crate::{AnswerCheck, Confirm, HeldCall, Speaker, ToolStatus, Tools};
use casp_providers::{ChatRequest, LanguageModel, ProviderError, ToolCall, ToolSpec};
use outcome::Progress;
use rounds::Rounds;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

/// Events that may wait for their reader. When it is full the reply waits, and with it the provider's stream.
const EVENTS_WAITING: usize = 64;

/// What happens in a reply.
#[derive(Debug, Clone)]
pub enum ReplyEvent {
    /// The answer began (text or a tool call). Once.
    FirstToken,
    /// More text, as the model wrote it. All of them together are [`ReplyOutcome::said`].
    Text(String),
    /// A clause that may be spoken: plain words, no markup.
    Clause(String),
    /// A tool runs.
    ActionStarted {
        /// `google-calendar.agenda`.
        name: String,
    },
    /// A tool has run, or waits for the user's yes: then `result` is what the user is asked.
    ActionFinished {
        /// `google-calendar.agenda`.
        name: String,
        /// How it ended.
        status: ToolStatus,
        /// Its result.
        result: Option<serde_json::Value>,
        /// Its error, for people.
        error: Option<String>,
    },
    /// The client is to run these tools of its own, and to come back with what they answered; the reply ends so.
    ClientCalls(Vec<ToolCall>),
    /// There is no answer of the form that was asked for: why.
    Refused(String),
    /// The conversation is over when all clauses so far have been spoken.
    HangUp,
    /// The reply is complete. Last.
    Done(ReplyOutcome),
    /// The model failed. Last. The clauses before it stand; [`Reply::outcome`] has them.
    Failed(ProviderError),
}

/// What is answered.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) user_text: String,
    pub(crate) speaker: Speaker,
    pub(crate) confirm: Confirm,
    pub(crate) opening: Opening,
    /// Clauses are made for speech; text that is only read needs none.
    pub(crate) is_spoken: bool,
    /// The model gets tools: CASP's, and those that the client runs.
    pub(crate) has_tools: bool,
    pub(crate) client_tools: Vec<ToolSpec>,
    pub(crate) check: Option<AnswerCheck>,
}

/// How a reply begins.
#[derive(Debug)]
pub(crate) enum Opening {
    /// With the model.
    Model,
    /// With the model, which is told something first.
    Note(String),
    /// With the call that the user has agreed to.
    CarryOut(HeldCall),
    /// With the question that was not heard, or not answered by the right one; and that is all of it.
    AskAgain(HeldCall, &'static str),
    /// With this call, and its outcome is all of it.
    Command(ToolCall),
}

/// A reply on its way. It runs by itself, ahead of its reader by a bounded number of events; dropping it cancels
/// the model's request and waits for no tool.
#[derive(Debug)]
pub struct Reply {
    user_text: String,
    events: mpsc::Receiver<ReplyEvent>,
    progress: Progress,
    writes: watch::Sender<bool>,
    is_over: bool,
    provider: String,
    _task: AbortOnDropHandle<()>,
}

impl Reply {
    pub(crate) fn start(
        turn: Turn,
        request: ChatRequest,
        llm: Arc<dyn LanguageModel>,
        tools: Arc<dyn Tools>,
    ) -> Self {
        let (events_in, events) = mpsc::channel(EVENTS_WAITING);
        let (writes, writes_seen) = watch::channel(false);
        let user_text = turn.user_text.clone();
        let progress = Progress::new(&user_text);
        let provider = llm.name().to_owned();
        let rounds = Rounds::new(
            turn,
            request,
            llm,
            tools,
            events_in,
            progress.clone(),
            writes_seen,
        );
        let task = AbortOnDropHandle::new(tokio::spawn(rounds.run().in_current_span()));
        Self {
            user_text,
            events,
            progress,
            writes,
            is_over: false,
            provider,
            _task: task,
        }
    }

    /// What it answers.
    pub fn user_text(&self) -> &str {
        &self.user_text
    }

    /// The turn is decided: tools that write may run.
    pub fn allow_writes(&self) {
        self.writes.send_replace(true);
    }

    /// The next event; `None` after the last. Cancel safe.
    pub async fn next(&mut self) -> Option<ReplyEvent> {
        if self.is_over {
            return None;
        }
        let event = self.events.recv().await.unwrap_or_else(|| {
            // The task ended without a last word: it panicked.
            let message = "the reply broke off".to_owned();
            ReplyEvent::Failed(ProviderError::BadAnswer {
                provider: self.provider.clone(),
                message,
            })
        });
        self.is_over = matches!(event, ReplyEvent::Done(_) | ReplyEvent::Failed(_));
        Some(event)
    }

    /// What there is so far, to commit when the reply is cut or has failed. `heard` is for the caller to fill in.
    pub fn outcome(&self) -> ReplyOutcome {
        self.progress.outcome()
    }
}
