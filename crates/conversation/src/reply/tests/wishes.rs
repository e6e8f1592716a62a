//! Replies of which a channel of text asks for more than words.

use super::script::{
    Script, TestTools, ann, calls, careful_conversation, conversation, outcome, read, says, short,
    text, tool, tool_call, whole_text,
};
use crate::{AnswerCheck, Asked, Confirm, HeldCall, ReplyEvent, ReplyOptions, ToolStatus};
use casp_providers::{ChatMessage, ChatOptions, Delta, FinishReason, ToolChoice, ToolSpec, Usage};
use serde_json::json;
use std::sync::Arc;

fn words(words: &str) -> Asked {
    Asked::Words(words.into())
}

fn read_only() -> ReplyOptions {
    ReplyOptions {
        is_only_read: true,
        ..ReplyOptions::default()
    }
}

fn with_weather() -> ReplyOptions {
    ReplyOptions {
        client_tools: vec![ToolSpec {
            name: "weather".into(),
            description: String::new(),
            parameters: json!({"type": "object"}),
        }],
        model: ChatOptions {
            tool_choice: ToolChoice::Required,
            ..ChatOptions::default()
        },
        ..read_only()
    }
}

#[tokio::test]
async fn the_clients_tools_end_the_reply_and_ours_run_first() {
    let both = calls([tool("1", "look", "{}"), tool("2", "weather", "{}")]);
    let llm = Script::new([calls([tool("1", "look", "{}")]), both]);
    let tools: Arc<TestTools> = Arc::default();
    let conversation = conversation(&llm, &tools);
    let mut reply = conversation.reply_to(&ann(), words("My day?"), with_weather());
    reply.allow_writes();
    let events = read(&mut reply).await;
    assert_eq!(
        short(&events),
        [
            "first token",
            "starts look",
            "look succeeded",
            "leaves weather to the client",
            "done"
        ],
        "the second look is the first one again"
    );
    let outcome = outcome(&events);
    assert_eq!(outcome.client_calls, [tool_call("2", "weather", "{}")]);
    assert_eq!(outcome.tool_messages.len(), 4, "calls of ours, answered");
    let choices = llm.requests();
    let choices = choices.iter().map(|request| &request.options.tool_choice);
    assert!(choices.eq([&ToolChoice::Required, &ToolChoice::Auto]));
}

#[tokio::test]
async fn an_answer_that_does_not_pass_is_made_once_more_and_never_seen() {
    let check = AnswerCheck::new(|answer| match answer {
        "right" => Ok("RIGHT".into()),
        other => Err(format!("it says {other}")),
    });
    let options = ReplyOptions {
        check: Some(check),
        ..read_only()
    };
    let llm = Script::new([says("wrong"), says("right"), says("no"), says("nope")]);
    let conversation = conversation(&llm, &Arc::default());
    let mut reply = conversation.reply_to(&ann(), words("?"), options.clone());
    assert_eq!(whole_text(&read(&mut reply).await), "RIGHT");
    let ChatMessage::System { content } = &llm.last_messages()[1] else {
        panic!("a note")
    };
    assert!(content.contains("it says wrong"), "{content}");
    let mut reply = conversation.reply_to(&ann(), words("?"), options);
    let events = read(&mut reply).await;
    assert_eq!(whole_text(&events), "");
    assert!(outcome(&events).refusal.unwrap().contains("it says nope"));
}

#[tokio::test]
async fn an_order_needs_neither_model_nor_question() {
    let llm = Script::new([]);
    let tools: Arc<TestTools> = Arc::default();
    let conversation = careful_conversation(&llm, &tools, Confirm::Writes);
    let order = |to: &str| Asked::Command {
        tool: "send".into(),
        arguments: json!({"to": to}),
    };
    let mut reply = conversation.reply_to(&ann(), order("john"), read_only());
    reply.allow_writes();
    let events = read(&mut reply).await;
    assert_eq!(tools.calls(), [r#"send {"to":"john@example.com"}"#]);
    assert_eq!(
        whole_text(&events),
        r#"{"name":"send","status":"succeeded","result":"send done"}"#
    );
    let mut reply = conversation.reply_to(&ann(), order("nobody"), read_only());
    reply.allow_writes();
    let said = whole_text(&read(&mut reply).await);
    assert!(said.contains("There is no nobody."), "{said}");
}

#[tokio::test]
async fn a_call_that_was_asked_about_in_another_request_runs_on_a_yes() {
    let llm = Script::new([
        calls([tool("1", "send", r#"{"to":"john"}"#)]),
        says("Sent."),
    ]);
    let tools: Arc<TestTools> = Arc::default();
    let first = careful_conversation(&llm, &tools, Confirm::Writes);
    let mut reply = first.reply_to(&ann(), words("Send it to John."), read_only());
    reply.allow_writes();
    let events = read(&mut reply).await;
    assert!(matches!(
        events[events.len() - 2],
        ReplyEvent::ActionFinished {
            status: ToolStatus::NeedsConfirmation,
            ..
        }
    ));
    let held = outcome(&events).held.unwrap();
    let restored = HeldCall::restored(
        held.call().clone(),
        held.arguments().clone(),
        held.question().to_owned(),
        held.speaker().clone(),
    );
    let mut second = careful_conversation(&llm, &tools, Confirm::Writes);
    second.hold(restored);
    let mut reply = second.reply_to(&ann(), words("Yes."), read_only());
    reply.allow_writes();
    assert_eq!(whole_text(&read(&mut reply).await), "Sent.");
    assert_eq!(tools.calls(), [r#"send {"to":"john@example.com"}"#]);
}

#[tokio::test]
async fn what_it_cost_is_told_or_estimated() {
    let told = Usage {
        prompt_tokens: 7,
        completion_tokens: 2,
    };
    let counted = super::script::Answer::Streams(vec![
        text("Yes."),
        Delta::Usage(told),
        Delta::Finish(FinishReason::Length),
    ]);
    let llm = Script::new([counted, says("Yes.")]);
    let conversation = conversation(&llm, &Arc::default());
    let mut reply = conversation.reply_to(&ann(), words("?"), read_only());
    let events = read(&mut reply).await;
    assert_eq!(short(&events), ["first token", "done"], "no clauses");
    let first = outcome(&events);
    assert_eq!((first.usage, first.end), (told, Some(FinishReason::Length)));
    let mut reply = conversation.reply_to(&ann(), words("?"), read_only());
    let second = outcome(&read(&mut reply).await);
    assert_eq!(second.usage.completion_tokens, 1);
    assert!(second.usage.prompt_tokens > 50, "{:?}", second.usage);
}
