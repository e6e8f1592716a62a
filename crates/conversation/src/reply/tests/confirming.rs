//! Calls that wait for the user's yes.

use super::script::{
    Answer, Script, TestTools, ann, calls, careful_conversation, outcome, read, says, short, text,
    tool, unavailable,
};
use crate::{Confirm, Conversation, ReplyEvent, ReplyOutcome, Speaker, ToolStatus};
use casp_providers::{ChatMessage, ProviderError};
use std::sync::Arc;

const ASKED: [&str; 4] = [
    "first token",
    "says Shall I send {}?",
    "send needs_confirmation",
    "done",
];

/// A turn that is decided at once, told in short; it becomes history.
async fn turn(conversation: &mut Conversation, speaker: &Speaker, text: &str) -> Vec<String> {
    let mut reply = conversation.reply(speaker, text);
    reply.allow_writes();
    let events = read(&mut reply).await;
    conversation.commit(reply.outcome());
    short(&events)
}

fn send() -> Answer {
    calls([tool("1", "send", "{}")])
}

#[tokio::test]
async fn a_tool_may_have_the_last_word() {
    // One request only: the model is not asked what to say.
    let llm = Script::new([calls([tool("1", "pass", "{}")])]);
    let tools: Arc<TestTools> = Arc::default();
    let mut conversation = careful_conversation(&llm, &tools, Confirm::Writes);
    turn(&mut conversation, &ann(), "Put me through.").await;
    assert_eq!(
        turn(&mut conversation, &ann(), "Yes.").await,
        [
            "starts pass",
            "pass succeeded",
            "first token",
            "says One moment, please.",
            "done"
        ]
    );
    assert_eq!(tools.calls(), ["pass {}"]);
    let llm = Script::new([calls([text("Sure."), tool("1", "pass", "{}")])]);
    let mut conversation = careful_conversation(&llm, &tools, Confirm::Never);
    let said = turn(&mut conversation, &ann(), "Put me through.").await;
    assert_eq!(said[1], "says Sure.");
    assert_eq!(said[said.len() - 2..], ["says One moment, please.", "done"]);
}

#[tokio::test]
async fn a_write_runs_after_the_question_and_a_yes() {
    let llm = Script::new([send(), says("It is sent.")]);
    let tools: Arc<TestTools> = Arc::default();
    let mut conversation = careful_conversation(&llm, &tools, Confirm::Writes);
    assert_eq!(turn(&mut conversation, &ann(), "Send it.").await, ASKED);
    assert!(tools.calls().is_empty());
    assert_eq!(
        turn(&mut conversation, &ann(), "Yes, please.").await,
        [
            "starts send",
            "send succeeded",
            "first token",
            "says It is sent.",
            "done"
        ]
    );
    assert_eq!(tools.calls(), ["send {}"]);
    // The model is told both times under an id of its own.
    let ids: Vec<_> = conversation
        .history()
        .turns()
        .iter()
        .filter_map(|message| match message {
            ChatMessage::Tool {
                tool_call_id,
                content,
            } => Some((tool_call_id.as_str(), content.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(
        ids,
        [
            (
                "1",
                r#"{"status":"needs_confirmation","result":"Shall I send {}?"}"#
            ),
            ("send_1", r#"{"status":"succeeded","result":"send done"}"#),
        ]
    );
}

#[tokio::test]
async fn what_was_settled_when_it_was_asked_is_what_runs() {
    let to = |who| calls([tool("1", "send", &format!(r#"{{"to":"{who}"}}"#))]);
    let llm = Script::new([
        to("john"),
        says("Sent."),
        to("nobody"),
        says("Who is that?"),
    ]);
    let tools: Arc<TestTools> = Arc::default();
    let mut conversation = careful_conversation(&llm, &tools, Confirm::Writes);
    let asked = turn(&mut conversation, &ann(), "Send it to John.").await;
    assert_eq!(asked[1], r#"says Shall I send {"to":"john@example.com"}?"#);
    turn(&mut conversation, &ann(), "Yes.").await;
    assert_eq!(tools.calls(), [r#"send {"to":"john@example.com"}"#]);
    let refused = turn(&mut conversation, &ann(), "Send it to nobody.").await;
    assert_eq!(refused[1..3], ["starts send", "send failed"]);
    assert_eq!(tools.calls().len(), 1);
}

#[tokio::test]
async fn the_question_is_all_that_a_guess_does() {
    let llm = Script::new([send()]);
    let tools: Arc<TestTools> = Arc::default();
    let conversation = careful_conversation(&llm, &tools, Confirm::Writes);
    let mut reply = conversation.reply(&ann(), "Send it.");
    let mut events = Vec::new();
    while !matches!(events.last(), Some(ReplyEvent::Clause(_))) {
        events.push(reply.next().await.unwrap());
    }
    tokio::task::yield_now().await;
    drop(reply);
    assert!(tools.calls().is_empty());
    // Nothing was committed: nothing waits.
    let llm = Script::new([says("Hello.")]);
    let mut conversation = careful_conversation(&llm, &tools, Confirm::Writes);
    assert_eq!(
        turn(&mut conversation, &ann(), "yes").await,
        ["first token", "says Hello.", "done"]
    );
}

#[tokio::test]
async fn two_guesses_at_the_same_yes_do_it_once() {
    let llm = Script::new([send(), says("Sent."), says("Sent.")]);
    let tools: Arc<TestTools> = Arc::default();
    let mut conversation = careful_conversation(&llm, &tools, Confirm::Writes);
    turn(&mut conversation, &ann(), "Send it.").await;
    let mut first = conversation.reply(&ann(), "yes");
    let mut second = conversation.reply(&ann(), "yes please");
    for reply in [&mut first, &mut second] {
        reply.allow_writes();
        read(reply).await;
    }
    assert_eq!(tools.calls(), ["send {}"]);
}

#[tokio::test]
async fn no_and_another_topic_drop_it_and_the_model_knows() {
    for text in ["No.", "What is the weather like?"] {
        let llm = Script::new([send(), says("All right."), says("Nothing to do.")]);
        let tools: Arc<TestTools> = Arc::default();
        let mut conversation = careful_conversation(&llm, &tools, Confirm::Writes);
        turn(&mut conversation, &ann(), "Send it.").await;
        turn(&mut conversation, &ann(), text).await;
        let ChatMessage::System { content } = &llm.last_messages()[1] else {
            panic!("no note")
        };
        assert!(content.contains("did not agree to send"), "{content}");
        turn(&mut conversation, &ann(), "yes").await;
        assert!(tools.calls().is_empty(), "{text}");
    }
}

#[tokio::test]
async fn only_who_asked_can_agree() {
    let llm = Script::new([send(), says("Sent.")]);
    let tools: Arc<TestTools> = Arc::default();
    let mut conversation = careful_conversation(&llm, &tools, Confirm::Writes);
    turn(&mut conversation, &ann(), "Send it.").await;
    assert_eq!(
        turn(&mut conversation, &Speaker::stranger("bob"), "Yes!").await,
        [
            "first token",
            "says Only the one who asked for it can agree to that.",
            "says Shall I send {}?",
            "send needs_confirmation",
            "done"
        ]
    );
    assert!(tools.calls().is_empty());
    turn(&mut conversation, &ann(), "Yes!").await;
    assert_eq!(
        tools.calls(),
        ["send {}"],
        "in the name of who asked for it"
    );
}

#[tokio::test]
async fn a_yes_over_the_question_is_answered_with_the_question() {
    let llm = Script::new([send(), says("Sent.")]);
    let tools: Arc<TestTools> = Arc::default();
    let mut conversation = careful_conversation(&llm, &tools, Confirm::Writes);
    let mut reply = conversation.reply(&ann(), "Send it.");
    reply.allow_writes();
    let asked = outcome(&read(&mut reply).await);
    conversation.commit(ReplyOutcome {
        heard: Some("Shall I".into()),
        ..asked
    });
    let again = turn(&mut conversation, &ann(), "Yes.").await;
    assert_eq!(again[2], "says Shall I send {}?");
    assert!(tools.calls().is_empty());
    turn(&mut conversation, &ann(), "Yes.").await;
    assert_eq!(tools.calls(), ["send {}"]);
}

#[tokio::test]
async fn a_yes_to_something_said_since_is_not_taken_for_it() {
    let llm = Script::new([send()]);
    let tools: Arc<TestTools> = Arc::default();
    let mut conversation = careful_conversation(&llm, &tools, Confirm::Writes);
    turn(&mut conversation, &ann(), "Send it.").await;
    conversation.commit_speech("Are you still there?");
    let again = turn(&mut conversation, &ann(), "Yes.").await;
    assert_eq!(again[2], "says Shall I send {}?");
    assert!(tools.calls().is_empty());
}

#[tokio::test]
async fn one_thing_is_asked_at_a_time_and_looking_goes_on() {
    let both = calls([
        text("Let me see."),
        tool("1", "send", r#"{"n":1}"#),
        tool("2", "look", "{}"),
        tool("3", "send", r#"{"n":2}"#),
        tool("4", "leave", "{}"),
    ]);
    let llm = Script::new([both]);
    let tools: Arc<TestTools> = Arc::default();
    let mut conversation = careful_conversation(&llm, &tools, Confirm::Writes);
    assert_eq!(
        turn(&mut conversation, &ann(), "Send both.").await,
        [
            "first token",
            "says Let me see.",
            "starts look",
            "look succeeded",
            r#"says Shall I send {"n":1}?"#,
            "send needs_confirmation",
            "done"
        ]
    );
    assert_eq!(tools.calls(), ["look {}"]);
    let answers = conversation.history().turns().iter();
    let answers = answers.filter(|message| matches!(message, ChatMessage::Tool { .. }));
    assert_eq!(answers.count(), 4, "every call has its answer");
}

#[tokio::test]
async fn the_assistant_says_what_is_confirmed() {
    for (confirm, name, is_asked) in [
        (Confirm::Never, "send", false),
        (Confirm::Never, "look", false),
        (Confirm::Writes, "look", false),
        (Confirm::Writes, "send", true),
        (Confirm::Always, "look", true),
        (Confirm::Always, "send", true),
        // Hanging up is no deed.
        (Confirm::Always, "leave", false),
    ] {
        let llm = Script::new([calls([tool("1", name, "{}")]), says("Well.")]);
        let tools: Arc<TestTools> = Arc::default();
        let mut conversation = careful_conversation(&llm, &tools, confirm);
        turn(&mut conversation, &ann(), "Go.").await;
        assert_eq!(tools.calls().is_empty(), is_asked, "{confirm:?} {name}");
    }
}

#[tokio::test]
async fn a_deed_is_told_of_even_when_the_model_fails() {
    let timeout = ProviderError::Timeout {
        provider: "script".into(),
        phase: "first byte",
    };
    for failure in [
        Answer::Refuses(timeout),
        Answer::Breaks(vec![], unavailable()),
    ] {
        let llm = Script::new([send(), failure]);
        let mut conversation = careful_conversation(&llm, &Arc::default(), Confirm::Writes);
        turn(&mut conversation, &ann(), "Send it.").await;
        let told = turn(&mut conversation, &ann(), "Yes.").await;
        assert_eq!(told[2..], ["first token", "says Done.", "done"]);
    }
}

#[tokio::test]
async fn what_is_asked_is_told_to_whoever_shows_it() {
    let llm = Script::new([send()]);
    let conversation = careful_conversation(&llm, &Arc::default(), Confirm::Writes);
    let mut reply = conversation.reply(&ann(), "Send it.");
    reply.allow_writes();
    let events = read(&mut reply).await;
    let shown = events.iter().find_map(|event| match event {
        ReplyEvent::ActionFinished { status, result, .. } => Some((*status, result.clone())),
        _ => None,
    });
    let question = Some("Shall I send {}?".into());
    assert_eq!(shown, Some((ToolStatus::NeedsConfirmation, question)));
    assert_eq!(
        outcome(&events).held.unwrap().question(),
        "Shall I send {}?"
    );
}
