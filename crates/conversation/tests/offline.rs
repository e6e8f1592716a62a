//! The offline default: the rule-based assistant with the tools of an account that has connected nothing.

use casp_conversation::{Assistant, Conversation, NoTools, ReplyEvent, ToolSet, Tools};
use casp_providers::builtin::assistant::RuleBased;
use std::sync::Arc;

fn conversation(tools: Arc<dyn Tools>) -> Conversation {
    let assistant = Assistant::builtin("default")
        .expect("it is built in")
        .clone();
    let now = "2025-06-03T10:05:00Z[UTC]".parse().expect("a time");
    Conversation::new(assistant, Arc::new(RuleBased::new()), tools, now)
}

fn tools() -> Arc<dyn Tools> {
    Arc::new(ToolSet::for_assistant(
        Assistant::builtin("default").expect("it is built in"),
    ))
}

/// Says something, and gives what is spoken and whether the conversation is over.
async fn turn(conversation: &mut Conversation, text: &str) -> (Vec<String>, bool) {
    let mut reply = conversation.reply(text);
    reply.allow_writes();
    let (mut clauses, mut is_over) = (Vec::new(), false);
    while let Some(event) = reply.next().await {
        match event {
            ReplyEvent::Clause(clause) => clauses.push(clause),
            ReplyEvent::HangUp => is_over = true,
            ReplyEvent::Done(outcome) => conversation.commit(outcome),
            ReplyEvent::Failed(error) => panic!("{error}"),
            _ => {}
        }
    }
    (clauses, is_over)
}

#[tokio::test]
async fn asked_for_the_calendar_it_says_that_none_is_connected_and_how_to_connect_one() {
    let (clauses, is_over) = turn(&mut conversation(tools()), "what is on my calendar today").await;
    assert_eq!(
        clauses,
        [
            "No Google Calendar is connected yet.",
            "You can connect one on the Connections page, or in your browser at /v1/oauth/connect/google-calendar.",
        ]
    );
    assert!(!is_over);
    let (clauses, _) = turn(
        &mut conversation(Arc::new(NoTools)),
        "what is on my calendar today",
    )
    .await;
    assert_eq!(
        clauses[0],
        "No Google Calendar is connected to this conversation."
    );
}

#[tokio::test]
async fn a_conversation_goes_from_hello_to_goodbye() {
    let mut conversation = conversation(tools());
    assert_eq!(
        turn(&mut conversation, "hello").await.0,
        ["Hello!", "How can I help you?"]
    );
    assert_eq!(
        turn(&mut conversation, "send a mail").await.0,
        ["Who should get it?"]
    );
    assert_eq!(
        turn(&mut conversation, "John").await.0,
        ["What should it say?"]
    );
    assert_eq!(
        turn(&mut conversation, "we won").await.0[0],
        "No Gmail account is connected yet."
    );
    assert_eq!(
        turn(&mut conversation, "say that again").await.0[0],
        "No Gmail account is connected yet."
    );
    assert_eq!(
        turn(&mut conversation, "goodbye").await,
        (vec!["Goodbye, and have a nice day.".to_owned()], true)
    );
}
