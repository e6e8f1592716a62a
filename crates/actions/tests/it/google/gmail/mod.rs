//! `gmail.*`, on Thursday, May 28, 2026 at 8:26 PM, UTC.

mod letters;
pub(crate) mod postbox;

use super::{
    cloud::{PEOPLE, failure},
    discovery::checked,
};
use crate::{
    office::{context, done, error, prepared, result},
    stand_in::{Answer, StandIn},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use casp_actions::{Action, Prepared};
use letters::ORDERS;
use postbox::{MESSAGES, OTHERS, Postbox, SEND};
use serde_json::{Value, json};
use std::sync::Arc;

/// A user's Gmail, and the actions on it.
struct Office {
    cloud: StandIn,
    postbox: Postbox,
    actions: Vec<Arc<dyn Action>>,
}

async fn office_with(postbox: Postbox, tokens: &[&'static str]) -> Office {
    let rules = postbox.clone();
    let cloud = StandIn::start(checked(move |received| rules.answer(received))).await;
    let actions = casp_actions::actions(&context(&cloud.root, tokens).await);
    Office {
        cloud,
        postbox,
        actions,
    }
}

async fn office() -> Office {
    office_with(Postbox::full(), &["ya29.all"]).await
}

#[tokio::test]
async fn a_message_goes_to_the_person_it_names() {
    let office = office().await;
    let arguments = json!({"to": "Ramesh", "body": "I approved the quotation."});
    let (question, outcome) = done(&office.actions, "gmail.send", arguments).await;
    assert_eq!(
        question.unwrap(),
        "Shall I send “I approved the quotation.” to Ramesh Kumar at ramesh@example.com?"
    );
    let result = outcome.result.unwrap();
    assert_eq!(result["spoken"], "Your message to Ramesh Kumar is sent.");
    let [sent] = &office.postbox.sent()[..] else {
        panic!("one is sent")
    };
    assert_eq!(result["id"], *sent.id);
    assert_eq!(sent.header("To"), "\"Ramesh Kumar\" <ramesh@example.com>");
    assert_eq!(sent.header("Subject"), "I approved the quotation");
    assert_eq!(sent.header("Date"), "Thu, 28 May 2026 20:26:40 +0000");
    assert!(sent.header("X-CASP-Message-ID").ends_with("@example.com"));
    assert_eq!(sent.text().trim_end(), "I approved the quotation.");
}

#[tokio::test]
async fn all_of_it_is_asked_about_and_nothing_sent_before() {
    let office = office().await;
    let arguments = json!({
        "to": "Ramesh, bob at example dot com",
        "cc": "Priya Nair",
        "subject": "Quotation",
        "body": "Approved.",
    });
    let prepared = prepared(&office.actions, "gmail.send", arguments).await;
    let Prepared::Ready { question, .. } = prepared else {
        panic!("it can run: {prepared:?}")
    };
    assert_eq!(
        question.unwrap(),
        "Shall I send “Approved.” with the subject “Quotation” to Ramesh Kumar at ramesh@example.com and \
         bob@example.com, with a copy to Priya Nair at nair@example.com?"
    );
    assert!(office.cloud.received(SEND).is_empty());
}

#[tokio::test]
async fn who_and_what_is_meant_is_asked() {
    let office = office().await;
    for (to, body, expected) in [
        (
            "Priya",
            "hi",
            "Which Priya do you mean: Priya Nair (nair@example.com) or Priya Sharma (sharma@example.com)?",
        ),
        (
            "Waldo",
            "hi",
            "I found nobody called Waldo. What is the e-mail address?",
        ),
        (
            "john@",
            "hi",
            "“john@” is no e-mail address. What is it exactly?",
        ),
        (" ", "hi", "Who should get it?"),
        (",", "hi", "Who should get it?"),
        ("Ramesh", " \n", "What should it say?"),
    ] {
        let arguments = json!({"to": to, "body": body});
        assert_eq!(
            error(&office.actions, "gmail.send", arguments).await,
            expected
        );
    }
    let long = json!({"to": "Ramesh", "body": "x".repeat(100_001)});
    assert_eq!(
        error(&office.actions, "gmail.send", long).await,
        "That is too long for a message."
    );
    assert!(office.postbox.sent().is_empty());
}

#[tokio::test]
async fn people_are_found_among_contacts_then_in_the_mailbox() {
    for (token, name, address, others, searches) in [
        ("ya29.all", "Zara", "Zara Ahmed at zara@example.com", 1, 0),
        ("ya29.all", "bob", "Bob Stone at bob@example.com", 3, 1),
        (
            "ya29.mail",
            "Anil Rao",
            "Anil Rao at anil.rao@example.com",
            1,
            1,
        ),
        ("ya29.mail", "José", "Díaz, José at jose@example.com", 1, 1),
    ] {
        let office = office_with(Postbox::full(), &[token]).await;
        let arguments = json!({"to": name, "body": "hi"});
        let (question, _) = done(&office.actions, "gmail.send", arguments).await;
        assert_eq!(
            question.unwrap(),
            format!("Shall I send “hi” to {address}?")
        );
        assert_eq!(office.cloud.received(OTHERS).len(), others, "{name}");
        assert_eq!(office.cloud.received(MESSAGES).len(), searches, "{name}");
    }
    let office = office_with(Postbox::full(), &["ya29.mail"]).await;
    let arguments = json!({"to": "Anil", "body": "hi"});
    assert_eq!(
        error(&office.actions, "gmail.send", arguments).await,
        "Which Anil do you mean: Anil Rao (anil.rao@example.com) or Anil Kumar (anil.kumar@example.com)?"
    );
}

#[tokio::test]
async fn any_script_and_length_arrives_as_it_was_written() {
    for (subject, body) in [
        ("Größe, 価格 und 🎉", "Grüße aus 東京 🎉\nnext line"),
        ("q", "=?utf-8?q?not_encoded?= \t=20"),
        (
            "a subject that is longer than one line of a header is, and still one subject",
            "x",
        ),
        ("long", &"word ".repeat(10_000)),
        ("one line", &"é".repeat(5_000)),
        ("dots", ".\n..\n.\r\nend"),
    ] {
        let office = office().await;
        let to = json!([{"person": {"names": [{"displayName": "Łukasz Żółć"}], "emailAddresses": [{"value": "l@example.com"}]}}]);
        office
            .cloud
            .once(PEOPLE, Answer::json(200, &json!({"results": to})));
        let arguments = json!({"to": "Łukasz", "subject": subject, "body": body});
        result(&office.actions, "gmail.send", arguments).await;
        let sent = office.postbox.sent().remove(0);
        assert_eq!(sent.header("Subject"), subject);
        assert_eq!(sent.header("To"), "Łukasz Żółć <l@example.com>");
        let text = sent.text().replace("\r\n", "\n");
        assert_eq!(text.trim_end(), body.replace("\r\n", "\n").trim_end());
    }
}

#[tokio::test]
async fn no_text_becomes_a_header() {
    let office = office().await;
    let name = "Eve\r\nBcc: eve@evil.example";
    let eve = json!([{"person": {"names": [{"displayName": name}], "emailAddresses": [{"value": "eve@example.com"}]}}]);
    office
        .cloud
        .once(PEOPLE, Answer::json(200, &json!({"results": eve})));
    let arguments = json!({
        "to": "Eve",
        "subject": "Hi\r\nBcc: eve@evil.example\r\n\r\n<b>other body</b>",
        "body": "hello\r\n.\r\nBcc: eve@evil.example",
    });
    result(&office.actions, "gmail.send", arguments).await;
    let sent = office.postbox.sent().remove(0);
    let mut names: Vec<&str> = sent.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "Content-Transfer-Encoding",
            "Content-Type",
            "Date",
            "From",
            "MIME-Version",
            "Message-ID",
            "Subject",
            "To",
            "X-CASP-Message-ID",
        ]
    );
    assert_eq!(
        sent.header("Subject"),
        "Hi Bcc: eve@evil.example <b>other body</b>"
    );
    // An address that would break out is none.
    for to in [
        "eve@example.com\r\nBcc: a@evil.example",
        "eve@example.com> <a@evil.example",
    ] {
        let arguments = json!({"to": to, "body": "hi"});
        error(&office.actions, "gmail.send", arguments).await;
    }
    assert_eq!(office.postbox.sent().len(), 1);
}

#[tokio::test]
async fn unread_messages_are_listed_and_marked_as_others_words() {
    let office = office().await;
    let found = result(&office.actions, "gmail.unread", json!({"limit": 2})).await;
    let quoted = |text: &str| json!({"untrusted_text": text});
    assert_eq!(
        found,
        json!({
            "spoken": "The 2 newest of your unread messages.",
            "has_more": true,
            "messages": [
                {
                    "from": quoted("Anil Rao (anil.rao@example.com)"),
                    "subject": quoted("Budget"),
                    "received": "2026-05-28T18:00:00+00:00",
                    "when": "Thursday, May 28 at 6 PM",
                    "preview": quoted("Please look at the budget & call me. Anil"),
                    "is_unread": true,
                    "id": "18c0000000000001",
                },
                {
                    "from": quoted("Díaz, José (jose@example.com)"),
                    "subject": quoted("Re: Réunion"),
                    "received": "2026-05-27T09:30:00+00:00",
                    "when": "Wednesday, May 27 at 9:30 AM",
                    "preview": found["messages"][1]["preview"],
                    "is_unread": true,
                    "id": "18c0000000000003",
                },
            ],
        })
    );
    let all = result(&office.actions, "gmail.unread", json!({})).await;
    assert_eq!(all["spoken"], "You have 3 unread messages.");
    let office = office_with(Postbox::empty(), &["ya29.all"]).await;
    let none = result(&office.actions, "gmail.unread", json!({})).await;
    assert_eq!(none["spoken"], "You have no unread messages.");
    assert_eq!(none["messages"], json!([]));
}

#[tokio::test]
async fn messages_are_searched_for_over_all_pages() {
    let office = office().await;
    for (query, spoken, ids) in [
        (
            "from Anil",
            "I found 2 messages for “from Anil”.",
            vec![1, 2],
        ),
        (
            "mails from Anil about budget",
            "I found one message for “mails from Anil about budget”.",
            vec![1],
        ),
        ("to:bob", "I found 2 messages for “to:bob”.", vec![2, 5]),
        (
            "example",
            "I found 5 messages for “example”.",
            vec![1, 2, 3, 4, 5],
        ),
        ("unicorns", "I found no messages for “unicorns”.", vec![]),
        (
            "from Anil today",
            "I found 2 messages for “from Anil today”.",
            vec![1, 2],
        ),
        (
            "from Anil yesterday",
            "I found no messages for “from Anil yesterday”.",
            vec![],
        ),
        (
            "mails from yesterday",
            "I found one message for “mails from yesterday”.",
            vec![3],
        ),
        (
            "my newest mails",
            "I found 4 messages for “my newest mails”.",
            vec![1, 2, 3, 4],
        ),
    ] {
        let found = result(&office.actions, "gmail.search", json!({"query": query})).await;
        assert_eq!(found["spoken"], spoken);
        let found: Vec<&Value> = found["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["id"])
            .collect();
        let ids: Vec<String> = ids
            .iter()
            .map(|id| format!("18c000000000000{id}"))
            .collect();
        assert_eq!(found, ids.iter().collect::<Vec<_>>(), "{query}");
    }
    let nothing = error(&office.actions, "gmail.search", json!({"query": " "})).await;
    assert_eq!(nothing, "What should I search for?");
}

#[tokio::test]
async fn one_message_is_read_by_what_it_is_called() {
    let office = office().await;
    for (message, id, text) in [
        (
            "the mail from Anil Rao",
            1,
            "Please look at the budget & call me.\n\nAnil",
        ),
        (
            "the last mail from Anil",
            1,
            "Please look at the budget & call me.\n\nAnil",
        ),
        ("the one about lunch", 2, "Lunch?"),
        // HTML alone, without its script.
        (
            "José's message",
            3,
            "Bonjour Ann,\nla réunion est à 9 h.\nJosé",
        ),
        (
            "yesterday's mail",
            3,
            "Bonjour Ann,\nla réunion est à 9 h.\nJosé",
        ),
        ("my mail to Bob about holidays", 5, "See you."),
        ("18c0000000000002", 2, "Lunch?"),
    ] {
        let found = result(&office.actions, "gmail.read", json!({"message": message})).await;
        let found = &found["message"];
        assert_eq!(found["id"], format!("18c000000000000{id}"), "{message}");
        assert_eq!(found["text"]["untrusted_text"], text, "{message}");
        assert_eq!(found["is_cut"], false);
    }
    for (message, expected) in [
        (
            "the mail from Anil",
            "Which one do you mean: “Budget” from Anil Rao (anil.rao@example.com) on Thursday, May 28 at 6 PM or \
             “Lunch on Friday?” from Anil Kumar (anil.kumar@example.com) on Thursday, May 28 at 12 PM?",
        ),
        (
            "the mail from Zoe about “tea”",
            "I found no message from Zoe about “tea”.",
        ),
        ("it", "Which message do you mean?"),
        (
            "18cfffffffffffff",
            "Gmail account does not have it any more.",
        ),
    ] {
        let said = error(&office.actions, "gmail.read", json!({"message": message})).await;
        assert_eq!(said, expected);
    }
}

#[tokio::test]
async fn a_long_text_is_cut_where_a_model_gets_it() {
    let office = office().await;
    let mut long = json!({"id": "18c0000000000001", "threadId": "18c0000000000001",
        "payload": {"mimeType": "text/plain", "headers": [], "body": {}}});
    long["payload"]["body"]["data"] = json!(URL_SAFE_NO_PAD.encode("many words ".repeat(1_000)));
    office.cloud.once(
        &format!("{MESSAGES}/18c0000000000001"),
        Answer::json(200, &long),
    );
    let read = json!({"message": "18c0000000000001"});
    let found = result(&office.actions, "gmail.read", read).await;
    let text = found["message"]["text"]["untrusted_text"].as_str().unwrap();
    assert!(text.chars().count() <= 2_000, "{text}");
    assert!(text.ends_with('…'), "{text}");
    assert_eq!(found["message"]["is_cut"], true);
    assert_eq!(found["message"]["from"]["untrusted_text"], "somebody");
}

#[tokio::test]
async fn an_answer_stands_in_its_thread_and_goes_where_it_is_asked_for() {
    let office = office().await;
    let arguments = json!({"message": "the mail from José", "body": "J'arrive à 9 h."});
    let (question, outcome) = done(&office.actions, "gmail.reply", arguments).await;
    assert_eq!(
        question.unwrap(),
        "Shall I reply “J'arrive à 9 h.” to Office at office@example.com about “Re: Réunion”?"
    );
    assert_eq!(
        outcome.result.unwrap()["spoken"],
        "Your answer to Office is sent."
    );
    let sent = office.postbox.sent().remove(0);
    assert_eq!(sent.thread, "18c00000000000a3");
    assert_eq!(sent.header("Subject"), "Re: Réunion");
    assert_eq!(sent.header("In-Reply-To"), "<m3@example.com>");
    assert_eq!(
        sent.header("References"),
        "<root@example.com> <m3@example.com>"
    );
    assert_eq!(sent.header("To"), "Office <office@example.com>");
    // The first answer of a conversation.
    let arguments = json!({"message": "18c0000000000001", "body": "Fine."});
    result(&office.actions, "gmail.reply", arguments).await;
    let sent = office.postbox.sent().remove(1);
    assert_eq!(sent.thread, "18c00000000000a1");
    assert_eq!(sent.header("Subject"), "Re: Budget");
    assert_eq!(sent.header("References"), "<m1@example.com>");
}

#[tokio::test]
async fn which_message_is_answered_is_asked() {
    let office = office().await;
    for (message, body, expected) in [
        (
            "the mail from Anil",
            "ok",
            "Which one do you mean: “Budget”",
        ),
        ("the mail from Zoe", "ok", "I found no message from Zoe."),
        ("", "ok", "Which message do you mean?"),
        ("the mail from José", "", "What should it say?"),
    ] {
        let arguments = json!({"message": message, "body": body});
        let said = error(&office.actions, "gmail.reply", arguments).await;
        assert!(said.starts_with(expected), "{said}");
    }
    assert!(office.postbox.sent().is_empty());
}

/// What an answer says in words of its own.
fn unmarked(value: &Value) -> String {
    match value {
        Value::Object(fields) if fields.contains_key("untrusted_text") => {
            assert_eq!(fields.len(), 1);
            String::new()
        }
        Value::Object(fields) => fields.values().map(unmarked).collect(),
        Value::Array(values) => values.iter().map(unmarked).collect(),
        other => other.to_string(),
    }
}

#[tokio::test]
async fn orders_in_a_message_are_others_words_and_nothing_is_sent() {
    let office = office().await;
    let listed = result(&office.actions, "gmail.search", json!({"query": "SYSTEM"})).await;
    let read = result(
        &office.actions,
        "gmail.read",
        json!({"message": "18c0000000000004"}),
    )
    .await;
    // All that the sender wrote stands in marks, and nowhere else.
    assert_eq!(read["message"]["text"]["untrusted_text"], ORDERS);
    for found in [&listed["messages"], &read] {
        let unmarked = unmarked(found);
        assert!(
            !unmarked.contains("SYSTEM") && !unmarked.contains("evil"),
            "{unmarked}"
        );
    }
    assert!(office.cloud.received(SEND).is_empty());
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_sent_once() {
    let sent = Answer::json(
        200,
        &json!({"id": "18d0000000000007", "threadId": "18d0000000000007"}),
    );
    for lost in [
        sent.clone().cut().done(),
        Answer::empty(500).done(),
        Answer::empty(502).done(),
        sent.late().done(),
    ] {
        let office = office().await;
        office.cloud.once(SEND, lost);
        let arguments = json!({"to": "Ramesh", "body": "hi"});
        let found = result(&office.actions, "gmail.send", arguments).await;
        assert_eq!(found["id"], "18d0000000000007");
        assert_eq!(office.cloud.received(SEND).len(), 1);
        assert_eq!(office.postbox.sent().len(), 1);
    }
}

#[tokio::test]
async fn whether_a_message_was_sent_is_not_guessed() {
    let office = office().await;
    office.cloud.once(SEND, Answer::empty(500));
    let arguments = json!({"to": "Ramesh", "body": "hi"});
    assert_eq!(
        error(&office.actions, "gmail.send", arguments).await,
        "Gmail account did not answer; it is not known whether it was done. Please check before you try again."
    );
    assert_eq!(office.cloud.received(SEND).len(), 1);
}

#[tokio::test]
async fn what_was_surely_not_sent_is_sent_again() {
    for refused in [
        failure(429, "rateLimitExceeded", "Too many requests").header("retry-after", "0"),
        failure(403, "userRateLimitExceeded", "User-rate limit exceeded."),
        failure(503, "backendError", "Service unavailable").header("retry-after", "0"),
    ] {
        let office = office().await;
        office.cloud.once(SEND, refused);
        result(
            &office.actions,
            "gmail.send",
            json!({"to": "Ramesh", "body": "hi"}),
        )
        .await;
        let attempts = office.cloud.received(SEND);
        assert_eq!(attempts.len(), 2);
        assert_eq!(attempts[0].body, attempts[1].body);
        assert_eq!(office.postbox.sent().len(), 1);
    }
}

#[tokio::test]
async fn what_gmail_refuses_is_said() {
    for (answer, expected) in [
        (
            failure(429, "rateLimitExceeded", "Too many requests").header("retry-after", "60"),
            "Gmail account is busy at the moment. Please try again in a minute.",
        ),
        (
            failure(403, "insufficientPermissions", "Insufficient Permission"),
            "Your Gmail account does not let me do that yet. Connect it again at /v1/oauth/connect/gmail and allow it.",
        ),
        (
            failure(400, "invalidArgument", "Invalid To header"),
            "Gmail account refused it: Invalid To header",
        ),
    ] {
        let office = office().await;
        office.cloud.once(SEND, answer);
        let arguments = json!({"to": "Ramesh", "body": "hi"});
        assert_eq!(
            error(&office.actions, "gmail.send", arguments).await,
            expected
        );
        assert_eq!(office.cloud.received(SEND).len(), 1);
    }
    let office = office_with(Postbox::full(), &["ya29.readonly"]).await;
    result(&office.actions, "gmail.unread", json!({})).await;
    let arguments = json!({"to": "bob@example.com", "body": "hi"});
    let (_, outcome) = done(&office.actions, "gmail.send", arguments).await;
    assert_eq!(outcome.connect.unwrap(), "/v1/oauth/connect/gmail");
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once() {
    let office = office_with(Postbox::full(), &["ya29.old", "ya29.mail"]).await;
    result(
        &office.actions,
        "gmail.search",
        json!({"query": "from Anil"}),
    )
    .await;
    for (token, expected) in [
        (
            "ya29.old",
            "The connection to your Gmail account has expired. Connect it again at /v1/oauth/connect/gmail.",
        ),
        (
            "none",
            "No Gmail account is connected. Connect it at /v1/oauth/connect/gmail.",
        ),
    ] {
        let office = office_with(Postbox::full(), &[token]).await;
        for (name, arguments) in [
            ("gmail.unread", json!({})),
            ("gmail.read", json!({"message": "the last one"})),
            ("gmail.send", json!({"to": "Ramesh", "body": "hi"})),
        ] {
            assert_eq!(error(&office.actions, name, arguments).await, expected);
        }
    }
}

#[tokio::test]
async fn messages_that_are_deleted_meanwhile_are_left_out() {
    let office = office().await;
    let gone = failure(404, "notFound", "Requested entity was not found.");
    office
        .cloud
        .once(&format!("{MESSAGES}/18c0000000000001"), gone.clone());
    let found = result(
        &office.actions,
        "gmail.search",
        json!({"query": "from Anil"}),
    )
    .await;
    assert_eq!(found["messages"].as_array().unwrap().len(), 1);
    // One that is answered is gone between the question and the yes.
    let reply = json!({"message": "18c0000000000001", "body": "hi"});
    let first = prepared(&office.actions, "gmail.reply", reply).await;
    let Prepared::Ready { arguments, .. } = first else {
        panic!("it can run")
    };
    office
        .cloud
        .once(&format!("{MESSAGES}/18c0000000000001"), gone);
    let reply = office
        .actions
        .iter()
        .find(|action| action.name().as_str() == "gmail.reply");
    let outcome = reply
        .unwrap()
        .run(&crate::office::speaker(), arguments)
        .await;
    assert_eq!(
        outcome.error.unwrap(),
        "That message is not in your mailbox any more."
    );
    assert!(office.cloud.received(SEND).is_empty());
}

#[tokio::test]
async fn answers_that_are_cut_are_asked_for_again_and_strange_ones_said() {
    let office = office().await;
    let empty = Answer::json(200, &json!({"resultSizeEstimate": 0}));
    office.cloud.once(MESSAGES, empty.cut());
    office.cloud.once(MESSAGES, Answer::empty(502));
    let found = result(&office.actions, "gmail.unread", json!({})).await;
    assert_eq!(found["messages"].as_array().unwrap().len(), 3);
    assert_eq!(office.cloud.received(MESSAGES).len(), 3);
    office
        .cloud
        .once(MESSAGES, Answer::json(200, &json!(["what"])));
    let said = error(&office.actions, "gmail.unread", json!({})).await;
    assert_eq!(said, "Gmail account gave an answer that I could not read.");
}

#[tokio::test]
async fn arguments_have_a_schema() {
    let office = office().await;
    let schema = |name: &str| {
        let action = office
            .actions
            .iter()
            .find(|action| action.name().as_str() == name);
        action.unwrap().parameters()
    };
    for (name, required, fields) in [
        (
            "gmail.send",
            json!(["to", "body"]),
            vec!["body", "cc", "subject", "to"],
        ),
        ("gmail.unread", Value::Null, vec!["limit"]),
        ("gmail.search", json!(["query"]), vec!["limit", "query"]),
        ("gmail.read", json!(["message"]), vec!["message"]),
        (
            "gmail.reply",
            json!(["message", "body"]),
            vec!["body", "message"],
        ),
    ] {
        let schema = schema(name);
        assert_eq!(schema["required"], required, "{name}");
        let mut known: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        known.sort();
        assert_eq!(known, fields, "{name}");
        assert_eq!(schema["additionalProperties"], false);
    }
    let odd = json!({"to": "Ramesh", "body": "hi", "bcc": "eve@example.com"});
    let said = error(&office.actions, "gmail.send", odd).await;
    assert!(said.contains("unknown field `bcc`"), "{said}");
}
