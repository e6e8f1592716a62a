//! `reschedule`: an event moves.

use super::{
    Event,
    desk::{CalendarDesk, named, question},
    settled_event::{SettledEvent, since_changed},
    view::EventView,
};
use crate::{
    ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task},
    when::{self, Said},
};
use jiff::Zoned;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Moves an event.
#[derive(Debug)]
pub(super) struct Reschedule(pub(super) CalendarDesk);

/// What the model gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Which event, in the user's words: my 3 PM meeting. Or its id.
    event: String,
    /// The new start in the user's words or RFC 3339.
    when: String,
}

/// What moves, and where.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Settlement {
    event: SettledEvent,
    start: Zoned,
    end: Zoned,
}

#[async_trait::async_trait]
impl Task for Reschedule {
    type Arguments = Arguments;
    type Settled = Settlement;
    const VERB: &'static str = "reschedule";
    const KIND: ToolKind = ToolKind::Write;

    fn provider(&self) -> Provider {
        self.0.provider
    }
    fn description(&self) -> String {
        format!("Moves an event in the user's {}.", self.0.label())
    }
    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Settlement>, ActionError> {
        let opened = self.0.opened(speaker).await?;
        let event = opened.event(&arguments.event).await?;
        if event.is_all_day {
            return Err(ActionError::Ask(format!(
                "“{}” lasts the whole day; I can only move events that have a time.",
                event.title
            )));
        }
        let said = Said::parse(&arguments.when, &opened.now)?;
        let start = said.moved(&event.start, &opened.now)?;
        let length = event.start.duration_until(&event.end);
        let end = match said.minutes() {
            Some(minutes) => start.saturating_add(jiff::SignedDuration::from_mins(minutes)),
            None => start.saturating_add(length),
        };
        let conflict = opened.conflicts(&start, &end, Some(&event.id)).await?;
        let what = format!(
            "move {} to {}",
            named(&event),
            when::spoken_on(&start, &opened.now)
        );
        let event = SettledEvent::of(event, "move")?;
        let settlement = Settlement { event, start, end };
        Ok(Settled::asked(settlement, question(conflict, &what)))
    }
    async fn act(&self, speaker: &Speaker, settled: Settlement) -> Result<Value, ActionError> {
        let event = Event::from(settled.event);
        let calendar = self.0.calendar(speaker)?;
        let moved = calendar
            .reschedule(&event, &settled.start, &settled.end)
            .await
            .map_err(|error| since_changed(error, &event.title))?;
        let at = when::spoken(&moved.start);
        Ok(json!({
            "spoken": format!("The event is now on {at}."),
            "moved": EventView::from(moved),
        }))
    }
}
