//! Guards the actions: who is known by nothing but a telephone is asked for the PIN before anything is read or done in
//! the name of whose it is.

use super::{claim::Claim, principals::PinWanted};
use casp_conversation::{ActionName, Assistant, Prepared, Speaker, ToolKind, ToolOutcome, Tools};
use casp_providers::ToolSpec;
use serde_json::Value;
use std::sync::{Arc, atomic::Ordering};

/// Said to the caller as it is, or in the model's words.
const NEEDS_PIN: &str = "For that I need your PIN, since a telephone number proves nothing. Please key it in on your \
     telephone, and do not say it aloud.";

/// Said to strangers who want more than their assistant does for everybody.
const NOT_FOR_STRANGERS: &str = "I can do that only for people I know.";

/// Lets through what a speaker may do.
#[derive(Debug)]
pub(super) struct Guard {
    tools: Arc<dyn Tools>,
    assistant: Assistant,
    /// What the account's own connections belong to.
    own: Option<String>,
    pin_wanted: PinWanted,
}

impl Guard {
    pub(super) fn new(tools: Arc<dyn Tools>, claim: &Claim) -> Self {
        Self {
            tools,
            assistant: claim.assistant.clone(),
            own: claim.principals.own(),
            pin_wanted: claim.principals.pin_wanted(),
        }
    }

    /// In whose name it is done; else what is to be said.
    fn principal(&self, speaker: &Speaker, tool: &str) -> Result<Speaker, ToolOutcome> {
        if speaker.is_verified {
            return Ok(speaker.clone());
        }
        let name = ActionName::from_tool(tool);
        let stranger = Speaker::stranger(&speaker.identity);
        // Whoever can talk can leave.
        if name.as_str() == "call.hang_up" {
            return Ok(stranger);
        }
        if self.assistant.allows_public(name.as_str()) {
            // What everybody may do is done by the account itself, as at its front desk.
            let resource = self.own.clone();
            return Ok(Speaker {
                resource,
                ..stranger
            });
        }
        match &speaker.resource {
            Some(_) => Err(self.refuse()),
            // It has no connections either, of which the other actions tell.
            None if name.provider() == "call" => Err(ToolOutcome::failed(NOT_FOR_STRANGERS)),
            None => Ok(stranger),
        }
    }

    fn refuse(&self) -> ToolOutcome {
        self.pin_wanted.store(true, Ordering::Relaxed);
        ToolOutcome::failed(NEEDS_PIN)
    }
}

#[async_trait::async_trait]
impl Tools for Guard {
    fn specs(&self) -> Vec<ToolSpec> {
        self.tools.specs()
    }

    fn kind(&self, name: &str) -> ToolKind {
        self.tools.kind(name)
    }

    async fn prepare(&self, speaker: &Speaker, name: &str, arguments: Value) -> Prepared {
        match self.principal(speaker, name) {
            Ok(principal) => self.tools.prepare(&principal, name, arguments).await,
            Err(refused) => Prepared::Refused(refused),
        }
    }

    async fn call(&self, speaker: &Speaker, name: &str, arguments: Value) -> ToolOutcome {
        match self.principal(speaker, name) {
            Ok(principal) => self.tools.call(&principal, name, arguments).await,
            Err(refused) => refused,
        }
    }
}
