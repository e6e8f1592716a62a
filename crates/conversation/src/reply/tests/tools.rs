//! Replies that use tools.

use super::script::{
    Script, TestTools, ann, calls, conversation, outcome, read, says, short, text, tool, tool_call,
    whole_text,
};
use crate::{Assistant, Conversation, ReplyEvent, ReplyOutcome, ToolSet, ToolStatus};
use casp_providers::ChatMessage;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn a_tool_runs_and_the_model_answers_with_its_result() {
    let llm = Script::new([
        calls([
            text("Let me look."),
            tool("1", "look", r#"{"day":"today"}"#),
        ]),
        says("Two events."),
    ]);
    let tools = Arc::default();
    let mut conversation = conversation(&llm, &tools);
    let mut reply = conversation.reply(&ann(), "What's on?");
    let events = read(&mut reply).await;
    assert_eq!(
        short(&events),
        [
            "first token",
            "says Let me look.",
            "starts look",
            "look succeeded",
            "says Two events.",
            "done"
        ]
    );
    assert_eq!(tools.calls(), [r#"look {"day":"today"}"#]);
    assert_eq!(whole_text(&events), "Let me look. Two events.");
    let answer = ChatMessage::Tool {
        tool_call_id: "1".into(),
        content: r#"{"status":"succeeded","result":"look done"}"#.into(),
    };
    assert_eq!(llm.last_messages()[1], answer);
    conversation.commit(outcome(&events));
    let [_, call, result, said] = conversation.history().turns() else {
        panic!()
    };
    let call_1 = tool_call("1", "look", r#"{"day":"today"}"#);
    assert_eq!(
        *call,
        ChatMessage::Assistant {
            content: String::new(),
            tool_calls: vec![call_1]
        }
    );
    assert_eq!(*result, answer);
    assert_eq!(
        *said,
        ChatMessage::Assistant {
            content: "Let me look. Two events.".into(),
            tool_calls: vec![]
        }
    );
}

#[tokio::test]
async fn a_tool_that_writes_waits_until_the_turn_is_decided() {
    let llm = Script::new([
        calls([tool("1", "look", "{}"), tool("2", "send", "{}")]),
        says("Sent."),
    ]);
    let tools: Arc<TestTools> = Arc::default();
    let conversation = conversation(&llm, &tools);
    let mut reply = conversation.reply(&ann(), "Send it.");
    let mut events = Vec::new();
    while events.len() < 3 {
        events.push(reply.next().await.unwrap());
    }
    assert_eq!(
        short(&events),
        ["first token", "starts look", "look succeeded"]
    );
    tokio::task::yield_now().await;
    assert_eq!(tools.calls(), ["look {}"]);
    reply.allow_writes();
    let events = read(&mut reply).await;
    assert_eq!(
        short(&events),
        ["starts send", "send succeeded", "says Sent.", "done"]
    );
    assert_eq!(tools.calls(), ["look {}", "send {}"]);
}

#[tokio::test]
async fn an_interrupted_tool_call_still_has_an_answer_in_the_history() {
    let llm = Script::new([calls([text("One moment."), tool("1", "slow", "{}")])]);
    let mut conversation = conversation(&llm, &Arc::default());
    let mut reply = conversation.reply(&ann(), "Go.");
    while !matches!(reply.next().await, Some(ReplyEvent::ActionStarted { .. })) {}
    let outcome = reply.outcome();
    drop(reply);
    conversation.commit(ReplyOutcome {
        heard: Some("One".into()),
        ..outcome
    });
    let [
        _,
        _,
        ChatMessage::Tool {
            tool_call_id,
            content,
        },
        ChatMessage::Assistant { content: heard, .. },
    ] = conversation.history().turns()
    else {
        panic!()
    };
    assert_eq!(tool_call_id, "1");
    assert!(content.contains("not known whether this was done"));
    assert_eq!(heard, "One");
}

#[tokio::test]
async fn what_the_model_gets_wrong_about_tools_is_told_to_it() {
    let wrong = [
        tool("1", "fly", "{}"),
        tool("2", "look", "{\"day\":"),
        tool("2", "look", "[]"),
    ];
    let llm = Script::new([calls(wrong), says("Sorry.")]);
    let tools: Arc<TestTools> = Arc::default();
    let mut reply = conversation(&llm, &tools).reply(&ann(), "Do it.");
    assert_eq!(
        short(&read(&mut reply).await),
        ["first token", "says Sorry.", "done"]
    );
    assert!(tools.calls().is_empty());
    let [
        ..,
        ChatMessage::Assistant { tool_calls, .. },
        one,
        two,
        three,
    ] = &llm.requests()[1].messages[..]
    else {
        panic!()
    };
    // Servers that read a conversation want valid arguments and one id a call.
    assert_eq!(
        *tool_calls,
        [
            tool_call("1", "fly", "{}"),
            tool_call("2", "look", "{}"),
            tool_call("look_3", "look", "{}")
        ]
    );
    for (answer, id, error) in [
        (one, "1", "There is no tool fly."),
        (two, "2", "The arguments are not a JSON object: {\"day\":"),
        (three, "look_3", "The arguments are not a JSON object: []"),
    ] {
        let content = json!({"status": "failed", "error": error}).to_string();
        let ChatMessage::Tool {
            tool_call_id,
            content: told,
        } = answer
        else {
            panic!("{answer:?}")
        };
        assert_eq!(tool_call_id, id);
        let told: serde_json::Value = serde_json::from_str(told).unwrap();
        assert_eq!(told.to_string(), content);
    }
}

#[tokio::test]
async fn a_model_that_loops_on_a_call_is_stopped() {
    let again = || calls([tool("", "look", r#"{"a":1}"#)]);
    let llm = Script::new([again(), again(), again(), says("Fine.")]);
    let tools: Arc<TestTools> = Arc::default();
    let mut reply = conversation(&llm, &tools).reply(&ann(), "Look.");
    assert_eq!(
        short(&read(&mut reply).await),
        [
            "first token",
            "starts look",
            "look succeeded",
            "says Fine.",
            "done"
        ]
    );
    assert_eq!(tools.calls().len(), 1);
    assert!(llm.requests()[2].tools.len() == 5 && llm.requests()[3].tools.is_empty());
}

#[tokio::test]
async fn rounds_and_calls_are_bounded() {
    // One call a round: eight rounds, then an answer without tools.
    let rounds = (0..8)
        .map(|n| calls([tool("", "look", &format!("{{\"n\":{n}}}"))]))
        .chain([says("Enough.")]);
    let (llm, tools): (_, Arc<TestTools>) = (Script::new(rounds), Arc::default());
    let mut reply = conversation(&llm, &tools).reply(&ann(), "Look.");
    assert_eq!(short(&read(&mut reply).await).last().unwrap(), "done");
    assert_eq!((tools.calls().len(), llm.requests().len()), (8, 9));
    // Twenty calls at once: sixteen run.
    let many = calls((0..20).map(|n| tool("", "look", &format!("{{\"n\":{n}}}"))));
    let (llm, tools): (_, Arc<TestTools>) = (Script::new([many, says("Enough.")]), Arc::default());
    let mut reply = conversation(&llm, &tools).reply(&ann(), "Look.");
    assert_eq!(short(&read(&mut reply).await).last().unwrap(), "done");
    assert_eq!(tools.calls().len(), 16);
    assert!(llm.requests()[1].tools.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_takes_too_long_is_given_up() {
    let llm = Script::new([calls([tool("1", "slow", "{}")]), says("No luck.")]);
    let begin = tokio::time::Instant::now();
    let mut reply = conversation(&llm, &Arc::default()).reply(&ann(), "Go.");
    let events = read(&mut reply).await;
    assert_eq!(
        short(&events),
        [
            "first token",
            "starts slow",
            "slow failed",
            "says No luck.",
            "done"
        ]
    );
    assert_eq!(begin.elapsed().as_secs(), Duration::from_secs(15).as_secs());
}

#[tokio::test]
async fn actions_are_named_with_their_dot() {
    let llm = Script::new([
        calls([tool("1", "google-calendar__agenda", "")]),
        says("No calendar."),
    ]);
    let assistant = Assistant::builtin("default").unwrap().clone();
    let tools = Arc::new(ToolSet::for_assistant(
        &assistant,
        crate::tools::unconnected(),
    ));
    let now = "2025-06-03T10:05:00Z[UTC]".parse().unwrap();
    let mut reply = Conversation::new(assistant, llm, tools, now).reply(&ann(), "What's on?");
    let events = read(&mut reply).await;
    assert!(
        matches!(&events[1], ReplyEvent::ActionStarted { name } if name == "google-calendar.agenda")
    );
    let ReplyEvent::ActionFinished {
        name,
        status,
        error,
        result,
    } = &events[2]
    else {
        panic!()
    };
    assert_eq!(
        (name.as_str(), *status, result),
        ("google-calendar.agenda", ToolStatus::Failed, &None)
    );
    assert!(
        error
            .as_ref()
            .unwrap()
            .contains("No google-calendar is connected")
    );
}

#[tokio::test]
async fn a_call_that_was_cut_before_it_began_was_not_done() {
    let llm = Script::new([calls([tool("1", "send", "{}")])]);
    let mut reply = conversation(&llm, &Arc::default()).reply(&ann(), "Send it.");
    assert!(matches!(reply.next().await, Some(ReplyEvent::FirstToken)));
    while reply.outcome().tool_messages.is_empty() {
        tokio::task::yield_now().await;
    }
    let outcome = reply.outcome();
    let [_, ChatMessage::Tool { content, .. }] = &outcome.tool_messages[..] else {
        panic!("{outcome:?}")
    };
    assert!(content.contains("before this was done"), "{content}");
}
