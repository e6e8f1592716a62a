//! Tools: what the model may call, and the registry of CASP's actions as tools.

mod catalogue;
mod connection_check;
mod hang_up;
mod name;
mod outcome;
mod set;
mod vocabulary;

pub use name::ActionName;
pub use outcome::{ToolOutcome, ToolStatus};
pub use set::{Action, ToolSet};
pub(crate) use vocabulary::is_action_pattern;

use crate::Speaker;
use casp_providers::ToolSpec;
use serde::Deserialize;

/// Whether a tool changes something outside the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolKind {
    /// It only looks; it may run for a turn that is still a guess.
    Read,
    /// It changes something; it waits for the turn to be decided.
    Write,
}

/// What the model may call in one conversation.
#[async_trait::async_trait]
pub trait Tools: Send + Sync + std::fmt::Debug {
    /// The tools to offer, in a steady order (providers cache by prefix).
    fn specs(&self) -> Vec<ToolSpec>;
    /// Whether a tool changes something. Those of unknown kind count as writes.
    fn kind(&self, _name: &str) -> ToolKind {
        ToolKind::Write
    }
    /// What the user is asked before a call runs, complete: "Shall I send “we won” to John?". `None` for what needs
    /// nobody's yes: it only ends the conversation, or would do nothing.
    fn confirmation(&self, name: &str, _arguments: &str) -> Option<String> {
        Some(format!("Shall I use {}?", ActionName::from_tool(name)))
    }
    /// Runs one for a speaker. `name` is as in its spec; `arguments` is the JSON text of an object. What goes wrong is
    /// in the outcome. Dropping the future stops waiting for it.
    async fn call(&self, speaker: &Speaker, name: &str, arguments: &str) -> ToolOutcome;
}

/// No tools at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTools;

#[async_trait::async_trait]
impl Tools for NoTools {
    fn specs(&self) -> Vec<ToolSpec> {
        Vec::new()
    }
    async fn call(&self, _speaker: &Speaker, name: &str, _arguments: &str) -> ToolOutcome {
        ToolOutcome::failed(format!("There is no tool {name}."))
    }
}
