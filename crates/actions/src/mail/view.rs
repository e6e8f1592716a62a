//! Messages as answers tell of them.

use super::{Message, text};
use crate::{Person, recipients::and_list, untrusted::untrusted, when};
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;

/// The longest name or preview that is told, in characters.
const LONGEST: usize = 200;
/// How many recipients are named.
const NAMED: usize = 5;
/// The longest text that is told; the rest is for the screen.
const LONGEST_TEXT: usize = 2_000;

/// A message for speech and for JSON. All that its sender wrote, the names included, is marked as such.
#[derive(Debug, Serialize)]
pub(super) struct MessageView {
    from: Value,
    subject: Value,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<String>,
    /// As it is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Value>,
    /// There is more of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_cut: Option<bool>,
    is_unread: bool,
    id: String,
}

impl MessageView {
    /// In a list.
    pub(super) fn brief(message: &Message, zone: &TimeZone) -> Self {
        let received = message.received.map(|at| at.to_zoned(zone.clone()));
        Self {
            from: untrusted(&named(&message.from)),
            subject: untrusted(&text::subject(&message.subject)),
            received: received
                .as_ref()
                .map(|at| at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()),
            when: received.as_ref().map(when::spoken),
            preview: Some(untrusted(&text::cut(
                &text::line(&message.preview),
                LONGEST,
            ))),
            to: None,
            text: None,
            is_cut: None,
            is_unread: message.is_unread,
            id: message.id.clone(),
        }
    }

    /// With its text.
    pub(super) fn whole(message: &Message, zone: &TimeZone) -> Self {
        let words = message.text.as_deref().unwrap_or(&message.preview);
        let words = text::paragraphs(words);
        let mut to: Vec<String> = message.to.iter().take(NAMED).map(named).collect();
        if message.to.len() > NAMED {
            to.push(format!("{} more", message.to.len() - NAMED));
        }
        Self {
            preview: None,
            to: Some(untrusted(&and_list(&to))),
            text: Some(untrusted(&text::cut(&words, LONGEST_TEXT - 1))),
            is_cut: Some(words.chars().count() >= LONGEST_TEXT),
            ..Self::brief(message, zone)
        }
    }
}

fn named(person: &Person) -> String {
    let person = Person {
        name: text::line(&person.name),
        email: text::line(&person.email),
    };
    match person.spoken().as_str() {
        "" => "somebody".to_owned(),
        spoken => text::cut(spoken, LONGEST),
    }
}
