//! What people say, as they type it and as speech recognition hears it, and what comes of it.

mod intents;
mod results;
mod talk;
mod wishes;

use super::RuleBased;
use crate::{ChatMessage, ChatRequest, Delta, FinishReason, LanguageModel, ToolCall, ToolSpec};
use futures_util::StreamExt;
use jiff::Timestamp;
use serde_json::json;

pub(super) fn model() -> RuleBased {
    RuleBased::with_clock(|| Timestamp::from_second(1_748_945_100).unwrap()) // 2025-06-03T10:05:00Z
}

pub(super) fn user(text: &str) -> ChatMessage {
    ChatMessage::User {
        content: text.into(),
    }
}

pub(super) fn says(text: &str) -> ChatMessage {
    ChatMessage::Assistant {
        content: text.into(),
        tool_calls: vec![],
    }
}

pub(super) fn called(name: &str, arguments: &str) -> ChatMessage {
    let call = ToolCall {
        id: "1".into(),
        name: name.into(),
        arguments: arguments.into(),
    };
    ChatMessage::Assistant {
        content: String::new(),
        tool_calls: vec![call],
    }
}

pub(super) fn answered(answer: &serde_json::Value) -> ChatMessage {
    ChatMessage::Tool {
        tool_call_id: "1".into(),
        content: answer.to_string(),
    }
}

pub(super) const TOOLS: &[&str] = &[
    "google-calendar__agenda",
    "google-calendar__create",
    "google-calendar__reschedule",
    "google-calendar__cancel",
    "gmail__unread",
    "gmail__send",
    "gmail__search",
    "slack__send",
    "teams__send_chat",
    "google-drive__find",
    "google-drive__search",
    "google-drive__recent",
    "google-drive__summarize",
    "google-drive__upload",
    "call__hang_up",
];

/// The text and the call that a conversation leads to.
pub(super) async fn answer(messages: &[ChatMessage], tools: &[&str]) -> (String, Option<ToolCall>) {
    let spec = |name: &&str| ToolSpec {
        name: (*name).into(),
        description: String::new(),
        parameters: json!({}),
    };
    let request = ChatRequest {
        messages: messages.to_vec(),
        tools: tools.iter().map(spec).collect(),
        ..ChatRequest::default()
    };
    let deltas: Vec<_> = model()
        .chat(request)
        .await
        .unwrap()
        .map(Result::unwrap)
        .collect()
        .await;
    let (mut text, mut call, mut finish) = (String::new(), None, None);
    for delta in deltas {
        assert!(finish.is_none(), "the end is last");
        match delta {
            Delta::Text(word) => {
                assert!(
                    word.split_whitespace().count() == 1,
                    "word by word: {word:?}"
                );
                text.push_str(&word);
            }
            Delta::ToolCall(tool) => call = Some(tool),
            Delta::Usage(_) => {}
            Delta::Finish(reason) => finish = Some(reason),
        }
    }
    let expected = if call.is_some() {
        FinishReason::ToolCalls
    } else {
        FinishReason::Stop
    };
    assert_eq!(finish, Some(expected));
    (text, call)
}

/// What is said to one turn.
pub(super) async fn reply(text: &str) -> String {
    let (text, call) = answer(&[user(text)], TOOLS).await;
    assert_eq!(call, None);
    text
}
