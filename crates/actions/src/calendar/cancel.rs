//! `cancel`: an event is called off.

use super::{
    Event,
    desk::{CalendarDesk, named},
    settled_event::{SettledEvent, since_changed},
    view::EventView,
};
use crate::{
    ActionError, Person, Provider, Speaker, ToolKind,
    recipients::and_list,
    typed::{Settled, Task},
    when,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// How many of those who are told are named in the question.
const NAMED: usize = 3;

/// Cancels an event.
#[derive(Debug)]
pub(super) struct Cancel(pub(super) CalendarDesk);

/// What the model gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Which event, in the user's words: my call with Anil. Or its id.
    event: String,
}

#[async_trait::async_trait]
impl Task for Cancel {
    type Arguments = Arguments;
    type Settled = SettledEvent;
    const VERB: &'static str = "cancel";
    const KIND: ToolKind = ToolKind::Write;

    fn provider(&self) -> Provider {
        self.0.provider
    }
    fn description(&self) -> String {
        format!("Cancels an event in the user's {}.", self.0.label())
    }
    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<SettledEvent>, ActionError> {
        let opened = self.0.opened(speaker).await?;
        let event = opened.event(&arguments.event).await?;
        let mut question = format!("Shall I cancel {}", named(&event));
        if !event.attendees.is_empty() {
            let told = event.attendees.iter().take(NAMED);
            let mut told: Vec<String> = told.map(Person::spoken).collect();
            if event.attendees.len() > NAMED {
                told.push("others".to_owned());
            }
            question = format!("{question} and let {} know", and_list(&told));
        }
        let event = SettledEvent::of(event, "cancel")?;
        Ok(Settled::asked(event, format!("{question}?")))
    }
    async fn act(&self, speaker: &Speaker, settled: SettledEvent) -> Result<Value, ActionError> {
        let event = Event::from(settled);
        let calendar = self.0.calendar(speaker)?;
        calendar
            .cancel(&event)
            .await
            .map_err(|error| since_changed(error, &event.title))?;
        let at = if event.is_all_day {
            event.start.strftime("%A, %B %-d").to_string()
        } else {
            when::spoken(&event.start)
        };
        Ok(json!({
            "spoken": format!("The event on {at} is cancelled."),
            "cancelled": EventView::from(event),
        }))
    }
}
