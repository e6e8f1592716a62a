//! `create`: an event is made.

use super::{
    NewEvent,
    desk::{CalendarDesk, question},
    view::EventView,
};
use crate::{
    ActionError, Person, Provider, Speaker, ToolKind,
    recipients::and_list,
    typed::{Settled, Task, needed},
    when::{self, Said},
};
use jiff::{ToSpan as _, Zoned};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How long an event lasts when nobody says.
const DEFAULT_MINUTES: i64 = 30;
/// The longest that is made: a fortnight.
const MOST_MINUTES: i64 = 14 * 24 * 60;

/// Makes an event.
#[derive(Debug)]
pub(super) struct Create(pub(super) CalendarDesk);

/// What the model gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// What it is.
    title: String,
    /// Start in the user's words or RFC 3339: tomorrow at 6 PM.
    when: String,
    /// Length; 30 when not said.
    #[serde(default)]
    duration_minutes: Option<i64>,
    /// Names or e-mail addresses, separated by commas.
    #[serde(default)]
    attendees: Option<String>,
    /// What it is about, at more length.
    #[serde(default)]
    description: Option<String>,
}

/// What is made.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Settlement {
    id: String,
    title: String,
    start: Zoned,
    end: Zoned,
    attendees: Vec<Person>,
    description: String,
}

#[async_trait::async_trait]
impl Task for Create {
    type Arguments = Arguments;
    type Settled = Settlement;
    const VERB: &'static str = "create";
    const KIND: ToolKind = ToolKind::Write;

    fn provider(&self) -> Provider {
        self.0.provider
    }
    fn description(&self) -> String {
        format!(
            "Creates an event in the user's {}: one at a time of day, neither a series nor a whole day.",
            self.0.label()
        )
    }
    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Settlement>, ActionError> {
        let title = needed(&arguments.title, "title of the event")?;
        let opened = self.0.opened(speaker).await?;
        let said = Said::parse(&arguments.when, &opened.now)?;
        let start = said.moment(&opened.now)?;
        let minutes = arguments.duration_minutes.or_else(|| said.minutes());
        let minutes = minutes.unwrap_or(DEFAULT_MINUTES);
        if !(1..=MOST_MINUTES).contains(&minutes) {
            return Err(ActionError::Ask("How long should it be?".to_owned()));
        }
        let end = start.saturating_add(minutes.minutes());
        let attendees = opened
            .people(arguments.attendees.as_deref().unwrap_or_default())
            .await?;
        let conflict = opened.conflicts(&start, &end, None).await?;
        let mut what = format!("add “{title}” on {}", when::spoken_on(&start, &opened.now));
        if minutes != DEFAULT_MINUTES {
            what = format!("{what} for {}", length(minutes));
        }
        if !attendees.is_empty() {
            let invited: Vec<String> = attendees.iter().map(Person::spoken).collect();
            what = format!("{what} and invite {}", and_list(&invited));
        }
        let settlement = Settlement {
            // Hexadecimal digits are among those that Google takes.
            id: uuid::Uuid::new_v4().simple().to_string(),
            title,
            start,
            end,
            attendees,
            description: arguments.description.unwrap_or_default(),
        };
        Ok(Settled::asked(settlement, question(conflict, &what)))
    }
    async fn act(&self, speaker: &Speaker, settled: Settlement) -> Result<Value, ActionError> {
        let event = NewEvent {
            id: settled.id,
            title: settled.title,
            start: settled.start,
            end: settled.end,
            attendees: settled.attendees,
            description: settled.description,
        };
        let event = self.0.calendar(speaker)?.create(&event).await?;
        let at = when::spoken(&event.start);
        Ok(json!({
            "spoken": format!("The event is on your calendar on {at}."),
            "created": EventView::from(event),
        }))
    }
}

/// "45 minutes", "an hour", "2 hours"
fn length(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (1, 0) => "an hour".to_owned(),
        (hours, 0) => format!("{hours} hours"),
        (0, 1) => "a minute".to_owned(),
        _ => format!("{minutes} minutes"),
    }
}
