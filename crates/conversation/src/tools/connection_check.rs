//! A provider's action for an account that has not connected the provider.

use super::catalogue::Entry;
use crate::{Action, ActionName, Prepared, Speaker, ToolKind, ToolOutcome};
use serde_json::Value;

/// An action of a provider that is not connected: it says so, and how to connect.
#[derive(Debug)]
pub(super) struct ConnectionCheck(&'static Entry);

impl ConnectionCheck {
    pub(super) fn new(entry: &'static Entry) -> Self {
        Self(entry)
    }

    fn outcome(&self) -> ToolOutcome {
        let (label, provider) = (self.0.label(), self.0.name.provider());
        let connect = format!("/v1/oauth/connect/{provider}");
        let error = format!("No {label} is connected. Connect it at {connect}.");
        ToolOutcome {
            connect: Some(connect),
            ..ToolOutcome::failed(error)
        }
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
    async fn prepare(&self, _speaker: &Speaker, _arguments: Value) -> Prepared {
        // Nothing will be done, so that there is nothing to agree to.
        Prepared::Refused(self.outcome())
    }
    async fn run(&self, _speaker: &Speaker, _arguments: Value) -> ToolOutcome {
        self.outcome()
    }
}
