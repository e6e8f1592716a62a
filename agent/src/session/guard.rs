//! Guards the actions: who is known by nothing but a telephone is asked for the PIN before anything is read or done in
//! the name of whose it is.

use super::principals::PinWanted;
use casp_conversation::{ActionName, Assistant, Prepared, Speaker, ToolKind, ToolOutcome, Tools};
use casp_providers::ToolSpec;
use serde_json::Value;
use std::sync::{Arc, atomic::Ordering};

const NEEDS_PIN: &str = "This needs the caller's PIN, since a telephone number proves nothing. Ask them to key in their PIN \
     on the telephone. They must not say it aloud.";

/// Lets through what a speaker may do.
#[derive(Debug)]
pub(super) struct Guard {
    tools: Arc<dyn Tools>,
    assistant: Assistant,
    pin_wanted: PinWanted,
}

impl Guard {
    pub(super) fn new(tools: Arc<dyn Tools>, assistant: Assistant, pin_wanted: PinWanted) -> Self {
        Self {
            tools,
            assistant,
            pin_wanted,
        }
    }

    /// In whose name it is done; `None` when they must prove first who they are.
    fn principal(&self, speaker: &Speaker, tool: &str) -> Option<Speaker> {
        if speaker.is_verified || speaker.resource.is_none() {
            return Some(speaker.clone());
        }
        let name = ActionName::from_tool(tool);
        let is_open = name.provider() == "call" || self.assistant.allows_public(name.as_str());
        // What everybody may do is done as for everybody.
        is_open.then(|| Speaker::stranger(&speaker.identity))
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
            Some(principal) => self.tools.prepare(&principal, name, arguments).await,
            None => Prepared::Refused(self.refuse()),
        }
    }

    async fn call(&self, speaker: &Speaker, name: &str, arguments: Value) -> ToolOutcome {
        match self.principal(speaker, name) {
            Some(principal) => self.tools.call(&principal, name, arguments).await,
            None => self.refuse(),
        }
    }
}
