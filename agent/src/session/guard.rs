//! Guards the actions: who is known by nothing but a telephone is asked for the PIN before anything is read or done in
//! the name of whose it is.

use super::{claim::Claim, inbox::Report, proofs::Wanted};
use casp_conversation::{ActionName, Assistant, Prepared, Speaker, ToolKind, ToolOutcome, Tools};
use casp_providers::ToolSpec;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Said to the caller as it is, or in the model's words.
const NEEDS_PIN: &str = "For that I need your PIN, since a telephone number proves nothing. Please key it in on your \
     telephone. If you do not have it, say so, and I send you a code.";
/// The same to those who have no PIN.
const NEEDS_CODE: &str = "For that I must know that it is you, since a telephone number proves nothing. I am sending you \
     a code. Please key it in on your telephone when it is there.";
const NEEDS_THE_CODE: &str =
    "For that I need the code that I have sent you. Please key it in on your telephone.";

/// Said to strangers who want more than their assistant does for everybody.
const NOT_FOR_STRANGERS: &str = "I can do that only for people I know.";

/// Lets through what a speaker may do.
#[derive(Debug)]
pub(super) struct Guard {
    tools: Arc<dyn Tools>,
    assistant: Assistant,
    /// What the account's own connections belong to.
    own: Option<String>,
    has_pin: bool,
    wanted: Wanted,
    reports: mpsc::Sender<Report>,
}

/// Why somebody may not.
enum Refusal {
    /// They must prove first who they are.
    Unproven,
    /// Nobody knows them.
    Stranger,
}

impl Guard {
    pub(super) fn new(tools: Arc<dyn Tools>, claim: &Claim, reports: mpsc::Sender<Report>) -> Self {
        Self {
            tools,
            assistant: claim.assistant.clone(),
            own: claim.principals.own(),
            has_pin: claim.principals.has_pin(),
            wanted: claim.principals.wanted().clone(),
            reports,
        }
    }

    /// In whose name it is done, if it is.
    fn principal(&self, speaker: &Speaker, tool: &str) -> Result<Speaker, Refusal> {
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
            Some(_) => Err(Refusal::Unproven),
            // It has no connections either, of which the other actions tell.
            None if name.provider() == "call" => Err(Refusal::Stranger),
            None => Ok(stranger),
        }
    }

    async fn refuse(&self, refusal: Refusal) -> ToolOutcome {
        ToolOutcome::failed(match refusal {
            Refusal::Stranger => NOT_FOR_STRANGERS,
            Refusal::Unproven if self.wanted.is_code() => NEEDS_THE_CODE,
            Refusal::Unproven if self.has_pin => {
                self.wanted.set_pin(true);
                NEEDS_PIN
            }
            Refusal::Unproven => {
                // The turn may be a guess: the loop sends the code once it is none. Without a loop nobody asks.
                let _ = self.reports.send(Report::CodeWanted).await;
                NEEDS_CODE
            }
        })
    }
}

#[async_trait::async_trait]
impl Tools for Guard {
    async fn specs(&self, speaker: &Speaker) -> Vec<ToolSpec> {
        let theirs = self.tools.specs(speaker).await;
        if speaker.is_verified {
            return theirs;
        }
        // What everybody may do is done with the account's own connections.
        let account = Speaker {
            resource: self.own.clone(),
            is_verified: true,
            ..speaker.clone()
        };
        let of_account = self.tools.specs(&account).await;
        let both = theirs.into_iter().zip(of_account);
        both.map(|(theirs, of_account)| {
            let name = ActionName::from_tool(&theirs.name);
            if self.assistant.allows_public(name.as_str()) {
                of_account
            } else {
                theirs
            }
        })
        .collect()
    }

    fn kind(&self, name: &str) -> ToolKind {
        self.tools.kind(name)
    }

    async fn prepare(&self, speaker: &Speaker, name: &str, arguments: Value) -> Prepared {
        match self.principal(speaker, name) {
            Ok(principal) => self.tools.prepare(&principal, name, arguments).await,
            Err(refusal) => Prepared::Refused(self.refuse(refusal).await),
        }
    }

    async fn call(&self, speaker: &Speaker, name: &str, arguments: Value) -> ToolOutcome {
        match self.principal(speaker, name) {
            Ok(principal) => self.tools.call(&principal, name, arguments).await,
            Err(refusal) => self.refuse(refusal).await,
        }
    }
}
