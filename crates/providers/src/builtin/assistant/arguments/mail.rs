//! Mail: who gets it, what it is about and says, which one is meant.

use super::{
    question::{SEARCH, WHAT, WHICH_MAIL, WHO},
    texts::{address_end, capitalised, order, said, topic},
};
use crate::builtin::assistant::tokens::Tokens;
use serde_json::{Value, json};

const NOUNS: &[&str] = &[
    "mail",
    "mails",
    "email",
    "emails",
    "e-mail",
    "message",
    "messages",
    "note",
    "line",
    "thread",
    "conversation",
];
const AFTER_RECIPIENT: &[&str] = &[
    "about",
    "saying",
    "that",
    "regarding",
    "on",
    "in",
    "via",
    "with",
    "tell",
    "telling",
    "asking",
    "know",
    "cc",
    "copy",
];

/// Who is to get a message.
pub(super) fn recipient(text: &str) -> Option<String> {
    let tokens = Tokens::of(order(text));
    let topic = tokens
        .position(&["about", "regarding"])
        .unwrap_or(tokens.len());
    let to = (0..topic)
        .rev()
        .find(|at| tokens.plain(*at) == "to" && !tokens.is(at + 1, &["my", "me"]))
        .or_else(|| tokens.position(&["to"]));
    let start = match to {
        Some(to) => to + 1,
        None => addressed(&tokens)?,
    };
    let is_end = |at: &usize| {
        let is_verb = tokens.is(*at, &["and"]) && tokens.is(at + 1, &["tell", "say", "ask", "let"]);
        is_verb || tokens.is(*at, AFTER_RECIPIENT)
    };
    let end = (start..tokens.len()).find(is_end).unwrap_or(tokens.len());
    let is_written =
        |at: &usize| tokens.is(*at, &["a", "an", "the", "my"]) && tokens.is(at + 1, NOUNS);
    // "Send Ramesh an email"
    let end = (start..end).find(is_written).unwrap_or(end);
    tokens.phrase(start, end.max(address_end(&tokens, start)))
}

/// Where a name stands that no "to" leads to: "email Ann about …", "tell Ann …", "send Ann a mail".
fn addressed(tokens: &Tokens<'_>) -> Option<usize> {
    let polite = [
        "please", "can", "could", "would", "you", "hey", "and", "now",
    ];
    let verb = (0..tokens.len()).find(|at| !tokens.is(*at, &polite))?;
    let is_verb = tokens.is(
        verb,
        &[
            "email", "e-mail", "mail", "tell", "message", "write", "let", "inform", "ping",
            "slack", "ask", "text",
        ],
    );
    let sends = tokens.is(verb, &["send", "shoot", "drop", "write"])
        && !tokens.is(verb + 1, &["a", "an", "the", "my"])
        && !tokens.is(verb + 1, NOUNS);
    (is_verb || sends).then_some(verb + 1)
}

/// Who is to get a copy.
fn copied(text: &str) -> Option<String> {
    let tokens = Tokens::of(order(text));
    let mark = tokens.position(&["cc", "copy"])?;
    let start = mark + 1 + usize::from(tokens.is(mark + 1, &["to"]));
    let end = tokens.find(&["about", "saying", "with"], start);
    tokens.phrase(start, end.unwrap_or(tokens.len()))
}

/// "With the subject Quotation".
fn subject(text: &str) -> Option<String> {
    let tokens = Tokens::of(order(text));
    let start = tokens.position(&["subject"])? + 1;
    let end = tokens.find(&["and", "saying", "to"], start);
    let subject = tokens.written(start..end.unwrap_or(tokens.len()));
    (!subject.is_empty()).then_some(subject)
}

pub(super) fn sending(text: &str) -> Result<Value, &'static str> {
    let copied = copied(text);
    let to = match copied {
        // What follows "with a copy to" is no recipient.
        Some(_) => recipient(before_copy(text)),
        None => recipient(text),
    };
    let subject = subject(text).or_else(|| topic(text));
    let about = subject
        .as_ref()
        .map(|subject| format!("This is about {subject}."));
    let mut arguments = json!({
        "to": to.ok_or(WHO)?,
        "body": said(text).or(about).ok_or(WHAT)?,
    });
    if let Some(subject) = subject {
        arguments["subject"] = subject.into();
    }
    if let Some(copied) = copied {
        arguments["cc"] = copied.into();
    }
    Ok(arguments)
}

fn before_copy(text: &str) -> &str {
    let lower = text.to_ascii_lowercase();
    let at = [" with a copy", " and copy", " copy ", " cc "]
        .iter()
        .filter_map(|mark| lower.find(mark))
        .min();
    at.map_or(text, |at| &text[..at])
}

pub(super) fn unread(text: &str) -> Value {
    let tokens = Tokens::of(text);
    let last = tokens.position(&["last", "first", "newest", "latest"]);
    let limit = last.and_then(|last| tokens.plain(last + 1).parse::<u32>().ok());
    limit.map_or_else(|| json!({}), |limit| json!({ "limit": limit }))
}

pub(super) fn search(text: &str) -> Result<Value, &'static str> {
    let tokens = Tokens::of(text);
    if let Some(query) = sender_asked_about(&tokens) {
        return Ok(json!({ "query": query }));
    }
    let link = tokens
        .position(&["with", "for", "about", "from"])
        .ok_or(SEARCH)?;
    // Who searches for what is from somebody or about something says so.
    let says_which = tokens.is(link, &["about", "from"]);
    let query = if says_which {
        tokens.written(link..tokens.len())
    } else {
        tokens.phrase(link + 1, tokens.len()).ok_or(SEARCH)?
    };
    Ok(json!({ "query": query }))
}

/// "Did Anil write to me?"
fn sender_asked_about(tokens: &Tokens<'_>) -> Option<String> {
    let start = tokens.position(&["did", "has"])? + 1;
    let end = tokens.find(
        &[
            "write", "written", "email", "emailed", "mail", "send", "sent",
        ],
        start,
    )?;
    let name = tokens.phrase(start, end)?;
    Some(format!("from {name}"))
}

pub(super) fn reading(text: &str) -> Result<Value, &'static str> {
    let tokens = Tokens::of(text);
    if let Some(from) = sender_asked_about(&tokens) {
        return Ok(json!({ "message": format!("the last message {from}") }));
    }
    let verb = tokens.position(&["read", "open", "does"]);
    let mut start = verb.map_or(0, |at| at + 1);
    while tokens.is(start, &["me", "out", "aloud", "up"]) {
        start += 1;
    }
    let end = tokens.find(&["say", "says", "please"], start);
    let message = tokens.phrase(start, end.unwrap_or(tokens.len()));
    Ok(json!({ "message": message.ok_or(WHICH_MAIL)? }))
}

pub(super) fn reply(text: &str) -> Result<Value, &'static str> {
    let tokens = Tokens::of(order(text));
    let verb = tokens.position(&["reply", "answer", "respond", "back"]);
    let start = verb.map_or(0, |at| at + 1);
    // "Answer Anil's mail with yes"
    let with = (start..tokens.len()).rfind(|at| tokens.is(*at, &["with"]));
    let with = with.filter(|_| said(text).is_none());
    let end = with.unwrap_or(tokens.len());
    let message = tokens.phrase(start, end).ok_or(WHICH_MAIL)?;
    let is_named = (start..tokens.len()).any(|at| tokens.is(at, NOUNS));
    let message = if is_named {
        message
    } else {
        format!("the last message from {message}")
    };
    let words = with.map(|with| capitalised(&tokens.written(with + 1..tokens.len())));
    let body = said(text).or(words.filter(|words| !words.is_empty()));
    Ok(json!({ "message": message, "body": body.ok_or(WHAT)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_people_topics_and_words() {
        for (text, to, about, words) in [
            (
                "Send a mail to John about the meeting",
                Some("John"),
                Some("the meeting"),
                None,
            ),
            (
                "send a message to Ramesh on Slack saying I'm late",
                Some("Ramesh"),
                None,
                Some("I'm late"),
            ),
            ("Email Ann that we won", Some("Ann"), None, Some("We won")),
            ("I want to send a mail to Bob", Some("Bob"), None, None),
            ("send a mail", None, None, None),
            (
                "tell the boss on teams that I am ill",
                Some("boss"),
                None,
                Some("I am ill"),
            ),
            (
                "send a mail to Ramesh and Bob saying hello",
                Some("Ramesh and Bob"),
                None,
                Some("Hello"),
            ),
            (
                "send Ramesh an email saying hello",
                Some("Ramesh"),
                None,
                Some("Hello"),
            ),
            (
                "let Ramesh know that I'm late",
                Some("Ramesh"),
                None,
                Some("I'm late"),
            ),
            (
                "send a mail to ramesh at example dot com saying that we won",
                Some("ramesh at example dot com"),
                None,
                Some("We won"),
            ),
            (
                "write to Priya Nair and tell her I am ill",
                Some("Priya Nair"),
                None,
                Some("I am ill"),
            ),
            (
                "email Ramesh, Bob and Priya: we won",
                Some("Ramesh, Bob and Priya"),
                None,
                Some("We won"),
            ),
        ] {
            let found = (recipient(text), topic(text), said(text));
            let found = (found.0.as_deref(), found.1.as_deref(), found.2.as_deref());
            assert_eq!(found, (to, about, words), "{text}");
        }
    }

    #[test]
    fn copies_and_subjects_are_told_apart() {
        let text = "send a mail to Ramesh with the subject Quotation and a copy to Priya Nair saying approved";
        let expected = json!({ "to": "Ramesh", "subject": "Quotation", "body": "Approved", "cc": "Priya Nair" });
        assert_eq!(sending(text), Ok(expected));
    }

    #[test]
    fn searches_have_a_query() {
        for (text, query) in [
            ("Find conversations with Alice", Ok("Alice")),
            ("search my mail for invoices", Ok("invoices")),
            (
                "find mails from Anil about the budget",
                Ok("from Anil about the budget"),
            ),
            ("did Anil write to me", Ok("from Anil")),
            ("search my mail", Err(SEARCH)),
        ] {
            assert_eq!(
                search(text),
                query.map(|query| json!({ "query": query })),
                "{text}"
            );
        }
    }

    #[test]
    fn which_message_is_meant_is_told() {
        for (text, message) in [
            (
                "Read me the last mail from Anil Rao",
                "last mail from Anil Rao",
            ),
            (
                "what does the mail about the budget say",
                "mail about the budget",
            ),
        ] {
            assert_eq!(reading(text), Ok(json!({ "message": message })), "{text}");
        }
        for (text, message) in [
            (
                "Reply to Anil Rao saying yes",
                "the last message from Anil Rao",
            ),
            ("answer the mail about lunch saying yes", "mail about lunch"),
        ] {
            let expected = json!({ "message": message, "body": "Yes" });
            assert_eq!(reply(text), Ok(expected), "{text}");
        }
    }
}
