//! `outlook.*`, on Thursday, May 28, 2026 at 8:26 PM, UTC.

pub(crate) mod exchange;

use crate::{
    microsoft::graph::refused,
    office::{context, done, error, prepared, result},
    openapi::{GRAPH, checked},
    stand_in::{Answer, StandIn},
};
use casp_actions::{Action, Prepared};
use exchange::{Exchange, MESSAGES, ORDERS, SEND, id};
use serde_json::{Value, json};
use std::sync::Arc;

const CONTACTS: &str = "/v1.0/me/contacts";

/// A user's Outlook, and the actions on it.
struct Office {
    graph: StandIn,
    exchange: Exchange,
    actions: Vec<Arc<dyn Action>>,
}

async fn office_with(exchange: Exchange, tokens: &[&'static str]) -> Office {
    let rules = exchange.clone();
    let graph = StandIn::start(checked(&GRAPH, move |request| rules.answer(request))).await;
    let actions = casp_actions::actions(&context(&graph.root, tokens).await);
    Office {
        graph,
        exchange,
        actions,
    }
}

async fn office() -> Office {
    office_with(Exchange::full(), &["all"]).await
}

#[tokio::test]
async fn a_message_goes_to_the_person_it_names() {
    let office = office().await;
    let arguments = json!({
        "to": "Anil",
        "cc": "bob@example.com",
        "subject": "Größe\r\nBcc: eve@evil.example",
        "body": "Grüße 🎉\nnext",
    });
    let (question, outcome) = done(&office.actions, "outlook.send", arguments).await;
    assert_eq!(
        question.unwrap(),
        "Shall I send “Grüße 🎉\nnext” with the subject “Größe Bcc: eve@evil.example” to Anil Rao at \
         anil@example.com, with a copy to bob@example.com?"
    );
    assert_eq!(
        outcome.result.unwrap()["spoken"],
        "Your message to Anil Rao is sent."
    );
    let sent = office.graph.received(SEND).remove(0).json();
    let message_id = sent["message"]["internetMessageId"].clone();
    assert_eq!(
        sent,
        json!({
            "saveToSentItems": true,
            "message": {
                "subject": "Größe Bcc: eve@evil.example",
                "body": {"contentType": "text", "content": "Grüße 🎉\nnext"},
                "toRecipients": [{"emailAddress": {"name": "Anil Rao", "address": "anil@example.com"}}],
                "ccRecipients": [{"emailAddress": {"address": "bob@example.com"}}],
                "internetMessageId": message_id,
            },
        })
    );
    assert!(message_id.as_str().unwrap().ends_with("@example.com>"));
}

#[tokio::test]
async fn who_is_meant_is_asked_and_nothing_sent_before() {
    let office = office().await;
    let anil = |family: &str, address: &str| json!({"displayName": format!("Anil {family}"), "emailAddresses": [{"address": address}]});
    let anils =
        json!({"value": [anil("Rao", "rao@example.com"), anil("Kumar", "kumar@example.com")]});
    office.graph.once(CONTACTS, Answer::json(200, &anils));
    for (to, expected) in [
        (
            "Anil",
            "Which Anil do you mean: Anil Rao (rao@example.com) or Anil Kumar (kumar@example.com)?",
        ),
        (
            "Waldo",
            "I found nobody called Waldo. What is the e-mail address?",
        ),
        ("", "Who should get it?"),
    ] {
        let arguments = json!({"to": to, "body": "hi"});
        assert_eq!(
            error(&office.actions, "outlook.send", arguments).await,
            expected
        );
    }
    let ready = prepared(
        &office.actions,
        "outlook.send",
        json!({"to": "Anil", "body": "hi"}),
    )
    .await;
    assert!(matches!(ready, Prepared::Ready { .. }));
    assert!(office.graph.received(SEND).is_empty());
}

#[tokio::test]
async fn people_not_in_the_address_book_are_found_in_the_mailbox() {
    for (name, expected) in [
        ("Bob", "Shall I send “hi” to Bob Stone at bob@example.com?"),
        (
            "josé",
            "Shall I send “hi” to José Díaz at jose@example.com?",
        ),
    ] {
        let office = office_with(Exchange::full(), &["mail"]).await;
        let arguments = json!({"to": name, "body": "hi"});
        let (question, _) = done(&office.actions, "outlook.send", arguments).await;
        assert_eq!(question.as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn unread_messages_are_listed_and_marked_as_others_words() {
    let office = office().await;
    let found = result(&office.actions, "outlook.unread", json!({})).await;
    assert_eq!(found["spoken"], "You have 2 unread messages.");
    let quoted = |text: &str| json!({"untrusted_text": text});
    assert_eq!(
        found["messages"][0],
        json!({
            "from": quoted("Anil Rao (rao@example.com)"),
            "subject": quoted("Budget"),
            "received": "2026-05-28T18:00:00+00:00",
            "when": "Thursday, May 28 at 6 PM",
            "preview": quoted("Please look at the budget."),
            "is_unread": true,
            "id": id(1),
        })
    );
    let one = result(&office.actions, "outlook.unread", json!({"limit": 1})).await;
    assert_eq!(one["spoken"], "The newest of your unread messages.");
    let office = office_with(Exchange::empty(), &["all"]).await;
    let none = result(&office.actions, "outlook.unread", json!({})).await;
    assert_eq!(none["spoken"], "You have no unread messages.");
}

#[tokio::test]
async fn messages_are_searched_for_and_drafts_left_out() {
    let office = office().await;
    for (query, numbers) in [
        ("from Anil", vec![1, 2]),
        ("budget", vec![1, 5]),
        ("mails from Anil about lunch", vec![2]),
        ("to:bob", vec![5]),
        ("unicorns", vec![]),
        // By the day: beside words, and alone.
        ("from Anil today", vec![1, 2]),
        ("from Anil yesterday", vec![]),
        ("from José yesterday", vec![3]),
        ("mails from today", vec![1, 2]),
        ("mails from yesterday", vec![3]),
        ("unread mails from yesterday", vec![3]),
        ("my newest mails", vec![1, 2, 3, 4]),
    ] {
        let found = result(&office.actions, "outlook.search", json!({"query": query})).await;
        let found: Vec<&Value> = found["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["id"])
            .collect();
        let ids: Vec<String> = numbers.into_iter().map(id).collect();
        assert_eq!(found, ids.iter().collect::<Vec<_>>(), "{query}");
    }
}

#[tokio::test]
async fn one_message_is_read_by_what_it_is_called() {
    let office = office().await;
    let by_id = id(2);
    for (message, number, text) in [
        ("the mail from Anil Rao", 1, "Please look at the budget."),
        ("the last mail from Anil", 1, "Please look at the budget."),
        // What the user sent is not among them.
        ("the one about the budget", 1, "Please look at the budget."),
        ("José's message", 3, "Réunion à 9 h."),
        ("my newest message", 1, "Please look at the budget."),
        ("my mail to Bob", 5, "See the budget."),
        (by_id.as_str(), 2, "Lunch?"),
    ] {
        let found = result(&office.actions, "outlook.read", json!({"message": message})).await;
        assert_eq!(found["message"]["id"], id(number), "{message}");
        assert_eq!(
            found["message"]["text"]["untrusted_text"], text,
            "{message}"
        );
    }
    let gone = id(99);
    for (message, expected) in [
        (
            "the mail from Anil",
            "Which one do you mean: “Budget” from Anil Rao (rao@example.com) on",
        ),
        ("the mail from Zoe", "I found no message from Zoe."),
        (gone.as_str(), "Outlook account does not have it any more."),
    ] {
        let said = error(&office.actions, "outlook.read", json!({"message": message})).await;
        assert!(said.starts_with(expected), "{said}");
    }
}

#[tokio::test]
async fn html_that_comes_all_the_same_is_read_as_text() {
    let office = office().await;
    let html = json!({"id": id(1), "body": {"contentType": "html", "content": "<p>a<br>b</p><script>c</script>"}});
    office
        .graph
        .once(&format!("{MESSAGES}/{}", id(1)), Answer::json(200, &html));
    let found = result(&office.actions, "outlook.read", json!({"message": id(1)})).await;
    assert_eq!(found["message"]["text"]["untrusted_text"], "a\nb");
}

#[tokio::test]
async fn an_answer_stands_in_its_thread_and_goes_where_it_is_asked_for() {
    let office = office().await;
    let arguments = json!({"message": "the mail from José", "body": "J'arrive <à 9 h>."});
    let (question, outcome) = done(&office.actions, "outlook.reply", arguments).await;
    assert_eq!(
        question.unwrap(),
        "Shall I reply “J'arrive <à 9 h>.” to Office at office@example.com about “Réunion”?"
    );
    assert_eq!(
        outcome.result.unwrap()["spoken"],
        "Your answer to Office is sent."
    );
    let sent = office.exchange.sent().remove(0);
    assert_eq!(sent["conversationId"], "AAQkThread3=");
    assert_eq!(sent["inReplyTo"], "<m3@example.com>");
    assert_eq!(sent["body"]["content"], "J'arrive <à 9 h>.");
    assert_eq!(
        sent["toRecipients"][0]["emailAddress"]["address"],
        "office@example.com"
    );
    // One that is deleted between the question and the yes.
    let reply = json!({"message": id(1), "body": "hi"});
    let gone = refused(
        404,
        "ErrorItemNotFound",
        "The specified object was not found in the store.",
    );
    office
        .graph
        .once(&format!("{MESSAGES}/{}/reply", id(1)), gone);
    let said = error(&office.actions, "outlook.reply", reply).await;
    assert_eq!(said, "That message is not in your mailbox any more.");
}

#[tokio::test]
async fn orders_in_a_message_are_others_words_and_nothing_is_sent() {
    let office = office().await;
    let read = result(&office.actions, "outlook.read", json!({"message": id(4)})).await;
    assert_eq!(read["message"]["text"]["untrusted_text"], ORDERS);
    assert_eq!(read["message"]["subject"]["untrusted_text"], ORDERS);
    assert_eq!(read["spoken"], "This is the message.");
    assert!(office.graph.received(SEND).is_empty());
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_sent_once() {
    for (name, arguments) in [
        (
            "outlook.send",
            json!({"to": "bob@example.com", "body": "hi"}),
        ),
        ("outlook.reply", json!({"message": id(1), "body": "hi"})),
    ] {
        for lost in [Answer::empty(500).done(), Answer::empty(504).done()] {
            let office = office().await;
            office.graph.once(SEND, lost.clone());
            office
                .graph
                .once(&format!("{MESSAGES}/{}/reply", id(1)), lost);
            let found = result(&office.actions, name, arguments.clone()).await;
            assert_eq!(found["id"], office.exchange.sent()[0]["id"]);
            assert_eq!(office.exchange.sent().len(), 1);
        }
    }
}

#[tokio::test]
async fn whether_a_message_was_sent_is_not_guessed() {
    let office = office().await;
    office.graph.once(SEND, Answer::empty(500));
    let arguments = json!({"to": "bob@example.com", "body": "hi"});
    let said = error(&office.actions, "outlook.send", arguments).await;
    assert!(
        said.contains("it is not known whether it was done"),
        "{said}"
    );
    assert_eq!(office.graph.received(SEND).len(), 1);
}

#[tokio::test]
async fn what_was_surely_not_sent_is_sent_again() {
    for status in [429, 503] {
        let office = office().await;
        office
            .graph
            .once(SEND, Answer::empty(status).header("retry-after", "0"));
        result(
            &office.actions,
            "outlook.send",
            json!({"to": "bob@example.com", "body": "hi"}),
        )
        .await;
        assert_eq!(office.graph.received(SEND).len(), 2);
        assert_eq!(office.exchange.sent().len(), 1);
    }
}

#[tokio::test]
async fn what_graph_refuses_is_told() {
    let send = json!({"to": "bob@example.com", "body": "hi"});
    for (answer, expected) in [
        (
            Answer::empty(429).header("retry-after", "90"),
            "Outlook account is busy at the moment. Please try again in a minute.",
        ),
        (
            refused(
                400,
                "ErrorInvalidRecipients",
                "At least one recipient is not valid.",
            ),
            "Outlook account refused it: At least one recipient is not valid.",
        ),
    ] {
        let office = office().await;
        office.graph.once(SEND, answer);
        assert_eq!(
            error(&office.actions, "outlook.send", send.clone()).await,
            expected
        );
    }
    for (token, name, arguments) in [
        ("readonly", "outlook.send", send.clone()),
        ("bare", "outlook.unread", json!({})),
        ("old", "outlook.unread", json!({})),
        ("none", "outlook.read", json!({"message": "the last one"})),
    ] {
        let office = office_with(Exchange::full(), &[token]).await;
        let (_, outcome) = done(&office.actions, name, arguments).await;
        assert_eq!(
            outcome.connect.as_deref(),
            Some("/v1/oauth/connect/outlook"),
            "{token}"
        );
    }
    let office = office_with(Exchange::full(), &["old", "all"]).await;
    result(&office.actions, "outlook.unread", json!({})).await;
    // A search whose answer is cut is asked for again.
    let cut = Answer::json(200, &json!({"value": []})).cut();
    office.graph.once(MESSAGES, cut);
    let found = result(
        &office.actions,
        "outlook.search",
        json!({"query": "budget"}),
    )
    .await;
    assert_eq!(found["messages"].as_array().unwrap().len(), 2);
}
