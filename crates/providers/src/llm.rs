//! Language models.

use crate::{ProviderError, Usage};
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};

/// A message of the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub enum ChatMessage {
    /// Instructions.
    System {
        /// Text.
        content: String,
    },
    /// The user's turn.
    User {
        /// Text.
        content: String,
    },
    /// The assistant's turn: text, tool calls or both.
    Assistant {
        /// Text.
        content: String,
        /// Tool calls.
        tool_calls: Vec<ToolCall>,
    },
    /// What a tool answered.
    Tool {
        /// Which call.
        tool_call_id: String,
        /// JSON or text.
        content: String,
    },
}

/// A call of a tool, complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The provider's id of the call.
    pub id: String,
    /// Name, as offered.
    pub name: String,
    /// Arguments: JSON text as the model wrote it (may be invalid).
    pub arguments: String,
}

/// A tool that is offered to the model.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    /// Name: `[a-zA-Z0-9_-]{1,64}` (providers refuse dots; `google-calendar.agenda` travels as
    /// `google-calendar__agenda`).
    pub name: String,
    /// One sentence for the model.
    pub description: String,
    /// JSON schema of the arguments.
    pub parameters: serde_json::Value,
}

/// A request.
#[derive(Debug, Clone, Default)]
pub struct ChatRequest {
    /// The conversation, oldest first.
    pub messages: Vec<ChatMessage>,
    /// Tools that may be called.
    pub tools: Vec<ToolSpec>,
    /// 0–2.
    pub temperature: Option<f32>,
    /// Limit of the answer.
    pub max_tokens: Option<u32>,
    /// What few conversations ask for.
    pub options: ChatOptions,
}

/// What few conversations ask for. Providers leave out what they don't have.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatOptions {
    /// Of the likeliest tokens, those that make up this share; 0–1.
    pub top_p: Option<f32>,
    /// -2–2.
    pub frequency_penalty: Option<f32>,
    /// -2–2.
    pub presence_penalty: Option<f32>,
    /// For answers that can be had again.
    pub seed: Option<i64>,
    /// The answer ends before any of these.
    pub stop: Vec<String>,
    /// Whether tools are called.
    pub tool_choice: ToolChoice,
    /// False: at most one call an answer.
    pub parallel_tool_calls: Option<bool>,
    /// What the answer looks like.
    pub format: ResponseFormat,
}

/// Whether tools are called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ToolChoice {
    /// As the model likes.
    #[default]
    Auto,
    /// At least one.
    Required,
    /// This one.
    Tool(String),
}

/// What an answer looks like.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum ResponseFormat {
    /// Words.
    #[default]
    Text,
    /// A JSON object.
    JsonObject,
    /// JSON that fits a schema.
    JsonSchema {
        /// What the schema is called: `[a-zA-Z0-9_-]{1,64}`.
        name: String,
        /// What it is for.
        description: Option<String>,
        /// The schema.
        schema: serde_json::Value,
        /// Whether the model is held to it while it writes.
        strict: Option<bool>,
    },
}

/// Why the answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    /// Complete.
    Stop,
    /// Cut at `max_tokens`.
    Length,
    /// The model wants its tool calls answered.
    ToolCalls,
    /// A content filter cut it.
    ContentFilter,
}

/// A piece of the answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Delta {
    /// More text.
    Text(String),
    /// A complete tool call (fragments are put together by the provider).
    ToolCall(ToolCall),
    /// What it cost, where the provider tells: at most once, right before the end.
    Usage(Usage),
    /// The end; exactly one, last. A stream that ends without it has broken off and yields `BadAnswer`.
    Finish(FinishReason),
}

/// The answer as it comes.
pub type ChatStream = BoxStream<'static, Result<Delta, ProviderError>>;

/// A language model.
#[async_trait::async_trait]
pub trait LanguageModel: Send + Sync + std::fmt::Debug {
    /// Short name for logs and metrics.
    fn name(&self) -> &str;
    /// Starts an answer. Returns when the provider accepted the request; dropping the stream cancels it.
    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ProviderError>;
}
