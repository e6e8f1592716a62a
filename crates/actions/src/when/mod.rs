//! Times as people say them: "tomorrow at 6 PM", "half past three", "in an hour and a half", "next week".
//!
//! [`Said::parse`] reads the words; what they mean depends on what they are for: [`Said::moment`] to make an event,
//! [`Said::span`] to look at a calendar, [`Said::moved`] to move an event that is known. "Now" is passed in, and its
//! time zone is the speaker's.

mod calendar;
mod clock;
mod meaning;
mod parser;
#[cfg(test)]
mod tests;
mod words;

use jiff::{
    Zoned,
    civil::{Date, Time},
};

/// What was said of a time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    day: Option<Day>,
    time: Option<TimeOfDay>,
    part: Option<Part>,
    exact: Option<Zoned>,
    /// "Half an hour later": minutes from where it is.
    shift: Option<i64>,
}

/// A day, or days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Day {
    first: Date,
    /// The same as `first` for one day.
    last: Date,
    /// "next Friday" was said where people differ in what they mean.
    or: Option<Date>,
}

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TimeOfDay {
    At(ClockTime),
    /// From, to.
    Between(ClockTime, ClockTime),
    After(ClockTime),
    Before(ClockTime),
}

/// A time on the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ClockTime {
    time: Time,
    /// "6 PM", "18:00", "noon"; not "6".
    is_certain: bool,
}

/// A part of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Morning,
    Afternoon,
    Evening,
    Night,
}

/// Why a time could not be taken as it was said. Each says what to ask the speaker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// No time in these words.
    #[error("I did not understand the time “{0}”. Which day and time do you mean?")]
    NotUnderstood(String),
    /// Several readings; the choices are in order of likelihood.
    #[error("Do you mean {}?", or_list(.0))]
    Ambiguous(Vec<Zoned>),
    /// A day without a time, where a time is needed.
    #[error("At what time on {}?", .0.strftime("%A, %B %-d"))]
    NeedsTime(Date),
    /// A whole week or month where a moment is needed.
    #[error("On which day, and at what time?")]
    NeedsDay,
    /// It is over.
    #[error("{} is in the past. Which time do you mean?", spoken(.0))]
    Past(Zoned),
}

impl Said {
    /// A day was said, or a moment.
    pub fn names_a_day(&self) -> bool {
        self.day.is_some() || self.exact.is_some()
    }
}

/// A moment as it is said on a day; of another year, with the year: "Friday, June 5, 2027 at 3:30 PM".
pub fn spoken_on(moment: &Zoned, today: &Zoned) -> String {
    if moment.year() == today.year() {
        return spoken(moment);
    }
    spoken(moment).replacen(" at ", &format!(", {} at ", moment.year()), 1)
}

/// A moment as it is said: "Friday, June 5 at 3:30 PM".
pub fn spoken(moment: &Zoned) -> String {
    let format = if moment.minute() == 0 {
        "%A, %B %-d at %-I %p"
    } else {
        "%A, %B %-d at %-I:%M %p"
    };
    moment.strftime(format).to_string()
}

fn or_list(choices: &[Zoned]) -> String {
    choices.iter().map(spoken).collect::<Vec<_>>().join(", or ")
}
