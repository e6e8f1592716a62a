//! The part of a reply that asks for the user's yes, and does what it was given for.

use super::{
    ReplyEvent,
    rounds::{Over, Rounds, Step, Stop},
};
use crate::{Confirm, HeldCall, ToolKind, ToolOutcome, ToolStatus};
use casp_providers::{ChatMessage, ToolCall};

impl Rounds {
    /// Whether the user is asked before such a call runs.
    pub(super) fn asks_before(&self, call: &ToolCall) -> bool {
        match self.turn.confirm {
            Confirm::Never => false,
            Confirm::Writes => self.tools.kind(&call.name) == ToolKind::Write,
            Confirm::Always => true,
        }
    }

    /// Puts the question, and with it the reply ends.
    pub(super) async fn ask(&mut self, held: HeldCall, preface: &str) -> Step<()> {
        let words = format!("{preface} {}", held.question());
        let action = held.action();
        let question = held.question().to_owned();
        self.say(words.trim().to_owned()).await?;
        self.progress.hold(held);
        // A guess is not told of.
        self.turn_decided().await?;
        self.send(ReplyEvent::ActionFinished {
            name: action.as_str().to_owned(),
            status: ToolStatus::NeedsConfirmation,
            result: Some(question.into()),
            error: None,
        })
        .await
    }

    /// Tells the model what it should know of a call that was not agreed to.
    pub(super) fn note(&mut self, content: String) {
        self.progress.add_note(content.clone());
        self.request.messages.push(ChatMessage::System { content });
    }

    /// Runs the call that the user has agreed to, and lets the model tell of it.
    pub(super) async fn carry_out(&mut self, held: HeldCall) -> Step<()> {
        self.turn_decided().await?;
        // Two replies to the same yes: the second finds nothing to do.
        let Some((call, arguments)) = held.release() else {
            return self.converse().await;
        };
        // The call that asked has been answered already, under the id it had.
        let id = String::new();
        let call = self.ledger.with_own_id(ToolCall { id, ..call });
        self.tell_of_calls(std::slice::from_ref(&call));
        let outcome = match self.ledger.admit(&call, &self.request.tools) {
            Ok(_) => self.call_tool(&call, arguments).await?.1,
            Err(error) => ToolOutcome::failed(error),
        };
        self.add_answer(&call, &outcome);
        if let Some(over) = Over::after(&outcome) {
            return self.finish_with(over, false).await;
        }
        match self.converse().await {
            // It must not be done again because nobody said that it was done.
            Err(Stop::Failed(error)) if self.progress.text_bytes() == 0 => {
                tracing::warn!(%error, "no words for what was done");
                let words = match outcome.status {
                    ToolStatus::Succeeded => "Done.".to_owned(),
                    _ => format!(
                        "I'm sorry, that didn't work. {}",
                        outcome.error.unwrap_or_default()
                    ),
                };
                let words = words.trim().to_owned();
                self.begin().await?;
                self.send_text(words.clone()).await?;
                self.send_clauses(vec![words]).await
            }
            other => other,
        }
    }
}
