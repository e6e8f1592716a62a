//! `free_busy`: when there is time.

use super::{
    agenda::Span,
    desk::CalendarDesk,
    view::{during, rfc3339},
};
use crate::{
    ActionError, Provider, Speaker, ToolKind,
    recipients::and_list,
    typed::{Settled, Task},
};
use jiff::Zoned;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// How many free times are said.
const SAID: usize = 3;

/// Says when the user is busy and when not.
#[derive(Debug)]
pub(super) struct FreeBusy(pub(super) CalendarDesk);

/// What the model gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The day or span in the user's words: tomorrow afternoon, Friday from 2 to 4. Today when not said.
    #[serde(default)]
    when: Option<String>,
}

#[async_trait::async_trait]
impl Task for FreeBusy {
    type Arguments = Arguments;
    type Settled = Span;
    const VERB: &'static str = "free_busy";
    const KIND: ToolKind = ToolKind::Read;

    fn provider(&self) -> Provider {
        self.0.provider
    }
    fn description(&self) -> String {
        format!(
            "Says when the user is busy and when free, by their {}.",
            self.0.label()
        )
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
        let busy = self.0.calendar(speaker)?.busy(&span.from, &span.to).await?;
        let free = gaps(&busy, &span);
        Ok(json!({
            "spoken": spoken(&free, &span),
            "busy": spans(&busy),
            "free": spans(&free),
            "is_free": busy.is_empty(),
        }))
    }
}

fn spans(spans: &[(Zoned, Zoned)]) -> Vec<Value> {
    let span = |(from, to): &(Zoned, Zoned)| json!({"start": rfc3339(from), "end": rfc3339(to)});
    spans.iter().map(span).collect()
}

/// "You are free on Friday, May 29 from 12 PM to 2 PM and …"
fn spoken(free: &[(Zoned, Zoned)], span: &Span) -> String {
    if free.is_empty() {
        return format!("You are busy {}.", during(&span.from, &span.to));
    }
    let said = free.iter().take(SAID).map(|(from, to)| during(from, to));
    let mut said: Vec<String> = said.collect();
    if free.len() > SAID {
        said.push("later".to_owned());
    }
    format!("You are free {}.", and_list(&said))
}

/// What is left of a span.
fn gaps(busy: &[(Zoned, Zoned)], span: &Span) -> Vec<(Zoned, Zoned)> {
    let mut busy = busy.to_vec();
    busy.sort_by(|one, other| one.0.cmp(&other.0));
    let mut free = Vec::new();
    let mut from = span.from.clone();
    for (start, end) in busy {
        if start > from {
            free.push((from.clone(), start));
        }
        from = from.max(end);
    }
    if from < span.to {
        free.push((from, span.to.clone()));
    }
    free
}
