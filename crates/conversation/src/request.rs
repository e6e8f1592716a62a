//! What a channel of text may ask for beyond the words: for one reply alone.

use casp_providers::{ChatOptions, ToolSpec};
use serde_json::Value;
use std::{fmt, sync::Arc};

/// What is to be replied to.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// The user's words.
    Words(String),
    /// Nothing new: the conversation goes on where it stands, as after a tool's answer.
    Nothing,
    /// A tool is to be called, by code and not by a model; what it answers is the reply. Who gives such an order needs
    /// no asking back.
    Command {
        /// As in its spec.
        tool: String,
        /// An object.
        arguments: Value,
    },
}

/// Wishes for one reply.
#[derive(Debug, Clone, Default)]
pub struct ReplyOptions {
    /// Instead of the assistant's.
    pub temperature: Option<f32>,
    /// Limit of each answer of the model.
    pub max_tokens: Option<u32>,
    /// Passed on to the model.
    pub model: ChatOptions,
    /// Tools that the client runs: the reply ends where the model calls one
    /// ([`ReplyEvent::ClientCalls`](crate::ReplyEvent::ClientCalls)).
    pub client_tools: Vec<ToolSpec>,
    /// Nothing of it is spoken: it comes as text, without clauses.
    pub is_only_read: bool,
    /// The model gets no tools at all.
    pub is_without_tools: bool,
    /// What the whole answer must pass before anything of it is given out. One that does not is made once more.
    pub check: Option<AnswerCheck>,
}

/// Judges a whole answer: what to give out of it, or what is wrong with it, in words for the model.
#[derive(Clone)]
pub struct AnswerCheck(Arc<Judge>);

type Judge = dyn Fn(&str) -> Result<String, String> + Send + Sync;

impl AnswerCheck {
    /// By a function of the answer.
    pub fn new(judge: impl Fn(&str) -> Result<String, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(judge))
    }

    pub(crate) fn judge(&self, answer: &str) -> Result<String, String> {
        (self.0)(answer)
    }
}

impl fmt::Debug for AnswerCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnswerCheck")
    }
}
