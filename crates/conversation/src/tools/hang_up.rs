//! `call.hang_up`: the conversation ends when the reply has been spoken.

use crate::{Action, ActionName, Speaker, ToolKind, ToolOutcome};
use serde_json::{Value, json};

/// Ends the conversation.
#[derive(Debug)]
pub(super) struct HangUp(ActionName);

impl HangUp {
    pub(super) fn new() -> Self {
        Self(ActionName::new("call.hang_up"))
    }
}

#[async_trait::async_trait]
impl Action for HangUp {
    fn name(&self) -> &ActionName {
        &self.0
    }
    fn description(&self) -> &'static str {
        "Ends the call once your goodbye has been spoken. Say the goodbye in the same answer."
    }
    fn parameters(&self) -> Value {
        json!({"type": "object", "properties": {}, "additionalProperties": false})
    }
    fn kind(&self) -> ToolKind {
        ToolKind::Write
    }
    async fn run(&self, _speaker: &Speaker, _arguments: Value) -> ToolOutcome {
        ToolOutcome {
            ends_conversation: true,
            ..ToolOutcome::succeeded(json!("The call ends after your goodbye."))
        }
    }
}
