//! Events as answers tell of them.

use super::Event;
use crate::{Person, mail::text, untrusted::untrusted, when};
use jiff::{ToSpan as _, Zoned, civil::Time};
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

/// A span as it is said: "on Friday, May 29", "from Monday, June 1 to Sunday, June 7", "on Friday, May 29 from 2 PM to
/// 4 PM".
pub(super) fn during(from: &Zoned, to: &Zoned) -> String {
    let day = |at: &Zoned| at.strftime("%A, %B %-d").to_string();
    let is_midnight = |at: &Zoned| at.time() == Time::midnight();
    if is_midnight(from) && is_midnight(to) {
        let last = to.saturating_sub(1.day());
        if last.date() <= from.date() {
            return format!("on {}", day(from));
        }
        return format!("from {} to {}", day(from), day(&last));
    }
    if from.date() == to.date() {
        return format!("on {} from {} to {}", day(from), clock(from), clock(to));
    }
    format!("from {} to {}", when::spoken(from), when::spoken(to))
}

/// "2 PM", "2:30 PM"
fn clock(at: &Zoned) -> String {
    let format = if at.minute() == 0 {
        "%-I %p"
    } else {
        "%-I:%M %p"
    };
    at.strftime(format).to_string()
}

/// RFC 3339, with the offset of its zone.
pub(super) fn rfc3339(moment: &Zoned) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_by_their_days_or_hours() {
        let at = |text: &str| -> Zoned { format!("{text}[America/New_York]").parse().unwrap() };
        for (from, to, told) in [
            (
                "2026-05-29T00:00:00-04:00",
                "2026-05-30T00:00:00-04:00",
                "on Friday, May 29",
            ),
            // A day of 23 hours.
            (
                "2026-03-08T00:00:00-05:00",
                "2026-03-09T00:00:00-04:00",
                "on Sunday, March 8",
            ),
            (
                "2026-06-01T00:00:00-04:00",
                "2026-06-08T00:00:00-04:00",
                "from Monday, June 1 to Sunday, June 7",
            ),
            (
                "2026-05-29T14:00:00-04:00",
                "2026-05-29T16:30:00-04:00",
                "on Friday, May 29 from 2 PM to 4:30 PM",
            ),
            (
                "2026-05-29T18:00:00-04:00",
                "2026-05-30T00:00:00-04:00",
                "from Friday, May 29 at 6 PM to Saturday, May 30 at 12 AM",
            ),
        ] {
            assert_eq!(during(&at(from), &at(to)), told);
        }
    }
}
