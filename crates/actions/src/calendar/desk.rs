//! What all actions on calendars begin with: the speaker's calendar, and now in its zone.

use super::{Calendar, Event};
use crate::{ActionContext, ActionError, Person, Provider, Speaker, recipients, when};
use jiff::Zoned;

/// Opens a speaker's calendar.
pub(crate) type OpenCalendar =
    fn(&ActionContext, &Speaker) -> Result<Box<dyn Calendar>, ActionError>;

/// A provider's calendars, in one conversation.
#[derive(Debug, Clone)]
pub(crate) struct CalendarDesk {
    pub(crate) context: ActionContext,
    pub(crate) provider: Provider,
    pub(crate) open: OpenCalendar,
}

/// A speaker's calendar, opened.
pub(super) struct Opened {
    pub(super) calendar: Box<dyn Calendar>,
    /// Now, in the calendar's zone.
    pub(super) now: Zoned,
}

impl CalendarDesk {
    pub(super) fn calendar(&self, speaker: &Speaker) -> Result<Box<dyn Calendar>, ActionError> {
        (self.open)(&self.context, speaker)
    }

    pub(super) async fn opened(&self, speaker: &Speaker) -> Result<Opened, ActionError> {
        let calendar = self.calendar(speaker)?;
        let zone = match calendar.zone().await {
            Ok(zone) => zone,
            // What lies outside of the grant, or of what is known here, is no reason to fail.
            Err(
                ActionError::MissingScope(_)
                | ActionError::BadAnswer(_)
                | ActionError::NotFound(_)
                | ActionError::Refused { .. },
            ) => self.context.zone.clone(),
            Err(error) => return Err(error),
        };
        let now = (self.context.services.now)().to_zoned(zone);
        Ok(Opened { calendar, now })
    }

    pub(super) fn label(&self) -> &'static str {
        self.provider.label()
    }
}

impl Opened {
    /// The people of a list of names and addresses.
    pub(super) async fn people(&self, list: &str) -> Result<Vec<Person>, ActionError> {
        let mut people = Vec::new();
        for name in recipients::names(list) {
            let person = match recipients::address(&name)? {
                Some(person) => person,
                None => recipients::one_of(&name, self.calendar.find_people(&name).await?)?,
            };
            people.push(person);
        }
        Ok(people)
    }

    /// Who is told of events at that time beside the one that is changed: "You have “Stand-up” at that time".
    pub(super) async fn conflicts(
        &self,
        start: &Zoned,
        end: &Zoned,
        but: Option<&str>,
    ) -> Result<Option<String>, ActionError> {
        let events = self.calendar.events(start, end).await?;
        let titles: Vec<String> = events
            .iter()
            .filter(|event| !event.is_all_day && Some(event.id.as_str()) != but)
            .filter(|event| event.start < *end && event.end > *start)
            .take(3)
            .map(|event| format!("“{}”", event.title))
            .collect();
        if titles.is_empty() {
            return Ok(None);
        }
        Ok(Some(format!(
            "You have {} at that time",
            recipients::and_list(&titles)
        )))
    }
}

/// The question before a change: "Shall I move …?", or, where something else is then, "You have … at that time; shall I
/// still move …?".
pub(super) fn question(conflict: Option<String>, what: &str) -> String {
    match conflict {
        Some(conflict) => format!("{conflict}; shall I still {what}?"),
        None => format!("Shall I {what}?"),
    }
}

/// "“Call with Anil” on Friday, June 5 at 3 PM"; of a series, that only this one is meant.
pub(super) fn named(event: &Event) -> String {
    let series = if event.is_recurring {
        ", this occurrence only,"
    } else {
        ""
    };
    if event.is_all_day {
        let day = event.start.strftime("%A, %B %-d");
        return format!("“{}”{series} on {day}", event.title);
    }
    format!(
        "“{}”{series} on {}",
        event.title,
        when::spoken(&event.start)
    )
}
