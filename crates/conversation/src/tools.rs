//! Tools: what the model may call, and the registry of CASP's actions as tools.

mod call;
mod hang_up;
mod send_dtmf;
mod set;
#[cfg(test)]
mod testing;
mod transfer;
#[cfg(test)]
mod unconnected;
mod vocabulary;

pub use call::{CallControl, Keys, actions_of_calls, call_actions};
pub use set::ToolSet;
#[cfg(test)]
pub(crate) use unconnected::unconnected;
pub(crate) use vocabulary::is_action_pattern;

use crate::{Prepared, Speaker, ToolKind, ToolOutcome};
use casp_providers::ToolSpec;
use serde_json::Value;

/// What the model may call in one conversation.
#[async_trait::async_trait]
pub trait Tools: Send + Sync + std::fmt::Debug {
    /// The tools to offer to a speaker's model, in a steady order (providers cache by prefix).
    async fn specs(&self, speaker: &Speaker) -> Vec<ToolSpec>;
    /// Whether a tool changes something. Those of unknown kind count as writes.
    fn kind(&self, _name: &str) -> ToolKind {
        ToolKind::Write
    }
    /// Settles what a call asks for, without changing anything; what the user is asked before it runs is in it. `name` is
    /// as in its spec. It may run for a turn that is still a guess.
    async fn prepare(&self, speaker: &Speaker, name: &str, arguments: Value) -> Prepared;
    /// Runs one for a speaker, with the arguments that [`Tools::prepare`] gave. What goes wrong is in the outcome. Dropping
    /// the future stops waiting for it.
    async fn call(&self, speaker: &Speaker, name: &str, arguments: Value) -> ToolOutcome;
}

/// No tools at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTools;

#[async_trait::async_trait]
impl Tools for NoTools {
    async fn specs(&self, _speaker: &Speaker) -> Vec<ToolSpec> {
        Vec::new()
    }
    async fn prepare(&self, _speaker: &Speaker, name: &str, _arguments: Value) -> Prepared {
        Prepared::Refused(no_such_tool(name))
    }
    async fn call(&self, _speaker: &Speaker, name: &str, _arguments: Value) -> ToolOutcome {
        no_such_tool(name)
    }
}

fn no_such_tool(name: &str) -> ToolOutcome {
    ToolOutcome::failed(format!("There is no tool {name}."))
}
