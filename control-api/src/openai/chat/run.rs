//! A reply on its way to a client of text: what it reads of it, and what must be done when it ends, however it ends.

use super::memory::Memory;
use crate::{
    openai::{error::OpenAiError, places::Place},
    spending::Tab,
};
use casp_conversation::{Reply, ReplyEvent, ReplyOutcome, ToolStatus};
use casp_providers::{FinishReason, ToolCall, Usage};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;

/// An action that was executed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ChatActionReport)]
pub(crate) struct ActionReport {
    #[schema(example = "gmail.send")]
    name: String,
    /// `succeeded`, `failed`, or `needs_confirmation`: then the answer asks, and the user's next message decides.
    #[schema(example = "succeeded")]
    status: &'static str,
    /// What it found or did; or what the user is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What the client reads of a reply.
#[derive(Debug)]
pub(super) enum Piece {
    /// More of the answer.
    Text(String),
    /// Tools that the client is to run.
    Calls(Vec<ToolCall>),
    /// Why there is no answer.
    Refusal(String),
    /// It is over. Last.
    End(End),
}

/// How it ended.
#[derive(Debug)]
pub(super) struct End {
    /// In OpenAI's words.
    pub(super) reason: &'static str,
    pub(super) usage: Usage,
    pub(super) actions: Vec<ActionReport>,
}

/// A reply on its way. Dropping it stops the model; what was spent is counted then too.
#[derive(Debug)]
pub(super) struct Run {
    reply: Reply,
    memory: Memory,
    /// None once it was paid.
    tab: Option<Tab>,
    deadline: Instant,
    /// Read already, to know that something came.
    first: Option<Piece>,
    actions: Vec<ActionReport>,
    calls: Vec<ToolCall>,
    _place: Place,
}

impl Run {
    pub(super) fn new(
        reply: Reply,
        memory: Memory,
        tab: Tab,
        place: Place,
        patience: Duration,
    ) -> Self {
        // Nobody can go on speaking here: the turn is no guess.
        reply.allow_writes();
        Self {
            reply,
            memory,
            tab: Some(tab),
            deadline: Instant::now() + patience,
            first: None,
            actions: Vec::new(),
            calls: Vec::new(),
            _place: place,
        }
    }

    /// Waits until something came that the client reads.
    pub(super) async fn begin(&mut self) -> Result<(), OpenAiError> {
        self.first = self.next().await?;
        Ok(())
    }

    /// The next piece; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Piece>, OpenAiError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        loop {
            let event = timeout_at(self.deadline, self.reply.next())
                .await
                .map_err(|_| OpenAiError::too_slow())?;
            match event {
                None => return Ok(None),
                Some(ReplyEvent::Text(text)) => return Ok(Some(Piece::Text(text))),
                Some(ReplyEvent::ClientCalls(calls)) => {
                    self.calls = calls.into_iter().map(with_unique_id).collect();
                    return Ok(Some(Piece::Calls(self.calls.clone())));
                }
                Some(ReplyEvent::Refused(why)) => return Ok(Some(Piece::Refusal(why))),
                Some(ReplyEvent::ActionFinished {
                    name,
                    status,
                    result,
                    error,
                }) => self.actions.push(report(name, status, result, error)),
                Some(ReplyEvent::Done(outcome)) => {
                    return Ok(Some(Piece::End(self.end(outcome).await?)));
                }
                Some(ReplyEvent::Failed(error)) => return Err(error.into()),
                Some(
                    ReplyEvent::FirstToken
                    | ReplyEvent::Clause(_)
                    | ReplyEvent::ActionStarted { .. }
                    | ReplyEvent::HangUp,
                ) => {}
            }
        }
    }

    async fn end(&mut self, outcome: ReplyOutcome) -> Result<End, OpenAiError> {
        if let Some(tab) = self.tab.take() {
            tab.pay(outcome.usage);
        }
        self.memory.keep(&outcome, &self.calls).await?;
        let reason = match outcome.end {
            _ if !outcome.client_calls.is_empty() => "tool_calls",
            Some(FinishReason::Length) => "length",
            Some(FinishReason::ContentFilter) => "content_filter",
            _ => "stop",
        };
        Ok(End {
            reason,
            usage: outcome.usage,
            actions: std::mem::take(&mut self.actions),
        })
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // The client went away, or the model failed: what was read and written so far has its price.
        if let Some(tab) = self.tab.take() {
            let outcome = self.reply.outcome();
            let mut usage = outcome.usage;
            usage.completion_tokens += outcome.said.len() as u64 / 4;
            tab.pay(usage);
        }
    }
}

fn report(
    name: String,
    status: ToolStatus,
    result: Option<Value>,
    error: Option<String>,
) -> ActionReport {
    ActionReport {
        name,
        status: status.as_str(),
        result,
        error,
    }
}

/// Ids of models are unique in their answer at best; ours are found again by them.
fn with_unique_id(call: ToolCall) -> ToolCall {
    let id = format!("call_{}", hex::encode(rand::random::<[u8; 12]>()));
    ToolCall { id, ..call }
}
