//! Answers, guesses and goodbyes.

use super::script::{
    Answer, Script, TestTools, ann, calls, conversation, outcome, read, says, short, text, tool,
    whole_text,
};
use crate::{ReplyEvent, ReplyOutcome};
use casp_providers::{ChatMessage, Delta, ProviderError};
use std::sync::Arc;

#[tokio::test]
async fn an_answer_comes_as_text_and_as_clauses_and_is_history_when_committed() {
    let llm = Script::new([says("**Yes.** It is sunny. Enjoy!")]);
    let mut conversation = conversation(&llm, &Arc::default());
    conversation.commit_speech("Hello.");
    let mut reply = conversation.reply(&ann(), "Is it sunny?");
    let events = read(&mut reply).await;
    assert_eq!(
        short(&events),
        [
            "first token",
            "says Yes.",
            "says It is sunny.",
            "says Enjoy!",
            "done"
        ]
    );
    assert_eq!(whole_text(&events), "**Yes.** It is sunny. Enjoy!");
    let outcome = outcome(&events);
    assert_eq!(outcome.said, whole_text(&events));
    assert!(reply.next().await.is_none());
    assert_eq!(
        conversation.history().turns().len(),
        1,
        "a reply leaves the history alone"
    );

    conversation.commit(outcome);
    let [.., user, assistant] = conversation.history().turns() else {
        panic!()
    };
    assert_eq!(
        *user,
        ChatMessage::User {
            content: "Is it sunny?".into()
        }
    );
    assert_eq!(
        *assistant,
        ChatMessage::Assistant {
            content: whole_text(&events),
            tool_calls: vec![]
        }
    );
    let request = &llm.requests()[0];
    assert_eq!(request.temperature, Some(0.5));
    assert_eq!(request.tools.len(), 5);
    assert_eq!(request.messages.len(), 3);
}

#[tokio::test]
async fn of_a_cut_answer_only_what_was_heard_becomes_history() {
    let llm = Script::new([says("One two three. Four five six.")]);
    let mut conversation = conversation(&llm, &Arc::default());
    let mut reply = conversation.reply(&ann(), "Count.");
    let events = read(&mut reply).await;
    conversation.commit(ReplyOutcome {
        heard: Some("One two".into()),
        ..outcome(&events)
    });
    let heard = ChatMessage::Assistant {
        content: "One two".into(),
        tool_calls: vec![],
    };
    assert_eq!(conversation.history().turns().last(), Some(&heard));
    conversation.commit(ReplyOutcome {
        heard: Some(String::new()),
        ..outcome(&events)
    });
    let user = ChatMessage::User {
        content: "Count.".into(),
    };
    assert_eq!(conversation.history().turns(), [user.clone(), heard, user]);
}

#[tokio::test]
async fn a_guess_that_is_dropped_never_writes_and_lets_go_of_the_model() {
    let llm = Script::new([
        calls([tool("1", "send", "{}")]),
        Answer::Stalls(vec![Delta::Text("Well".into())]),
    ]);
    let tools: Arc<TestTools> = Arc::default();
    let conversation = conversation(&llm, &tools);
    let mut reply = conversation.reply(&ann(), "Send it.");
    assert!(matches!(reply.next().await, Some(ReplyEvent::FirstToken)));
    drop(reply);
    let mut reply = conversation.reply(&ann(), "Or not.");
    assert!(matches!(reply.next().await, Some(ReplyEvent::FirstToken)));
    assert_eq!(llm.open_streams(), 1);
    drop(reply);
    // The aborted task is dropped when the runtime next runs it.
    while llm.open_streams() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(tools.calls().is_empty());
    assert!(conversation.history().turns().is_empty());
}

#[tokio::test]
async fn hanging_up_comes_after_the_goodbye() {
    // Said with the call: no further round.
    let llm = Script::new([calls([text("Goodbye!"), tool("1", "leave", "{}")])]);
    let mut reply = conversation(&llm, &Arc::default()).reply(&ann(), "Bye.");
    reply.allow_writes();
    let expected = [
        "first token",
        "says Goodbye!",
        "starts leave",
        "leave succeeded",
        "hangs up",
        "done",
    ];
    assert_eq!(short(&read(&mut reply).await), expected);
    // Not said yet: one round for it, without tools.
    let llm = Script::new([calls([tool("1", "leave", "{}")]), says("See you.")]);
    let mut reply = conversation(&llm, &Arc::default()).reply(&ann(), "Bye.");
    reply.allow_writes();
    let expected = [
        "first token",
        "starts leave",
        "leave succeeded",
        "says See you.",
        "hangs up",
        "done",
    ];
    assert_eq!(short(&read(&mut reply).await), expected);
    assert!(llm.requests()[1].tools.is_empty());
    // The model fails at it: the words are there all the same.
    let timeout = ProviderError::Timeout {
        provider: "script".into(),
        phase: "first byte",
    };
    let llm = Script::new([calls([tool("1", "leave", "{}")]), Answer::Refuses(timeout)]);
    let mut reply = conversation(&llm, &Arc::default()).reply(&ann(), "Bye.");
    reply.allow_writes();
    let events = read(&mut reply).await;
    assert_eq!(short(&events)[3..], ["says Goodbye.", "hangs up", "done"]);
    assert_eq!(outcome(&events).said, "Goodbye.");
}

#[tokio::test]
async fn an_answer_without_end_is_ended() {
    let endless = Answer::Streams((0..20_000).map(|_| text("word. ")).collect());
    let llm = Script::new([endless]);
    let mut reply = conversation(&llm, &Arc::default()).reply(&ann(), "Talk.");
    let said = outcome(&read(&mut reply).await).said;
    assert!((32_000..32_100).contains(&said.len()), "{}", said.len());
}
