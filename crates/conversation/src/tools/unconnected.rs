//! Actions for tests: those of an account that has connected nothing.

use crate::{Action, ActionName, Prepared, Speaker, ToolKind, ToolOutcome};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Debug)]
struct Unconnected(ActionName, ToolKind);

/// A few actions of several providers.
pub(crate) fn unconnected() -> Vec<Arc<dyn Action>> {
    let actions = [
        ("google-calendar.agenda", ToolKind::Read),
        ("gmail.unread", ToolKind::Read),
        ("gmail.send", ToolKind::Write),
        ("outlook.unread", ToolKind::Read),
        ("outlook.send", ToolKind::Write),
    ];
    let action = |(name, kind)| Arc::new(Unconnected(ActionName::new(name), kind)) as _;
    actions.into_iter().map(action).collect()
}

#[async_trait::async_trait]
impl Action for Unconnected {
    fn name(&self) -> &ActionName {
        &self.0
    }
    fn description(&self) -> &'static str {
        "Not connected."
    }
    fn parameters(&self) -> Value {
        json!({"type": "object"})
    }
    fn kind(&self) -> ToolKind {
        self.1
    }
    async fn prepare(&self, speaker: &Speaker, arguments: Value) -> Prepared {
        Prepared::Refused(self.run(speaker, arguments).await)
    }
    async fn run(&self, _speaker: &Speaker, _arguments: Value) -> ToolOutcome {
        ToolOutcome::failed(format!("No {} is connected.", self.0.provider()))
    }
}
