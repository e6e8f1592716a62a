//! The loop of model and tools behind a reply.

use super::{Opening, ReplyEvent, Turn, calling::Called, outcome::Progress, tool_calls::Ledger};
use crate::{ToolOutcome, Tools};
use casp_providers::{ChatRequest, LanguageModel, ProviderError, ToolChoice};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// Rounds of model and tools; after them the model must answer without tools.
const MAX_ROUNDS: usize = 8;

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
    pub(super) llm: Arc<dyn LanguageModel>,
    pub(super) tools: Arc<dyn Tools>,
    pub(super) events: mpsc::Sender<ReplyEvent>,
    pub(super) progress: Progress,
    pub(super) writes: watch::Receiver<bool>,
    pub(super) ledger: Ledger,
    pub(super) has_begun: bool,
    /// The answer did not pass its check, and is made once more.
    pub(super) is_repairing: bool,
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
        let opening = std::mem::replace(&mut self.turn.opening, Opening::Model);
        if !matches!(opening, Opening::AskAgain(..)) {
            self.offer_tools().await;
        }
        match opening {
            Opening::Model => {}
            Opening::Note(note) => self.note(note),
            Opening::CarryOut(held) => return self.carry_out(held).await,
            Opening::AskAgain(held, why) => return self.ask(held, why).await,
            Opening::Command(call) => return self.command(call).await,
        }
        self.converse().await
    }

    async fn offer_tools(&mut self) {
        if self.turn.has_tools {
            self.request.tools = self.tools.specs(&self.turn.speaker).await;
            let of_client = self.turn.client_tools.iter().cloned();
            self.request.tools.extend(of_client);
        }
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
}
