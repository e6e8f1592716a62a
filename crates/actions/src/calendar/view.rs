//! Events as answers tell of them.

use super::Event;
use crate::when;
use jiff::Zoned;
use serde::Serialize;

/// An event for speech and for JSON.
#[derive(Debug, Serialize)]
pub(super) struct EventView {
    title: String,
    /// RFC 3339.
    start: String,
    end: String,
    /// As it is said.
    when: String,
    is_all_day: bool,
    is_recurring: bool,
    with: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    id: String,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        let named = |name: &str, email: &str| if name.is_empty() { email } else { name }.to_owned();
        let with = event.attendees.iter();
        Self {
            with: with
                .map(|person| named(&person.name, &person.email))
                .collect(),
            start: rfc3339(&event.start),
            end: rfc3339(&event.end),
            when: if event.is_all_day {
                event.start.strftime("%A, %B %-d, all day").to_string()
            } else {
                when::spoken(&event.start)
            },
            title: event.title,
            is_all_day: event.is_all_day,
            is_recurring: event.is_recurring,
            location: event.location,
            id: event.id,
        }
    }
}

/// RFC 3339, with the offset of its zone.
pub(super) fn rfc3339(moment: &Zoned) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
