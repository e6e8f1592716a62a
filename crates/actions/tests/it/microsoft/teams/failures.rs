//! What is said, and what is done again, when Teams refuses or fails.

use super::{DESIGN, messages, organisation::refused, teams, teams_with};
use crate::{
    office::{done, error, result, run, settled},
    stand_in::Answer,
};
use serde_json::{Value, json};

const UNKNOWN: &str = "Microsoft Teams account did not answer; it is not known whether it was done. Please check \
                       before you try again.";

fn hello() -> Value {
    json!({ "to": "Anil", "text": "Hello." })
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once() {
    let (graph, actions) = teams_with(&["old", "all"]).await;
    result(&actions, "teams.send_chat", hello()).await;
    assert_eq!(graph.received(&messages("c-rao")).len(), 1);
    let (_graph, actions) = teams_with(&["old"]).await;
    let (_, outcome) = done(&actions, "teams.send_chat", hello()).await;
    assert!(outcome.error.unwrap().contains("has expired"));
    assert_eq!(outcome.connect.unwrap(), "/v1/oauth/connect/teams");
}

#[tokio::test]
async fn what_was_not_granted_is_said() {
    let (_graph, actions) = teams_with(&["bare"]).await;
    for (name, arguments) in [
        ("teams.send_chat", hello()),
        ("teams.read_chat", json!({ "with": "Anil" })),
        ("teams.read_channel", json!({ "channel": "design" })),
    ] {
        let (_, outcome) = done(&actions, name, arguments).await;
        assert!(
            outcome
                .error
                .unwrap()
                .contains("does not let me do that yet"),
            "{name}"
        );
        assert_eq!(outcome.connect.unwrap(), "/v1/oauth/connect/teams");
    }
    let (_graph, actions) = teams_with(&["none"]).await;
    let said = error(&actions, "teams.send_chat", hello()).await;
    assert!(
        said.starts_with("No Microsoft Teams account is connected."),
        "{said}"
    );
}

#[tokio::test]
async fn refusals_are_told_in_words() {
    for (answer, expected) in [
        (
            refused(400, "BadRequest", "The message is too large."),
            "Microsoft Teams account refused it: The message is too large.",
        ),
        (
            refused(
                403,
                "Forbidden",
                "AclCheckFailed: the user is not on the roster.",
            ),
            "You may not write to or read Design in Product in Teams.",
        ),
        (
            refused(404, "NotFound", "NotFound"),
            "Design in Product is not in your Teams any more.",
        ),
        (
            refused(409, "Conflict", "The channel is being moved."),
            "Microsoft Teams account refused it: The channel is being moved.",
        ),
        (
            refused(429, "TooManyRequests", "Too many requests.").header("retry-after", "60"),
            "Microsoft Teams account is busy at the moment. Please try again in a minute.",
        ),
        (Answer::empty(500), UNKNOWN),
    ] {
        let (graph, actions) = teams().await;
        graph.once(DESIGN, answer);
        let arguments = json!({ "channel": "design", "text": "Hello." });
        let said = error(&actions, "teams.send_channel", arguments).await;
        assert_eq!(said, expected);
        assert_eq!(graph.received(DESIGN).len(), 1, "{expected}");
    }
}

#[tokio::test]
async fn a_full_quota_is_waited_for_as_long_as_graph_says() {
    let (graph, actions) = teams().await;
    let busy = Answer::empty(429).header("retry-after", "0");
    graph.once(&messages("c-rao"), busy);
    result(&actions, "teams.send_chat", hello()).await;
    assert_eq!(graph.received(&messages("c-rao")).len(), 2);
}

#[tokio::test]
async fn a_chat_is_opened_again_but_a_message_is_sent_once() {
    let (graph, actions) = teams().await;
    let ritika = json!({ "to": "Ritika", "text": "Hello." });
    // Graph gives the same chat a second time.
    graph.once("/v1.0/chats", Answer::empty(502));
    result(&actions, "teams.send_chat", ritika).await;
    assert_eq!(graph.received("/v1.0/chats").len(), 2);
    let sent = Answer::json(
        201,
        &json!({ "id": "1", "body": { "content": "an answer that is lost" } }),
    );
    for answer in [sent.cut(), Answer::empty(502)] {
        let before = graph.received(&messages("c-rao")).len();
        graph.once(&messages("c-rao"), answer);
        assert_eq!(error(&actions, "teams.send_chat", hello()).await, UNKNOWN);
        assert_eq!(graph.received(&messages("c-rao")).len(), before + 1);
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let (graph, actions) = teams().await;
    let arguments = settled(&actions, "teams.send_chat", hello()).await;
    graph.once(&messages("c-rao"), Answer::empty(201).late());
    let run = run(&actions, "teams.send_chat", arguments);
    let outcome = graph.outwaited(&messages("c-rao"), run).await;
    assert_eq!(outcome.error.unwrap(), UNKNOWN);
}
