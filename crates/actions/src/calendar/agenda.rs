//! `agenda`: what is on the calendar.

use super::{
    desk::CalendarDesk,
    view::{EventView, during},
};
use crate::{
    ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task},
    when::Said,
};
use jiff::Zoned;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The longest agenda that is told.
const MOST: usize = 50;

/// Lists the events of a span.
#[derive(Debug)]
pub(super) struct Agenda(pub(super) CalendarDesk);

/// What the model gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The day or span in the user's words: today, tomorrow, this week, 3 June. Today when not said.
    #[serde(default)]
    when: Option<String>,
}

/// From when to when.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Span {
    pub(super) from: Zoned,
    pub(super) to: Zoned,
}

impl Span {
    /// What was said, else today.
    pub(super) fn read(when: Option<&str>, now: &Zoned) -> Result<Self, ActionError> {
        let when = when.map(str::trim).filter(|when| !when.is_empty());
        let (from, to) = Said::parse(when.unwrap_or("today"), now)?.span(now);
        Ok(Self { from, to })
    }
}

#[async_trait::async_trait]
impl Task for Agenda {
    type Arguments = Arguments;
    type Settled = Span;
    const VERB: &'static str = "agenda";
    const KIND: ToolKind = ToolKind::Read;

    fn provider(&self) -> Provider {
        self.0.provider
    }
    fn description(&self) -> String {
        format!("Lists the events in the user's {}.", self.0.label())
    }
    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Span>, ActionError> {
        let now = self.0.opened(speaker).await?.now;
        let span = Span::read(arguments.when.as_deref(), &now)?;
        Ok(Settled::unasked(span))
    }
    async fn act(&self, speaker: &Speaker, span: Span) -> Result<Value, ActionError> {
        let events = self
            .0
            .calendar(speaker)?
            .events(&span.from, &span.to)
            .await?;
        let total = events.len();
        let events: Vec<EventView> = events.into_iter().take(MOST).map(EventView::from).collect();
        let during = during(&span.from, &span.to);
        let spoken = match total {
            0 => format!("Your calendar is empty {during}."),
            1 => format!("You have one event {during}."),
            total => format!("You have {total} events {during}."),
        };
        Ok(json!({"spoken": spoken, "events": events, "total": total}))
    }
}
