//! The answer, whole or in chunks, in OpenAI's words.

use super::run::{ActionReport, End, Piece, Run};
use crate::{clock::now_ms, openai::error::OpenAiError};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use casp_providers::{ToolCall, Usage};
use serde::Serialize;
use utoipa::ToSchema;

/// A chat completion.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatCompletion {
    #[schema(example = "chatcmpl-0b8f2c6e5d1f4a9e8c7b6a5d4e3f2a1b")]
    id: String,
    /// `chat.completion`
    object: &'static str,
    /// Unix seconds.
    created: i64,
    #[schema(example = "casp-realtime")]
    model: &'static str,
    /// One.
    choices: [Choice; 1],
    usage: TokenUsage,
    service_tier: &'static str,
    #[schema(value_type = Option<String>)]
    system_fingerprint: (),
    casp: CaspReport,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatChoice)]
pub(crate) struct Choice {
    index: u32,
    message: AnswerMessage,
    #[schema(value_type = Option<Object>)]
    logprobs: (),
    /// `stop`, `length`, `tool_calls`, `content_filter`
    finish_reason: &'static str,
}

/// What the assistant says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatAnswerMessage)]
pub(crate) struct AnswerMessage {
    /// `assistant`
    role: &'static str,
    content: Option<String>,
    /// Why there is no answer of the form that was asked for.
    refusal: Option<String>,
    /// Tools that the client is to run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<CallView>,
    #[schema(value_type = Vec<Object>)]
    annotations: [(); 0],
}

/// A tool that the client is to run.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ChatAnswerCall)]
pub(crate) struct CallView {
    id: String,
    /// `function`
    r#type: &'static str,
    function: FunctionView,
}

/// What to call, and with what.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ChatAnswerFunction)]
pub(crate) struct FunctionView {
    name: String,
    /// JSON, as the model wrote it.
    arguments: String,
}

/// Tokens of the models that made the answer; estimated where a provider does not tell.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct TokenUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

/// OpenAI's break-down.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[schema(as = ChatPromptDetails)]
pub(crate) struct PromptDetails {
    cached_tokens: u64,
    audio_tokens: u64,
}

/// OpenAI's break-down.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[allow(clippy::struct_field_names, reason = "the names are OpenAI's")]
#[schema(as = ChatCompletionDetails)]
pub(crate) struct CompletionDetails {
    reasoning_tokens: u64,
    audio_tokens: u64,
    accepted_prediction_tokens: u64,
    rejected_prediction_tokens: u64,
}

/// What CASP did.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct CaspReport {
    /// Each action that was executed, in order.
    pub(super) actions: Vec<ActionReport>,
}

impl ChatCompletion {
    /// Reads a reply to its end.
    pub(super) async fn of(mut run: Run, model: &'static str) -> Result<Self, OpenAiError> {
        let mut text = String::new();
        let (mut refusal, mut calls) = (None, Vec::new());
        let mut end = None;
        while let Some(piece) = run.next().await? {
            match piece {
                Piece::Text(more) => text.push_str(&more),
                Piece::Calls(more) => calls = more,
                Piece::Refusal(why) => refusal = Some(why),
                Piece::End(last) => end = Some(last),
            }
        }
        let end = end.unwrap_or(End {
            reason: "stop",
            usage: Usage::default(),
            actions: Vec::new(),
        });
        let has_other = refusal.is_some() || !calls.is_empty();
        let message = AnswerMessage {
            role: "assistant",
            content: (!text.is_empty() || !has_other).then_some(text),
            refusal,
            tool_calls: calls.into_iter().map(CallView::from).collect(),
            annotations: [],
        };
        Ok(Self {
            id: new_id(),
            object: "chat.completion",
            created: now_s(),
            model,
            choices: [Choice {
                index: 0,
                message,
                logprobs: (),
                finish_reason: end.reason,
            }],
            usage: end.usage.into(),
            service_tier: "default",
            system_fingerprint: (),
            casp: CaspReport {
                actions: end.actions,
            },
        })
    }
}

impl IntoResponse for ChatCompletion {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

impl From<ToolCall> for CallView {
    fn from(call: ToolCall) -> Self {
        Self {
            id: call.id,
            r#type: "function",
            function: FunctionView {
                name: call.name,
                arguments: call.arguments,
            },
        }
    }
}

impl From<Usage> for TokenUsage {
    fn from(usage: Usage) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            total_tokens: usage.prompt_tokens + usage.completion_tokens,
            prompt_tokens_details: PromptDetails::default(),
            completion_tokens_details: CompletionDetails::default(),
        }
    }
}

/// `chatcmpl-…`
pub(super) fn new_id() -> String {
    format!("chatcmpl-{}", hex::encode(rand::random::<[u8; 16]>()))
}

pub(super) fn now_s() -> i64 {
    now_ms() / 1_000
}
