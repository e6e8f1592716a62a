//! The loop of model and tools behind a reply.

use super::{
    Opening, ReplyEvent, Turn,
    outcome::Progress,
    tool_calls::{self, Ledger},
};
use crate::{ActionName, ClauseSplitter, HeldCall, Prepared, ToolKind, ToolOutcome, Tools};
use casp_providers::{
    ChatMessage, ChatRequest, Delta, FinishReason, LanguageModel, ProviderError, ToolCall,
    ToolChoice, Usage,
};
use casp_telemetry::{TRACE_TARGET, mark_failed};
use futures_util::{StreamExt, future::join_all};
use serde_json::Value;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, watch};
use tracing::{Instrument as _, Span, field::Empty};

/// Rounds of model and tools; after them the model must answer without tools.
const MAX_ROUNDS: usize = 8;
/// Longest wait for a tool.
const TOOL_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest answer in bytes that is spoken; the rest is left out.
const MAX_SPOKEN_BYTES: usize = 32_000;
/// And one that is read.
const MAX_TEXT_BYTES: usize = 1024 * 1024;
/// Longest answer of a tool that goes to the model, in characters.
const MAX_TOOL_ANSWER: usize = 16_000;
/// What the model is told of calls beside one that the user is asked about.
const ONE_AT_A_TIME: &str =
    "Not done: the user is asked about another call first. Call again when that one is answered.";
/// Most tool calls the model may ask for in one round; the rest are left out.
const MAX_CALLS_A_ROUND: usize = 16;

/// Why the loop stops early.
pub(super) enum Stop {
    /// Nobody reads.
    Unread,
    /// The model failed.
    Failed(ProviderError),
}

pub(super) type Step<T> = Result<T, Stop>;

/// The answer to one turn. Failing models are not its business: who chose the model has tried again, and elsewhere.
pub(super) struct Rounds {
    pub(super) turn: Turn,
    pub(super) request: ChatRequest,
    llm: Arc<dyn LanguageModel>,
    pub(super) tools: Arc<dyn Tools>,
    events: mpsc::Sender<ReplyEvent>,
    pub(super) progress: Progress,
    writes: watch::Receiver<bool>,
    pub(super) ledger: Ledger,
    has_begun: bool,
    /// The answer did not pass its check, and is made once more.
    pub(super) is_repairing: bool,
}

/// What came of one round.
struct Round {
    calls: Vec<ToolCall>,
    has_text: bool,
    /// What is held back until it has been checked.
    held_back: String,
    end: FinishReason,
}

/// What came of its calls.
enum Called {
    /// The model goes on.
    Answered,
    /// The user is to be asked first.
    Held(HeldCall),
    /// The client is to run these.
    ByClient(Vec<ToolCall>),
    /// Nothing more is done; the reply ends, with these words where there are some.
    Over(Over),
}

/// How a reply ends after a tool that leaves nothing to be said to the model.
#[derive(Default)]
pub(super) struct Over {
    /// The conversation ends with it.
    hangs_up: bool,
    /// The last words; without any, the model's.
    words: Option<String>,
}

impl Over {
    /// `None`: the model goes on.
    pub(super) fn after(outcome: &ToolOutcome) -> Option<Self> {
        let is_over = outcome.ends_conversation || outcome.last_words.is_some();
        is_over.then(|| Self {
            hangs_up: outcome.ends_conversation,
            words: outcome.last_words.clone(),
        })
    }
}

impl Rounds {
    pub(super) fn new(
        turn: Turn,
        request: ChatRequest,
        llm: Arc<dyn LanguageModel>,
        tools: Arc<dyn Tools>,
        events: mpsc::Sender<ReplyEvent>,
        progress: Progress,
        writes: watch::Receiver<bool>,
    ) -> Self {
        Self {
            turn,
            request,
            llm,
            tools,
            events,
            progress,
            writes,
            ledger: Ledger::default(),
            has_begun: false,
            is_repairing: false,
        }
    }

    /// Runs to the last event.
    pub(super) async fn run(mut self) {
        let last = match self.answer().await {
            Ok(()) => ReplyEvent::Done(self.progress.outcome()),
            Err(Stop::Failed(error)) => {
                self.progress.keep_complete_clauses();
                ReplyEvent::Failed(error)
            }
            Err(Stop::Unread) => return,
        };
        // Nobody reading is no loss.
        let _ = self.events.send(last).await;
    }

    async fn answer(&mut self) -> Step<()> {
        match std::mem::replace(&mut self.turn.opening, Opening::Model) {
            Opening::Model => {}
            Opening::Note(note) => self.note(note),
            Opening::CarryOut(held) => return self.carry_out(held).await,
            Opening::AskAgain(held, why) => return self.ask(held, why).await,
            Opening::Command(call) => return self.command(call).await,
        }
        self.converse().await
    }

    /// Lets the model answer, with tools or without.
    pub(super) async fn converse(&mut self) -> Step<()> {
        for round in 0.. {
            if round >= MAX_ROUNDS || self.ledger.is_spent() {
                self.request.tools.clear();
            }
            let said = self.read_answer().await?;
            self.progress.finish(said.end);
            if said.calls.is_empty() || self.request.tools.is_empty() {
                if !said.has_text {
                    return Err(self.failed("an empty answer"));
                }
                if self.give_out(&said.held_back, said.end).await? {
                    return Ok(());
                }
                continue;
            }
            match self.call_tools(said.calls).await? {
                // A call was insisted on once, and has been made.
                Called::Answered => self.request.options.tool_choice = ToolChoice::Auto,
                Called::ByClient(calls) => {
                    self.progress.leave_to_client(&calls);
                    return self.send(ReplyEvent::ClientCalls(calls)).await;
                }
                Called::Held(held) => return self.ask(held, "").await,
                Called::Over(over) => return self.finish_with(over, said.has_text).await,
            }
        }
        Ok(())
    }

    /// One answer of the model.
    async fn read_answer(&mut self) -> Step<Round> {
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
        let answer = self.read_answer_of(Instant::now());
        let answer = answer.instrument(span.clone()).await;
        if let Err(Stop::Failed(error)) = &answer {
            mark_failed(&span, error.reason());
        }
        answer
    }

    async fn read_answer_of(&mut self, asked: Instant) -> Step<Round> {
        let mut round = Round {
            calls: Vec::new(),
            has_text: false,
            held_back: String::new(),
            end: FinishReason::Stop,
        };
        let chat = self.llm.chat(self.request.clone());
        let mut stream = chat.await.map_err(Stop::Failed)?;
        let mut splitter = self.turn.is_spoken.then(ClauseSplitter::new);
        let (mut usage, mut written_bytes) = (None, 0);
        let most_bytes = if self.turn.is_spoken {
            MAX_SPOKEN_BYTES
        } else {
            MAX_TEXT_BYTES
        };
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
                    self.begin().await?;
                    written_bytes += text.len();
                    let is_first = !round.has_text;
                    round.has_text |= !text.trim().is_empty();
                    if self.turn.check.is_some() {
                        round.held_back.push_str(&text);
                    } else {
                        if is_first && round.has_text && self.progress.needs_separator() {
                            self.send_text(" ".to_owned()).await?;
                        }
                        let clauses = splitter.as_mut().map(|splitter| splitter.push(&text));
                        self.send_text(text).await?;
                        self.send_clauses(clauses.unwrap_or_default()).await?;
                    }
                    if self.progress.text_bytes() + round.held_back.len() > most_bytes {
                        round.end = FinishReason::Length;
                        break;
                    }
                }
                Delta::ToolCall(call) => {
                    self.begin().await?;
                    written_bytes += call.name.len() + call.arguments.len();
                    if round.calls.len() < MAX_CALLS_A_ROUND {
                        round.calls.push(self.ledger.with_own_id(call));
                    }
                    // Nothing more is said before the tool has answered.
                    let rest = splitter.as_mut().map(ClauseSplitter::finish);
                    self.send_clauses(rest.unwrap_or_default()).await?;
                }
                Delta::Usage(told) => usage = Some(told),
                Delta::Finish(_) if !round.has_text && round.calls.is_empty() => {
                    return Err(self.failed("an empty answer"));
                }
                Delta::Finish(end) => {
                    round.end = end;
                    break;
                }
            }
        }
        let usage = usage.unwrap_or_else(|| Usage::estimated(&self.request, written_bytes));
        self.progress.add_usage(usage);
        let span = Span::current();
        span.record(
            "gen_ai.usage.input_tokens",
            usage.prompt_tokens.cast_signed(),
        );
        span.record(
            "gen_ai.usage.output_tokens",
            usage.completion_tokens.cast_signed(),
        );
        let rest = splitter.as_mut().map(ClauseSplitter::finish);
        self.send_clauses(rest.unwrap_or_default()).await?;
        Ok(round)
    }

    /// Prepares the calls of a round and runs them, those that read side by side, then those that write one by one. Of
    /// those that the user is to agree to, the first is held; nothing else is changed then.
    async fn call_tools(&mut self, calls: Vec<ToolCall>) -> Step<Called> {
        let (by_client, calls): (Vec<_>, Vec<_>) = calls
            .into_iter()
            .partition(|call| self.turn.client_tools.contains(&call.name));
        if calls.is_empty() {
            return Ok(Called::ByClient(by_client));
        }
        self.tell_of_calls(&calls);
        let mut admitted = Vec::new();
        for call in &calls {
            match self.ledger.admit(call, &self.request.tools) {
                Ok(arguments) => admitted.push((call, arguments)),
                Err(error) => self.add_answer(call, &ToolOutcome::failed(error)),
            }
        }
        let this = &*self;
        let prepared = join_all(admitted.into_iter().map(async |(call, arguments)| {
            let prepared = this.prepare_call(call, arguments).await;
            (call, prepared)
        }))
        .await;
        let (mut reads, mut writes) = (Vec::new(), Vec::new());
        let mut held: Option<(&ToolCall, Value, String)> = None;
        for (call, prepared) in prepared {
            let (arguments, question) = match prepared {
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
                Some(question) if held.is_none() => held = Some((call, arguments, question)),
                Some(_) => self.add_answer(call, &ToolOutcome::failed(ONE_AT_A_TIME)),
                None if self.tools.kind(&call.name) == ToolKind::Read => {
                    reads.push((call, arguments));
                }
                None => writes.push((call, arguments)),
            }
        }
        if held.is_some() {
            for (call, _) in writes.drain(..) {
                self.add_answer(call, &ToolOutcome::failed(ONE_AT_A_TIME));
            }
        }
        let reading = reads.into_iter();
        let answers = join_all(reading.map(|(call, arguments)| self.call_tool(call, arguments)));
        let mut over = None;
        for answer in answers.await {
            let (call, outcome) = answer?;
            over = Over::after(&outcome).or(over);
            self.add_answer(call, &outcome);
        }
        for (call, arguments) in writes {
            self.turn_decided().await?;
            let (call, outcome) = self.call_tool(call, arguments).await?;
            over = Over::after(&outcome).or(over);
            self.add_answer(call, &outcome);
        }
        if let Some((call, arguments, question)) = held {
            self.add_answer(
                call,
                &ToolOutcome::needs_confirmation(question.clone().into()),
            );
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

    /// A tool ended the reply. A model that has not said goodbye yet gets one more round for it.
    pub(super) async fn finish_with(&mut self, over: Over, has_said_it: bool) -> Step<()> {
        if let Some(words) = over.words {
            self.say(words).await?;
        } else if !has_said_it {
            self.request.tools.clear();
            let words = match self.read_answer().await {
                Err(Stop::Unread) => return Err(Stop::Unread),
                Ok(round) if round.has_text => None,
                Ok(_) | Err(Stop::Failed(_)) => Some("Goodbye."),
            };
            if let Some(words) = words {
                self.send_text(words.to_owned()).await?;
                self.send_clauses(vec![words.to_owned()]).await?;
            }
        }
        if over.hangs_up {
            self.send(ReplyEvent::HangUp).await?;
        }
        Ok(())
    }

    /// Says what no model has written.
    pub(super) async fn say(&mut self, words: String) -> Step<()> {
        self.begin().await?;
        if self.progress.needs_separator() {
            self.send_text(" ".to_owned()).await?;
        }
        let mut splitter = ClauseSplitter::new();
        let mut clauses = splitter.push(&words);
        clauses.extend(splitter.finish());
        self.send_text(words).await?;
        self.send_clauses(clauses).await
    }

    pub(super) async fn begin(&mut self) -> Step<()> {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.send(ReplyEvent::FirstToken).await?;
        }
        Ok(())
    }

    pub(super) async fn send_text(&self, text: String) -> Step<()> {
        self.progress.add_text(&text);
        self.send(ReplyEvent::Text(text)).await
    }

    pub(super) async fn send_clauses(&self, clauses: Vec<String>) -> Step<()> {
        for clause in clauses {
            self.progress.add_clause(&clause);
            self.send(ReplyEvent::Clause(clause)).await?;
        }
        Ok(())
    }

    pub(super) async fn send(&self, event: ReplyEvent) -> Step<()> {
        self.events.send(event).await.map_err(|_| Stop::Unread)
    }

    fn failed(&self, message: &str) -> Stop {
        Stop::Failed(ProviderError::BadAnswer {
            provider: self.llm.name().to_owned(),
            message: message.to_owned(),
        })
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
