//! What tools found is told.

use super::{TOOLS, answer, answered, called, user};
use serde_json::json;

#[tokio::test]
async fn without_a_connection_it_says_how_to_connect() {
    let result = json!({
        "status": "failed",
        "error": "No Google Calendar is connected.",
        "connect": "/v1/oauth/connect/google-calendar",
    });
    let talk = [
        user("what is on my calendar today"),
        called("google-calendar__agenda", "{}"),
        answered(&result),
    ];
    let (said, call) = answer(&talk, TOOLS).await;
    assert_eq!(call, None);
    assert_eq!(
        said,
        "No Google Calendar is connected yet. You can connect one at /v1/oauth/connect/google-calendar."
    );
    // Without the tool, and for a provider that was named.
    let (said, _) = answer(&[user("what is on my calendar today")], &[]).await;
    assert!(
        said.starts_with(
            "No Google Calendar is connected to this conversation. You can connect one"
        ),
        "{said}"
    );
    let (said, _) = answer(&[user("read my outlook mail")], TOOLS).await;
    assert!(
        said.starts_with("No Outlook account is connected") && said.ends_with("/connect/outlook."),
        "{said}"
    );
}

#[tokio::test]
async fn results_are_told_in_words() {
    for (tool, result, expected) in [
        (
            "google-calendar__agenda",
            json!({"status": "succeeded", "result": []}),
            "You have nothing on your calendar.",
        ),
        (
            "google-calendar__agenda",
            json!({"status": "succeeded", "result": {"events": [{"title": "Lunch", "start": "2025-06-03T12:30:00Z"}]}}),
            "You have 1 event: Lunch, at 12:30 PM.",
        ),
        (
            "gmail__unread",
            json!({"status": "succeeded", "result": [{"subject": "A", "from": "Ann"}, "B", "C", "D"]}),
            "You have 4 unread messages. The first are: A, from Ann; B; C.",
        ),
        (
            "gmail__unread",
            json!({"status": "succeeded", "result": {"messages": [{
                "subject": {"untrusted_text": "A"},
                "from": {"untrusted_text": "Ann"},
                "when": "Thursday, May 28 at 6 PM",
            }]}}),
            "You have 1 unread message: A, from Ann, Thursday, May 28 at 6 PM.",
        ),
        (
            "gmail__send",
            json!({"status": "succeeded", "result": {"id": 1}}),
            "Done. Your message is sent.",
        ),
        (
            "google-drive__find",
            json!({"status": "succeeded"}),
            "I found no such file.",
        ),
        (
            "onedrive__search",
            json!({"status": "succeeded", "result": {"files": [{"name": "May.pdf", "id": "1"}], "spoken": "x"}}),
            "You have 1 file: May.pdf.",
        ),
        (
            "google-drive__summarize",
            json!({"status": "succeeded", "result": {
                "file": {"name": "Plan.txt"}, "summary": {"untrusted_text": "Wind is cheap"},
            }}),
            "Plan.txt says: Wind is cheap.",
        ),
        (
            "gmail__send",
            json!({"status": "failed", "error": "Nobody called John is known"}),
            "I'm sorry, that didn't work. Nobody called John is known.",
        ),
        (
            "gmail__send",
            json!("nonsense"),
            "I'm sorry, that didn't work.",
        ),
    ] {
        let (said, call) = answer(&[user("x"), called(tool, "{}"), answered(&result)], TOOLS).await;
        assert_eq!((said.as_str(), call), (expected, None));
    }
}
