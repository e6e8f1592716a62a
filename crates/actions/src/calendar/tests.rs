//! Which event the words mean.

use super::{Calendar, Event, NewEvent, desk::Opened};
use crate::{ActionError, Person};
use jiff::{ToSpan as _, Zoned, civil::date, tz::TimeZone};

/// A Wednesday, ten past ten in the morning.
fn now() -> Zoned {
    date(2026, 6, 3)
        .at(10, 10, 0, 0)
        .to_zoned(TimeZone::get("America/New_York").unwrap())
        .unwrap()
}

/// An id as Google makes them.
const ID: &str = "7k2m9q4r1s8t3u6v0a5b2c4d6e";

/// Events as a calendar holds them.
#[derive(Debug)]
struct Week(Vec<Event>);

#[async_trait::async_trait]
impl Calendar for Week {
    async fn zone(&self) -> Result<TimeZone, ActionError> {
        Ok(now().time_zone().clone())
    }
    async fn events(&self, from: &Zoned, to: &Zoned) -> Result<Vec<Event>, ActionError> {
        let overlaps = |event: &&Event| event.start < *to && event.end > *from;
        Ok(self.0.iter().filter(overlaps).cloned().collect())
    }
    async fn event(&self, id: &str, _zone: &TimeZone) -> Result<Event, ActionError> {
        let found = self.0.iter().find(|event| event.id == id).cloned();
        found.ok_or_else(|| ActionError::NotFound("There is none.".to_owned()))
    }
    async fn create(&self, _event: &NewEvent) -> Result<Event, ActionError> {
        unreachable!("looking for an event changes nothing")
    }
    async fn reschedule(&self, _: &Event, _: &Zoned, _: &Zoned) -> Result<Event, ActionError> {
        unreachable!("looking for an event changes nothing")
    }
    async fn cancel(&self, _event: &Event) -> Result<(), ActionError> {
        unreachable!("looking for an event changes nothing")
    }
    async fn busy(&self, _: &Zoned, _: &Zoned) -> Result<Vec<(Zoned, Zoned)>, ActionError> {
        Ok(Vec::new())
    }
    async fn find_people(&self, _name: &str) -> Result<Vec<Person>, ActionError> {
        Ok(Vec::new())
    }
}

fn event(id: &str, day: i8, hour: i8, title: &str, with: &[&str]) -> Event {
    let start = date(2026, 6, day).at(hour, 0, 0, 0);
    let start = start.to_zoned(now().time_zone().clone()).unwrap();
    let person = |name: &&str| Person {
        name: (*name).to_owned(),
        email: format!("{}@example.com", name.to_lowercase().replace(' ', ".")),
    };
    Event {
        id: id.to_owned(),
        version: None,
        title: title.to_owned(),
        end: start.saturating_add(1.hour()),
        start,
        is_all_day: false,
        is_recurring: id.starts_with("series"),
        is_own: true,
        attendees: with.iter().map(person).collect(),
        location: None,
    }
}

fn opened() -> Opened {
    Opened {
        calendar: Box::new(Week(vec![
            event("over", 3, 8, "Breakfast", &[]),
            event("series-3", 3, 11, "Stand-up", &[]),
            event("review", 3, 15, "Design review", &["Ramesh Kumar"]),
            event("series-4", 4, 11, "Stand-up", &[]),
            event("anil", 4, 14, "Call", &["Anil Rao"]),
            event("lunch", 4, 12, "Lunch with Ann", &[]),
            event("budget", 4, 15, "Budget", &["Bob"]),
            event("anna", 5, 12, "Team lunch", &["Anna Berg"]),
            event("one", 5, 15, "1:1 with Bob", &["Bob"]),
            event("dentist", 9, 9, "Dentist appointment", &[]),
            event("offsite", 30, 9, "Offsite", &["José Díaz"]),
            event(ID, 5, 18, "Planning", &[]),
        ])),
        now: now(),
    }
}

#[tokio::test]
async fn an_event_is_known_by_its_time_its_title_or_its_people() {
    for (said, id) in [
        ("my 3 PM meeting", "review"),
        ("3 PM meeting", "review"),
        ("three pm meeting", "review"),
        ("my meeting at 3", "review"),
        ("my 3 PM meeting tomorrow", "budget"),
        ("tomorrow's 3 o'clock", "budget"),
        ("the 3 pm meeting on Friday", "one"),
        ("call with Anil", "anil"),
        ("my call with Anil", "anil"),
        ("Anil", "anil"),
        ("tomorrow's call", "anil"),
        ("the meeting with Ramesh", "review"),
        ("design review", "review"),
        ("standup", "series-3"),
        ("my stand-up", "series-3"),
        ("tomorrow's stand-up", "series-4"),
        ("my lunch with Ann", "lunch"),
        ("lunch on Friday", "anna"),
        ("the dentist", "dentist"),
        // More than a fortnight ahead, as nothing nearer fits.
        ("the offsite", "offsite"),
        ("my meeting with Jose", "offsite"),
        ("the meeting with José Diaz", "offsite"),
        (ID, ID),
        ("dentist appointment", "dentist"),
        ("my next meeting", "series-3"),
        ("the budget meeting", "budget"),
        ("the 2 pm call tomorrow", "anil"),
        ("my one-on-one with Bob on Friday", "one"),
    ] {
        let found = opened().event(said).await.map(|event| event.id);
        assert_eq!(found.as_deref().ok(), Some(id), "{said}: {found:?}");
    }
}

#[tokio::test]
async fn several_are_asked_about_and_none_is_said() {
    for (said, answer) in [
        (
            "my meeting with Bob",
            "Which one do you mean: “Budget” on Thursday, June 4 at 3 PM or “1:1 with Bob” on Friday, June 5 at 3 PM?",
        ),
        (
            "my meeting",
            "Which one do you mean: “Stand-up”, this occurrence only, on Wednesday, June 3 at 11 AM or “Design review” on \
             Wednesday, June 3 at 3 PM?",
        ),
        (
            "my call with Zoe",
            "I found no “my call with Zoe” on your calendar.",
        ),
        (
            "the 5 pm meeting",
            "I found no “the 5 pm meeting” on your calendar.",
        ),
        ("breakfast", "I found no “breakfast” on your calendar."),
        // A day that is said is the only one looked at.
        (
            "the offsite on Friday",
            "I found no “the offsite on Friday” on your calendar.",
        ),
        // The id of nothing.
        (
            "0k2m9q4r1s8t3u6v0a5b2c4d6e",
            "I found no “0k2m9q4r1s8t3u6v0a5b2c4d6e” on your calendar.",
        ),
    ] {
        let error = opened().event(said).await.unwrap_err();
        assert_eq!(error.to_string(), answer, "{said}");
    }
}

#[tokio::test]
async fn what_else_is_then_is_named() {
    let opened = opened();
    let three = now().with().hour(15).minute(30).build().unwrap();
    let four = three.saturating_add(30.minutes());
    let said = opened.conflicts(&three, &four, None).await.unwrap();
    assert_eq!(
        said.as_deref(),
        Some("You have “Design review” at that time")
    );
    let same = opened.conflicts(&three, &four, Some("review")).await;
    assert_eq!(same.unwrap(), None);
}
