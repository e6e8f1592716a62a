//! The part of a reply that reads an answer of the model.

use super::rounds::{Rounds, Step, Stop};
use crate::ClauseSplitter;
use casp_providers::{Delta, FinishReason, ProviderError, ToolCall, Usage};
use casp_telemetry::{TRACE_TARGET, mark_failed};
use futures_util::StreamExt as _;
use std::time::Instant;
use tracing::{Instrument as _, Span, field::Empty};

/// Longest answer in bytes that is spoken; the rest is left out.
const MAX_SPOKEN_BYTES: usize = 32_000;
/// And one that is read.
const MAX_TEXT_BYTES: usize = 1024 * 1024;
/// Most tool calls the model may ask for in one round; the rest are left out.
const MAX_CALLS_A_ROUND: usize = 16;

/// What came of one round.
pub(super) struct Round {
    pub(super) calls: Vec<ToolCall>,
    pub(super) has_text: bool,
    /// What is held back until it has been checked.
    pub(super) held_back: String,
    pub(super) end: FinishReason,
    /// Makes clauses of what is spoken.
    splitter: Option<ClauseSplitter>,
    written_bytes: usize,
    usage: Option<Usage>,
}

impl Round {
    fn is_empty(&self) -> bool {
        !self.has_text && self.calls.is_empty()
    }

    /// The clauses that no more text is awaited for.
    fn last_clauses(&mut self) -> Vec<String> {
        let rest = self.splitter.as_mut().map(ClauseSplitter::finish);
        rest.unwrap_or_default()
    }
}

impl Rounds {
    /// One answer of the model.
    pub(super) async fn read_answer(&mut self) -> Step<Round> {
        let span = tracing::info_span!(
            target: TRACE_TARGET,
            "chat",
            otel.kind = "client",
            otel.status_code = Empty,
            error.type = Empty,
            gen_ai.operation.name = "chat",
            gen_ai.provider.name = self.llm.name(),
            gen_ai.request.model = Empty,
            gen_ai.server.time_to_first_token = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
        );
        let answer = self.read_answer_since(Instant::now());
        let answer = answer.instrument(span.clone()).await;
        if let Err(Stop::Failed(error)) = &answer {
            mark_failed(&span, error.reason());
        }
        answer
    }

    async fn read_answer_since(&mut self, asked: Instant) -> Step<Round> {
        let mut round = Round {
            calls: Vec::new(),
            has_text: false,
            held_back: String::new(),
            end: FinishReason::Stop,
            splitter: self.turn.is_spoken.then(ClauseSplitter::new),
            written_bytes: 0,
            usage: None,
        };
        let chat = self.llm.chat(self.request.clone());
        let mut stream = chat.await.map_err(Stop::Failed)?;
        let mut has_answered = false;
        loop {
            let Some(delta) = stream.next().await else {
                return Err(self.failed("the answer broke off"));
            };
            let delta = delta.map_err(Stop::Failed)?;
            if !std::mem::replace(&mut has_answered, true) {
                let waited = asked.elapsed().as_secs_f64();
                Span::current().record("gen_ai.server.time_to_first_token", waited);
            }
            match delta {
                Delta::Text(text) if text.is_empty() => {}
                Delta::Text(text) => {
                    self.take_text(&mut round, text).await?;
                    if self.is_too_long(&round) {
                        round.end = FinishReason::Length;
                        break;
                    }
                }
                Delta::ToolCall(call) => self.take_call(&mut round, call).await?,
                Delta::Usage(told) => round.usage = Some(told),
                Delta::Finish(_) if round.is_empty() => {
                    return Err(self.failed("an empty answer"));
                }
                Delta::Finish(end) => {
                    round.end = end;
                    break;
                }
            }
        }
        self.count_usage(&round);
        self.send_clauses(round.last_clauses()).await?;
        Ok(round)
    }

    async fn take_text(&mut self, round: &mut Round, text: String) -> Step<()> {
        self.begin().await?;
        round.written_bytes += text.len();
        let is_first = !round.has_text;
        round.has_text |= !text.trim().is_empty();
        if self.turn.check.is_some() {
            round.held_back.push_str(&text);
            return Ok(());
        }
        if is_first && round.has_text && self.progress.needs_separator() {
            self.send_text(" ".to_owned()).await?;
        }
        let clauses = round.splitter.as_mut().map(|it| it.push(&text));
        self.send_text(text).await?;
        self.send_clauses(clauses.unwrap_or_default()).await
    }

    async fn take_call(&mut self, round: &mut Round, call: ToolCall) -> Step<()> {
        self.begin().await?;
        round.written_bytes += call.name.len() + call.arguments.len();
        if round.calls.len() < MAX_CALLS_A_ROUND {
            round.calls.push(self.ledger.with_own_id(call));
        }
        // Nothing more is said before the tool has answered.
        self.send_clauses(round.last_clauses()).await
    }

    fn is_too_long(&self, round: &Round) -> bool {
        let most_bytes = if self.turn.is_spoken {
            MAX_SPOKEN_BYTES
        } else {
            MAX_TEXT_BYTES
        };
        self.progress.text_bytes() + round.held_back.len() > most_bytes
    }

    fn count_usage(&mut self, round: &Round) {
        let estimate = || Usage::estimated(&self.request, round.written_bytes);
        let usage = round.usage.unwrap_or_else(estimate);
        self.progress.add_usage(usage);
        let (read, written) = (usage.prompt_tokens, usage.completion_tokens);
        let span = Span::current();
        span.record("gen_ai.usage.input_tokens", read.cast_signed());
        span.record("gen_ai.usage.output_tokens", written.cast_signed());
    }

    pub(super) fn failed(&self, message: &str) -> Stop {
        Stop::Failed(ProviderError::BadAnswer {
            provider: self.llm.name().to_owned(),
            message: message.to_owned(),
        })
    }
}
