//! A provider's action for an account that has not connected the provider.

use super::{Action, ActionName, ToolKind, ToolOutcome, catalogue::Entry};
use crate::Speaker;
use serde_json::Value;

/// An action of a provider that is not connected: it says so, and how to connect.
#[derive(Debug)]
pub(super) struct ConnectionCheck(&'static Entry);

impl ConnectionCheck {
    pub(super) fn new(entry: &'static Entry) -> Self {
        Self(entry)
    }
}

#[async_trait::async_trait]
impl Action for ConnectionCheck {
    fn name(&self) -> &ActionName {
        &self.0.name
    }
    fn description(&self) -> &str {
        &self.0.description
    }
    fn parameters(&self) -> Value {
        self.0.schema()
    }
    fn kind(&self) -> ToolKind {
        self.0.kind
    }
    fn confirmation(&self, _arguments: &Value) -> Option<String> {
        // Nothing is done, so that there is nothing to agree to.
        None
    }
    async fn run(&self, _speaker: &Speaker, _arguments: Value) -> ToolOutcome {
        let (label, provider) = (self.0.label(), self.0.name.provider());
        let connect = format!("/v1/oauth/connect/{provider}");
        let error = format!("No {label} is connected. Connect it at {connect}.");
        ToolOutcome {
            connect: Some(connect),
            ..ToolOutcome::failed(error)
        }
    }
}
