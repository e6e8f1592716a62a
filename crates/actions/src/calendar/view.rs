//! Events as answers tell of them.

use super::Event;
use crate::{Person, mail::text, untrusted::untrusted, when};
use jiff::Zoned;
use serde::Serialize;
use serde_json::Value;

/// The longest title, name or place that is told, in characters.
const LONGEST: usize = 200;

/// An event for speech and for JSON. Whoever invites the user writes its title, its place and its guests' names, so that
/// they are marked as others' words.
#[derive(Debug, Serialize)]
pub(super) struct EventView {
    title: Value,
    /// RFC 3339.
    start: String,
    end: String,
    /// As it is said.
    when: String,
    is_all_day: bool,
    is_recurring: bool,
    with: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Value>,
    id: String,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        let named = |person: &Person| {
            let name = if person.name.is_empty() {
                &person.email
            } else {
                &person.name
            };
            theirs(name)
        };
        Self {
            with: event.attendees.iter().map(named).collect(),
            start: rfc3339(&event.start),
            end: rfc3339(&event.end),
            when: if event.is_all_day {
                event.start.strftime("%A, %B %-d, all day").to_string()
            } else {
                when::spoken(&event.start)
            },
            title: theirs(&event.title),
            is_all_day: event.is_all_day,
            is_recurring: event.is_recurring,
            location: event.location.as_deref().map(theirs),
            id: event.id,
        }
    }
}

/// In one line, marked.
fn theirs(words: &str) -> Value {
    untrusted(&text::cut(&text::line(words), LONGEST))
}

/// RFC 3339, with the offset of its zone.
pub(super) fn rfc3339(moment: &Zoned) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
