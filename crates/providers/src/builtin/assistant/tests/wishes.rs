//! Wishes become calls of tools.

use super::{TOOLS, answer, says, user};
use serde_json::json;

#[tokio::test]
async fn wishes_become_calls_with_their_arguments() {
    for (text, name, arguments) in [
        (
            "What's on my calendar today?",
            "google-calendar__agenda",
            json!({"when": "today"}),
        ),
        (
            "what is a my calendar",
            "google-calendar__agenda",
            json!({"when": "today"}),
        ),
        (
            "what is my schedule for this week",
            "google-calendar__agenda",
            json!({"when": "this week"}),
        ),
        (
            "Create a meeting tomorrow at 6 PM",
            "google-calendar__create",
            json!({"title": "Meeting", "when": "tomorrow at 6 PM"}),
        ),
        (
            "Move my 3 PM meeting to 4 PM",
            "google-calendar__reschedule",
            json!({"event": "3 PM meeting", "when": "4 PM"}),
        ),
        (
            "move my three pm meeting two four pm",
            "google-calendar__reschedule",
            json!({"event": "three pm meeting", "when": "four pm"}),
        ),
        (
            "Cancel my call with Anil",
            "google-calendar__cancel",
            json!({"event": "call with Anil"}),
        ),
        ("Read my unread messages", "gmail__unread", json!({})),
        (
            "Find conversations with Alice",
            "gmail__search",
            json!({"query": "Alice"}),
        ),
        (
            "Send a mail to John about the meeting",
            "gmail__send",
            json!({"to": "John", "subject": "the meeting", "body": "This is about the meeting."}),
        ),
        (
            "send a message to Ramesh on Slack saying I'm late",
            "slack__send",
            json!({"to": "Ramesh", "text": "I'm late"}),
        ),
        (
            "find the budget file in my drive",
            "google-drive__find",
            json!({"name": "budget"}),
        ),
        (
            "Search drive for PDF invoices",
            "google-drive__search",
            json!({"query": "PDF invoices"}),
        ),
        (
            "Summarize the file I last opened",
            "google-drive__summarize",
            json!({"name": "file I last opened"}),
        ),
        ("show my recent files", "google-drive__recent", json!({})),
        (
            "save a file called ideas in my drive saying buy wind",
            "google-drive__upload",
            json!({"name": "ideas", "text": "Buy wind"}),
        ),
    ] {
        let (said, call) = answer(&[user(text)], TOOLS).await;
        let call = call.unwrap_or_else(|| panic!("{text}: {said}"));
        assert_eq!((call.name.as_str(), said.as_str()), (name, ""), "{text}");
        let given: serde_json::Value = serde_json::from_str(&call.arguments).unwrap();
        assert_eq!(given, arguments, "{text}");
    }
}

#[tokio::test]
async fn what_is_missing_is_asked_for_and_put_together() {
    let mut talk = vec![user("Send a mail")];
    for (question, reply) in [
        ("Who should get it?", "to John"),
        ("What should it say?", "I will be late"),
    ] {
        let (said, call) = answer(&talk, TOOLS).await;
        assert_eq!((said.as_str(), call), (question, None));
        talk.extend([says(&said), user(reply)]);
    }
    let (_, call) = answer(&talk, TOOLS).await;
    let call = call.unwrap();
    assert_eq!(call.name, "gmail__send");
    assert_eq!(call.arguments, r#"{"body":"I will be late","to":"John"}"#);

    let mut talk = vec![user("Upload a file to my drive")];
    for (question, reply) in [
        ("What should I call the file?", "ideas"),
        ("What should it say?", "buy wind"),
    ] {
        let (said, call) = answer(&talk, TOOLS).await;
        assert_eq!((said.as_str(), call), (question, None));
        talk.extend([says(&said), user(reply)]);
    }
    let (_, call) = answer(&talk, TOOLS).await;
    assert_eq!(
        call.unwrap().arguments,
        r#"{"name":"ideas","text":"Buy wind"}"#
    );
    // Where texts cannot be searched, names can.
    let search = [user("search my drive for invoices")];
    let (_, call) = answer(&search, &["google-drive__find"]).await;
    assert_eq!(call.unwrap().arguments, r#"{"name":"invoices"}"#);

    let when = answer(
        &[
            user("Create a meeting"),
            says("When should it be?"),
            user("tomorrow at noon"),
        ],
        TOOLS,
    )
    .await;
    assert_eq!(
        when.1.unwrap().arguments,
        r#"{"title":"Meeting","when":"tomorrow at noon"}"#
    );
    // Who changes their mind is not held to the question.
    let (said, call) = answer(
        &[
            user("Create a meeting"),
            says("When should it be?"),
            user("never mind"),
        ],
        TOOLS,
    )
    .await;
    assert_eq!(
        (said.as_str(), call),
        ("All right. Let me know if you need anything.", None)
    );
}

#[tokio::test]
async fn a_goodbye_is_said_and_the_call_is_ended() {
    let (said, call) = answer(&[user("Goodbye")], TOOLS).await;
    assert_eq!(
        (said.as_str(), call.unwrap().name.as_str()),
        ("Goodbye, and have a nice day.", "call__hang_up")
    );
    let (said, call) = answer(&[user("Goodbye")], &[]).await;
    assert_eq!(
        (said.as_str(), call),
        ("Goodbye, and have a nice day.", None)
    );
}
