//! The part of a reply that calls tools.

use super::{
    ReplyEvent,
    rounds::{Over, Rounds, Step, Stop},
    tool_calls,
};
use crate::{ActionName, HeldCall, Prepared, ToolKind, ToolOutcome};
use casp_providers::{ChatMessage, ToolCall};
use casp_telemetry::TRACE_TARGET;
use futures_util::future::join_all;
use serde_json::Value;
use std::time::Duration;
use tracing::{Instrument as _, field::Empty};

/// Longest wait for a tool.
const TOOL_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest answer of a tool that goes to the model, in characters.
const MAX_TOOL_ANSWER: usize = 16_000;
/// What the model is told of calls beside one that the user is asked about.
const ONE_AT_A_TIME: &str =
    "Not done: the user is asked about another call first. Call again when that one is answered.";

/// What came of a round's calls.
pub(super) enum Called {
    /// The model goes on.
    Answered,
    /// The user is to be asked first.
    Held(HeldCall),
    /// The client is to run these.
    ByClient(Vec<ToolCall>),
    /// Nothing more is done; the reply ends, with these words where there are some.
    Over(Over),
}

/// The calls of a round that can run.
#[derive(Default)]
struct PreparedCalls<'a> {
    reads: Vec<(&'a ToolCall, Value)>,
    writes: Vec<(&'a ToolCall, Value)>,
    /// The one that the user is to agree to first, and what they are asked.
    held: Option<(&'a ToolCall, Value, String)>,
}

impl Rounds {
    /// Prepares the calls of a round and runs them, those that read side by side, then those that write one by one. Of
    /// those that the user is to agree to, the first is held; nothing else is changed then.
    pub(super) async fn call_tools(&mut self, calls: Vec<ToolCall>) -> Step<Called> {
        let (by_client, calls): (Vec<_>, Vec<_>) =
            calls.into_iter().partition(|call| self.is_clients(call));
        if calls.is_empty() {
            return Ok(Called::ByClient(by_client));
        }
        self.tell_of_calls(&calls);
        let prepared = self.prepare_calls(&calls).await?;
        let mut over = None;
        let reads = prepared.reads.into_iter();
        let answers = join_all(reads.map(|(call, arguments)| self.call_tool(call, arguments)));
        for answer in answers.await {
            let (call, outcome) = answer?;
            over = Over::after(&outcome).or(over);
            self.add_answer(call, &outcome);
        }
        for (call, arguments) in prepared.writes {
            self.turn_decided().await?;
            let (call, outcome) = self.call_tool(call, arguments).await?;
            over = Over::after(&outcome).or(over);
            self.add_answer(call, &outcome);
        }
        if let Some((call, arguments, question)) = prepared.held {
            let asked = ToolOutcome::needs_confirmation(question.clone().into());
            self.add_answer(call, &asked);
            let speaker = self.turn.speaker.clone();
            let held = HeldCall::new(call.clone(), arguments, question, speaker);
            return Ok(Called::Held(held));
        }
        Ok(if let Some(over) = over {
            Called::Over(over)
        } else if by_client.is_empty() {
            Called::Answered
        } else {
            Called::ByClient(by_client)
        })
    }

    fn is_clients(&self, call: &ToolCall) -> bool {
        let mut tools = self.turn.client_tools.iter();
        tools.any(|tool| tool.name == call.name)
    }

    /// Admits and prepares calls; those that cannot run are answered.
    async fn prepare_calls<'a>(&mut self, calls: &'a [ToolCall]) -> Step<PreparedCalls<'a>> {
        let mut admitted = Vec::new();
        for call in calls {
            match self.ledger.admit(call, &self.request.tools) {
                Ok(arguments) => admitted.push((call, arguments)),
                Err(error) => self.add_answer(call, &ToolOutcome::failed(error)),
            }
        }
        let this = &*self;
        let preparing = admitted.into_iter().map(async |(call, arguments)| {
            let prepared = this.prepare_call(call, arguments).await;
            (call, prepared)
        });
        let mut prepared = PreparedCalls::default();
        for (call, outcome) in join_all(preparing).await {
            let (arguments, question) = match outcome {
                Prepared::Ready {
                    arguments,
                    question,
                } => (arguments, question),
                Prepared::Refused(outcome) => {
                    self.tell_of_refusal(call, &outcome).await?;
                    self.add_answer(call, &outcome);
                    continue;
                }
            };
            match question.filter(|_| self.asks_before(call)) {
                Some(question) if prepared.held.is_none() => {
                    prepared.held = Some((call, arguments, question));
                }
                Some(_) => self.add_answer(call, &ToolOutcome::failed(ONE_AT_A_TIME)),
                None if self.tools.kind(&call.name) == ToolKind::Read => {
                    prepared.reads.push((call, arguments));
                }
                None => prepared.writes.push((call, arguments)),
            }
        }
        if prepared.held.is_some() {
            for (call, _) in prepared.writes.drain(..) {
                self.add_answer(call, &ToolOutcome::failed(ONE_AT_A_TIME));
            }
        }
        Ok(prepared)
    }

    /// Settles what a call asks for.
    pub(super) async fn prepare_call(&self, call: &ToolCall, arguments: Value) -> Prepared {
        let speaker = &self.turn.speaker;
        let preparing = self.tools.prepare(speaker, &call.name, arguments);
        match tokio::time::timeout(TOOL_TIMEOUT, preparing).await {
            Ok(prepared) => prepared,
            Err(_) => Prepared::Refused(ToolOutcome::failed("It took too long. Nothing was done.")),
        }
    }

    /// A call that could not even begin is an action that failed.
    pub(super) async fn tell_of_refusal(&self, call: &ToolCall, outcome: &ToolOutcome) -> Step<()> {
        let name = ActionName::from_tool(&call.name).as_str().to_owned();
        self.send(ReplyEvent::ActionStarted { name: name.clone() })
            .await?;
        self.send(finished(name, outcome)).await
    }

    /// The calls as they stand in the conversation.
    pub(super) fn tell_of_calls(&mut self, calls: &[ToolCall]) {
        let told: Vec<ToolCall> = calls.iter().map(tool_calls::as_told).collect();
        self.progress.add_calls(&told);
        self.request.messages.push(ChatMessage::Assistant {
            content: String::new(),
            tool_calls: told,
        });
    }

    /// Waits until the turn is no guess any more.
    pub(super) async fn turn_decided(&mut self) -> Step<()> {
        let decided = self.writes.wait_for(|are_allowed| *are_allowed).await;
        decided.map(|_| ()).map_err(|_| Stop::Unread)
    }

    pub(super) async fn call_tool<'a>(
        &self,
        call: &'a ToolCall,
        arguments: Value,
    ) -> Step<(&'a ToolCall, ToolOutcome)> {
        self.progress.begin_call(call);
        let name = ActionName::from_tool(&call.name).as_str().to_owned();
        self.send(ReplyEvent::ActionStarted { name: name.clone() })
            .await?;
        let span = tracing::info_span!(
            target: TRACE_TARGET,
            "execute_tool",
            otel.name = format!("execute_tool {name}"),
            otel.status_code = Empty,
            error.type = Empty,
            gen_ai.operation.name = "execute_tool",
            gen_ai.tool.name = name,
            casp.action.status = Empty,
        );
        let running = self
            .tools
            .call(&self.turn.speaker, &call.name, arguments)
            .instrument(span.clone());
        let outcome = match tokio::time::timeout(TOOL_TIMEOUT, running).await {
            Ok(outcome) => outcome,
            Err(_) => ToolOutcome::failed("It took too long; it is not known whether it was done."),
        };
        span.record("casp.action.status", outcome.status.as_str());
        drop(span);
        self.send(finished(name, &outcome)).await?;
        Ok((call, outcome))
    }

    pub(super) fn add_answer(&mut self, call: &ToolCall, outcome: &ToolOutcome) {
        let mut content = outcome.to_model_text();
        if let Some((cut, _)) = content.char_indices().nth(MAX_TOOL_ANSWER) {
            content.truncate(cut);
        }
        self.progress.add_answer(call, content.clone());
        self.request.messages.push(ChatMessage::Tool {
            tool_call_id: call.id.clone(),
            content,
        });
    }
}

fn finished(name: String, outcome: &ToolOutcome) -> ReplyEvent {
    ReplyEvent::ActionFinished {
        name,
        status: outcome.status,
        result: outcome.result.clone(),
        error: outcome.error.clone(),
    }
}
