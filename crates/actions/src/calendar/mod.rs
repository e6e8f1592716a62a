//! Calendars: what Google's and Outlook's have in common, and the actions on them.

mod agenda;
mod cancel;
mod create;
mod desk;
mod free_busy;
mod named_event;
mod reschedule;
mod settled_event;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use desk::CalendarDesk;

use crate::{Action, ActionError, Person, typed::Typed};
use jiff::{Zoned, tz::TimeZone};
use serde::Serialize;
use std::sync::Arc;

/// The id is that of a series: what is done to one occurrence must not be done to all.
pub(crate) fn whole_series() -> ActionError {
    ActionError::Ask("That is a whole series. Which one of its events do you mean?".into())
}

/// An event; of a recurring one, a single occurrence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// The provider's id of this occurrence.
    pub id: String,
    /// The provider's version (ETag), so that a change made meanwhile is not overwritten.
    #[serde(skip)]
    pub version: Option<String>,
    /// Title.
    pub title: String,
    /// Start, in the calendar's zone.
    pub start: Zoned,
    /// End.
    pub end: Zoned,
    /// Lasts whole days.
    pub is_all_day: bool,
    /// One of a series.
    pub is_recurring: bool,
    /// The user may change it.
    pub is_own: bool,
    /// Who else takes part.
    pub attendees: Vec<Person>,
    /// Place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// An event to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Title.
    pub title: String,
    /// Start.
    pub start: Zoned,
    /// End.
    pub end: Zoned,
    /// Who is invited.
    pub attendees: Vec<Person>,
    /// Text.
    pub description: String,
    /// The same for every attempt, so that a repeated one makes no second event; 5–1024 characters of `0-9a-v`.
    pub id: String,
}

/// A calendar of one user.
#[async_trait::async_trait]
pub trait Calendar: Send + Sync + std::fmt::Debug {
    /// Its time zone.
    async fn zone(&self) -> Result<TimeZone, ActionError>;
    /// The events that overlap a span, by start, occurrences one by one, cancelled ones left out.
    async fn events(&self, from: &Zoned, to: &Zoned) -> Result<Vec<Event>, ActionError>;
    /// The event, or the occurrence of one, with this id, in a zone.
    async fn event(&self, id: &str, zone: &TimeZone) -> Result<Event, ActionError>;
    /// Makes one; invitations are sent.
    async fn create(&self, event: &NewEvent) -> Result<Event, ActionError>;
    /// Moves one occurrence; those who take part are told.
    async fn reschedule(
        &self,
        event: &Event,
        start: &Zoned,
        end: &Zoned,
    ) -> Result<Event, ActionError>;
    /// Cancels one occurrence; those who take part are told.
    async fn cancel(&self, event: &Event) -> Result<(), ActionError>;
    /// When the user is busy.
    async fn busy(&self, from: &Zoned, to: &Zoned) -> Result<Vec<(Zoned, Zoned)>, ActionError>;
    /// People of this name, the likeliest first.
    async fn find_people(&self, name: &str) -> Result<Vec<Person>, ActionError>;
}

/// The actions on a provider's calendars.
pub(crate) fn actions(desk: &CalendarDesk) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(Typed::new(agenda::Agenda(desk.clone()))),
        Arc::new(Typed::new(create::Create(desk.clone()))),
        Arc::new(Typed::new(reschedule::Reschedule(desk.clone()))),
        Arc::new(Typed::new(cancel::Cancel(desk.clone()))),
        Arc::new(Typed::new(free_busy::FreeBusy(desk.clone()))),
    ]
}
