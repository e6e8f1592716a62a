//! What every action is.

use crate::{ActionName, Speaker, ToolOutcome};
use serde::Deserialize;
use serde_json::Value;

/// Whether an action changes something outside the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolKind {
    /// It only looks; it may run for a turn that is still a guess.
    Read,
    /// It changes something; it waits for the turn to be decided.
    Write,
}

/// What became of a call before anything is changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Prepared {
    /// It can run, with exactly these arguments.
    Ready {
        /// What [`Action::run`] gets: an object in which names and times are settled.
        arguments: Value,
        /// What the user is asked first where writes are confirmed, complete, in words that leave no doubt about what
        /// will be done: "Shall I send “we won” to John Doe at john@example.com?". `None` for what needs nobody's yes:
        /// it only looks, or only ends the conversation.
        question: Option<String>,
    },
    /// It cannot be done as it was asked for; the outcome says why, or what to ask back ("Which Anil do you mean?").
    Refused(ToolOutcome),
}

impl Prepared {
    /// Ready, and nobody is asked.
    pub fn unasked(arguments: Value) -> Self {
        Self::Ready {
            arguments,
            question: None,
        }
    }
}

/// Something the agent can do.
#[async_trait::async_trait]
pub trait Action: Send + Sync + std::fmt::Debug {
    /// Its name.
    fn name(&self) -> &ActionName;
    /// One sentence for the model.
    fn description(&self) -> &str;
    /// JSON schema of its arguments (an object).
    fn parameters(&self) -> Value;
    /// Whether it changes something.
    fn kind(&self) -> ToolKind;
    /// Settles what was asked for: reads the arguments (an object; whether it fits the schema is seen here), looks up the
    /// names, times and things they speak of. Changes nothing, and may be called for a turn that is still a guess.
    async fn prepare(&self, _speaker: &Speaker, arguments: Value) -> Prepared {
        Prepared::unasked(arguments)
    }
    /// Does it for a speaker, with the arguments that [`Action::prepare`] gave.
    async fn run(&self, speaker: &Speaker, arguments: Value) -> ToolOutcome;
}
