//! Models and tools that fail.

use super::script::{
    Answer, Script, TestTools, ann, calls, conversation, read, short, text, tool, unavailable,
};
use crate::{Assistant, Conversation, Prepared, Speaker, ToolKind, ToolOutcome, Tools};
use casp_providers::{ChatMessage, Delta, FinishReason, ProviderError, ToolSpec};
use serde_json::Value;
use std::sync::Arc;

#[tokio::test]
async fn an_empty_answer_is_a_failure() {
    let llm = Script::new([Answer::Streams(vec![Delta::Finish(FinishReason::Stop)])]);
    let mut reply = conversation(&llm, &Arc::default()).reply(&ann(), "Hello?");
    assert_eq!(
        short(&read(&mut reply).await),
        ["failed: script: bad answer: an empty answer"]
    );
}

#[tokio::test]
async fn a_failure_is_told_at_once_whatever_it_is() {
    for error in [
        unavailable(),
        ProviderError::Unauthorized {
            provider: "script".into(),
            status: 401,
        },
        ProviderError::Timeout {
            provider: "script".into(),
            phase: "first byte",
        },
        ProviderError::RateLimited {
            provider: "script".into(),
            retry_after: None,
        },
    ] {
        let llm = Script::new([Answer::Refuses(error.clone())]);
        let mut conversation = conversation(&llm, &Arc::default());
        let mut reply = conversation.reply(&ann(), "Hello?");
        assert_eq!(short(&read(&mut reply).await), [format!("failed: {error}")]);
        conversation.commit(reply.outcome());
        assert_eq!(
            conversation.history().turns(),
            [ChatMessage::User {
                content: "Hello?".into()
            }]
        );
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_keeps_its_complete_clauses() {
    let llm = Script::new([Answer::Breaks(
        vec![text("It is sunny. "), text("Take an umb")],
        unavailable(),
    )]);
    let mut reply = conversation(&llm, &Arc::default()).reply(&ann(), "Weather?");
    let events = read(&mut reply).await;
    assert_eq!(
        short(&events),
        [
            "first token",
            "says It is sunny.",
            "failed: script: unavailable: 500"
        ]
    );
    let outcome = reply.outcome();
    assert_eq!(
        (outcome.user_text.as_str(), outcome.said.as_str()),
        ("Weather?", "It is sunny.")
    );
}

#[tokio::test]
async fn a_tool_that_panics_fails_the_reply_and_nothing_else() {
    #[derive(Debug)]
    struct Panics;
    #[async_trait::async_trait]
    impl Tools for Panics {
        async fn specs(&self, speaker: &Speaker) -> Vec<ToolSpec> {
            TestTools::default().specs(speaker).await
        }
        fn kind(&self, _name: &str) -> ToolKind {
            ToolKind::Read
        }
        async fn prepare(&self, _speaker: &Speaker, _name: &str, arguments: Value) -> Prepared {
            Prepared::unasked(arguments)
        }
        async fn call(&self, _speaker: &Speaker, _name: &str, _arguments: Value) -> ToolOutcome {
            panic!("a tool's own mistake")
        }
    }
    let llm = Script::new([calls([tool("1", "look", "{}")])]);
    let assistant = Assistant::builtin("default").unwrap().clone();
    let now = "2025-06-03T10:05:00Z[UTC]".parse().unwrap();
    let mut reply = Conversation::new(assistant, llm, Arc::new(Panics), now).reply(&ann(), "Go.");
    assert_eq!(
        short(&read(&mut reply).await),
        [
            "first token",
            "starts look",
            "failed: script: bad answer: the reply broke off"
        ]
    );
}
