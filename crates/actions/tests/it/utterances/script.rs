//! A model as models are: it calls tools with the user's words, and tells what they answered.

use super::table::Row;
use casp_providers::{
    ChatMessage, ChatRequest, ChatStream, Delta, FinishReason, LanguageModel, ProviderError,
    ToolCall,
};
use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use std::{collections::VecDeque, sync::Mutex};

/// Calls that a model makes, one a turn.
#[derive(Debug)]
pub(super) struct Script {
    calls: Mutex<VecDeque<Option<(String, Value)>>>,
    /// What it says where it calls nothing.
    question: String,
}

impl Script {
    pub(super) fn of(row: &Row) -> Self {
        Self {
            calls: Mutex::new(row.calls().into()),
            question: row.says().unwrap_or("All right.").to_owned(),
        }
    }
}

impl Script {
    /// The call of this turn, or words.
    fn called(&self, request: &ChatRequest) -> Delta {
        let call = self.calls.lock().unwrap().pop_front().flatten();
        let Some((name, arguments)) = call else {
            return Delta::Text(self.question.clone());
        };
        let is_offered = request.tools.iter().any(|tool| tool.name == name);
        assert!(is_offered, "the default assistant has no {name}");
        Delta::ToolCall(ToolCall {
            id: String::new(),
            name,
            arguments: arguments.to_string(),
        })
    }
}

#[async_trait::async_trait]
impl LanguageModel for Script {
    fn name(&self) -> &'static str {
        "script"
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ProviderError> {
        let answer = if let Some(ChatMessage::Tool { content, .. }) = request.messages.last() {
            Delta::Text(told(content))
        } else {
            self.called(&request)
        };
        let end = match &answer {
            Delta::ToolCall(_) => FinishReason::ToolCalls,
            _ => FinishReason::Stop,
        };
        Ok(stream::iter([Ok(answer), Ok(Delta::Finish(end))]).boxed())
    }
}

/// What a tool answered, in words.
fn told(content: &str) -> String {
    let answer: Value = serde_json::from_str(content).unwrap();
    let words = [&answer["error"], &answer["result"]["spoken"]];
    let words = words.into_iter().find_map(Value::as_str);
    words.unwrap_or("Done.").to_owned()
}
