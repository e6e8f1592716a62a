//! The body of `POST /v1/chat/completions`, as OpenAI describes it. What is not named here is ignored, as by others
//! who speak this API.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A request for a chat completion.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "model": "casp-realtime",
    "messages": [{"role": "user", "content": "What is on my calendar today?"}],
    "user": "user@company.com",
    "metadata": {"assistant": "default"}
}))]
pub(crate) struct ChatCompletionRequest {
    /// `casp-realtime`
    #[schema(example = "casp-realtime")]
    pub(super) model: String,
    /// The conversation so far, oldest first.
    pub(super) messages: Vec<Message>,
    /// Chunks as server-sent events, as they are made.
    #[serde(default)]
    pub(super) stream: Option<bool>,
    #[serde(default)]
    pub(super) stream_options: Option<StreamOptions>,
    /// 0 to 2; instead of the assistant's own.
    #[serde(default)]
    pub(super) temperature: Option<f32>,
    /// 0 to 1.
    #[serde(default)]
    pub(super) top_p: Option<f32>,
    /// The old name of `max_completion_tokens`.
    #[serde(default)]
    pub(super) max_tokens: Option<u32>,
    #[serde(default)]
    pub(super) max_completion_tokens: Option<u32>,
    /// A text or up to four, before which the answer ends.
    #[serde(default)]
    pub(super) stop: Option<Stop>,
    /// -2 to 2.
    #[serde(default)]
    pub(super) frequency_penalty: Option<f32>,
    /// -2 to 2.
    #[serde(default)]
    pub(super) presence_penalty: Option<f32>,
    #[serde(default)]
    pub(super) seed: Option<i64>,
    #[serde(default)]
    pub(super) response_format: Option<Format>,
    /// Tools that the client runs itself; they stand beside the actions of the assistant.
    #[serde(default)]
    pub(super) tools: Option<Vec<Tool>>,
    /// `none` (also no actions), `auto`, `required`, one tool, or `allowed_tools`.
    #[serde(default)]
    pub(super) tool_choice: Option<Choice>,
    #[serde(default)]
    pub(super) parallel_tool_calls: Option<bool>,
    /// The end user, whose connections the actions use (their resource); without it, the account itself.
    #[serde(default)]
    #[schema(example = "user@company.com")]
    pub(super) user: Option<String>,
    /// `assistant` names the assistant; `default` without it. The rest is yours.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(super) metadata: Option<BTreeMap<String, Value>>,
    /// 1
    #[serde(default)]
    pub(super) n: Option<u32>,
    /// False: there are none.
    #[serde(default)]
    pub(super) logprobs: Option<bool>,
    /// Text alone.
    #[serde(default)]
    pub(super) modalities: Option<Vec<String>>,
    #[serde(default)]
    #[schema(ignore)]
    pub(super) logit_bias: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    #[schema(ignore)]
    pub(super) functions: Option<Value>,
    #[serde(default)]
    #[schema(ignore)]
    pub(super) function_call: Option<Value>,
}

/// A message of the conversation.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ChatMessage)]
pub(crate) struct Message {
    pub(super) role: Role,
    /// Text, or parts of it.
    #[serde(default)]
    pub(super) content: Option<Content>,
    /// Of an assistant that would not answer.
    #[serde(default)]
    pub(super) refusal: Option<String>,
    /// Of an assistant: the calls it made.
    #[serde(default)]
    pub(super) tool_calls: Option<Vec<Call>>,
    /// Of a tool: which call it answers.
    #[serde(default)]
    pub(super) tool_call_id: Option<String>,
}

/// Whose message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ChatRole)]
pub(crate) enum Role {
    /// Instructions, as `developer`.
    System,
    /// Instructions, beside the assistant's own.
    Developer,
    /// The end user.
    User,
    /// The assistant.
    Assistant,
    /// A tool of the client's.
    Tool,
}

/// Text, or parts of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ChatContent)]
pub(crate) enum Content {
    /// Text.
    Text(String),
    /// Parts: of type `text` (or `refusal`).
    Parts(Vec<Part>),
}

/// A part of a message.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ChatContentPart)]
pub(crate) struct Part {
    /// `text`
    #[schema(example = "text")]
    pub(super) r#type: String,
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) refusal: Option<String>,
}

/// A call that the assistant made.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ChatToolCall)]
pub(crate) struct Call {
    pub(super) id: String,
    pub(super) function: CalledFunction,
}

/// What was called.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ChatCalledFunction)]
pub(crate) struct CalledFunction {
    pub(super) name: String,
    /// JSON.
    #[serde(default)]
    pub(super) arguments: String,
}

/// What belongs to a stream.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ChatStreamOptions)]
pub(crate) struct StreamOptions {
    /// A last chunk tells the tokens.
    #[serde(default)]
    pub(super) include_usage: Option<bool>,
}

/// Where the answer ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ChatStop)]
pub(crate) enum Stop {
    /// Before this.
    One(String),
    /// Before any of these.
    Many(Vec<String>),
}

/// The form of the answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = ChatResponseFormat)]
pub(crate) enum Format {
    /// Words.
    Text,
    /// A JSON object.
    JsonObject,
    /// JSON that fits a schema.
    JsonSchema {
        /// The schema.
        json_schema: JsonSchema,
    },
}

/// A schema for the answer.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ChatJsonSchema)]
pub(crate) struct JsonSchema {
    #[schema(example = "event")]
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    /// JSON Schema, without references to elsewhere.
    #[serde(default)]
    pub(super) schema: Option<Value>,
    #[serde(default)]
    pub(super) strict: Option<bool>,
}

/// A tool of the client's.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ChatTool)]
pub(crate) struct Tool {
    /// `function`
    #[schema(example = "function")]
    pub(super) r#type: String,
    #[serde(default)]
    pub(super) function: Option<Function>,
}

/// A function that can be called.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ChatFunction)]
pub(crate) struct Function {
    #[schema(example = "get_weather")]
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    /// JSON Schema of its arguments.
    #[serde(default)]
    pub(super) parameters: Option<Value>,
}

/// Whether tools are called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ChatToolChoice)]
pub(crate) enum Choice {
    /// `none`, `auto` or `required`
    Mode(String),
    /// One tool, or some.
    Tools(ChosenTools),
}

/// One tool, or some.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ChatChosenTools)]
pub(crate) struct ChosenTools {
    /// `function` or `allowed_tools`
    pub(super) r#type: String,
    #[serde(default)]
    pub(super) function: Option<NamedFunction>,
    #[serde(default)]
    pub(super) allowed_tools: Option<AllowedTools>,
}

/// A function by its name.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ChatNamedFunction)]
pub(crate) struct NamedFunction {
    pub(super) name: String,
}

/// The tools of this request alone.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ChatAllowedTools)]
pub(crate) struct AllowedTools {
    /// `auto` or `required`
    #[serde(default)]
    pub(super) mode: Option<String>,
    pub(super) tools: Vec<AllowedTool>,
}

/// One of them.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ChatAllowedTool)]
pub(crate) struct AllowedTool {
    #[serde(default)]
    pub(super) function: Option<NamedFunction>,
}
