//! A reply that no model makes: a tool is called as the client ordered, and its outcome is the answer.

use super::rounds::{Rounds, Step};
use crate::{ActionName, Prepared, ToolOutcome};
use casp_providers::ToolCall;
use serde::Serialize;

/// The answer, as JSON.
#[derive(Serialize)]
struct Report<'a> {
    name: &'a str,
    #[serde(flatten)]
    outcome: &'a ToolOutcome,
}

impl Rounds {
    /// Calls the tool, and says what came of it.
    pub(super) async fn command(&mut self, call: ToolCall) -> Step<()> {
        self.turn_decided().await?;
        let call = self.ledger.with_own_id(call);
        self.tell_of_calls(std::slice::from_ref(&call));
        let outcome = match self.ledger.admit(&call, &self.request.tools) {
            Err(error) => ToolOutcome::failed(error),
            Ok(arguments) => match self.prepare_call(&call, arguments).await {
                Prepared::Ready { arguments, .. } => self.call_tool(&call, arguments).await?.1,
                Prepared::Refused(outcome) => {
                    self.tell_of_refusal(&call, &outcome).await?;
                    outcome
                }
            },
        };
        self.add_answer(&call, &outcome);
        let name = ActionName::from_tool(&call.name);
        let report = Report {
            name: name.as_str(),
            outcome: &outcome,
        };
        let words = serde_json::to_string(&report).unwrap_or_default();
        self.begin().await?;
        self.send_text(words).await
    }
}
