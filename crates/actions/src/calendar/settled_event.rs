//! An event as it stands between the question and the deed.

use super::Event;
use crate::{ActionError, Person};
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// All of an event that a change needs; its version, so that it is the one that was asked about.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SettledEvent {
    id: String,
    version: Option<String>,
    title: String,
    start: Zoned,
    end: Zoned,
    is_all_day: bool,
    is_recurring: bool,
    attendees: Vec<Person>,
}

impl SettledEvent {
    /// The event, if the speaker may change it; `change` is what they may not else: "move".
    pub(super) fn of(event: Event, change: &str) -> Result<Self, ActionError> {
        if !event.is_own {
            return Err(ActionError::NotFound(format!(
                "“{}” belongs to somebody else, so that I cannot {change} it.",
                event.title
            )));
        }
        Ok(Self {
            id: event.id,
            version: event.version,
            title: event.title,
            start: event.start,
            end: event.end,
            is_all_day: event.is_all_day,
            is_recurring: event.is_recurring,
            attendees: event.attendees,
        })
    }
}

impl From<SettledEvent> for Event {
    fn from(settled: SettledEvent) -> Self {
        Self {
            id: settled.id,
            version: settled.version,
            title: settled.title,
            start: settled.start,
            end: settled.end,
            is_all_day: settled.is_all_day,
            is_recurring: settled.is_recurring,
            is_own: true,
            attendees: settled.attendees,
            location: None,
        }
    }
}

/// What is said of an event that changed since it was asked about.
pub(super) fn since_changed(error: ActionError, title: &str) -> ActionError {
    match error {
        ActionError::Refused { status: 412, .. } => ActionError::Ask(format!(
            "“{title}” has been changed meanwhile. Please ask me again."
        )),
        ActionError::NotFound(_) => {
            ActionError::NotFound(format!("“{title}” is not on your calendar any more."))
        }
        error => error,
    }
}
