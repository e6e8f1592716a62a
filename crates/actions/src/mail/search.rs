//! `search`: messages about something, from or to somebody.

use super::{
    MailQuery,
    desk::{MailDesk, or_ask},
    named_message::Description,
    text,
    unread::{MOST, USUAL},
    view::MessageView,
};
use crate::{
    ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The longest query, in characters.
const LONGEST: usize = 200;

/// Searches the messages.
#[derive(Debug)]
pub(super) struct Search(pub(super) MailDesk);

/// What the model gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Words, a sender or a subject, and "today" or "yesterday".
    query: String,
    /// How many at most; 5 when not said, 20 at most.
    #[serde(default)]
    limit: Option<u32>,
}

/// What is sought.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    query: String,
    limit: u32,
}

#[async_trait::async_trait]
impl Task for Search {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "search";
    const KIND: ToolKind = ToolKind::Read;

    fn provider(&self) -> Provider {
        self.0.provider
    }
    fn description(&self) -> String {
        format!("Searches the messages in the user's {}.", self.0.label())
    }
    async fn settle(
        &self,
        _: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let query = text::cut(&text::line(&arguments.query), LONGEST);
        let query = or_ask(&query, "What should I search for?")?;
        let limit = arguments.limit.unwrap_or(USUAL).clamp(1, MOST);
        Ok(Settled::unasked(Plan { query, limit }))
    }
    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let description = Description::read(&plan.query);
        let query = if description == Description::default() {
            MailQuery {
                words: plan.query.clone(),
                ..MailQuery::default()
            }
        } else {
            description.query(&self.0.now())
        };
        let words = |count: usize, has_more: bool| match (count, has_more) {
            (0, _) => format!("I found no messages for “{}”.", plan.query),
            (1, false) => format!("I found one message for “{}”.", plan.query),
            (count, false) => format!("I found {count} messages for “{}”.", plan.query),
            (1, true) => format!("The newest message for “{}”.", plan.query),
            (count, true) => format!("The {count} newest messages for “{}”.", plan.query),
        };
        told(&self.0, speaker, &query, plan.limit, words).await
    }
}

/// The messages that fit, as they are told; `words` says how many there are, and whether there are more.
pub(super) async fn told(
    desk: &MailDesk,
    speaker: &Speaker,
    query: &MailQuery,
    limit: u32,
    words: impl Fn(usize, bool) -> String + Send,
) -> Result<Value, ActionError> {
    let limit = limit as usize;
    let mut found = desk.mailbox(speaker)?.search(query, limit + 1).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let zone = &desk.context.zone;
    let views = found
        .iter()
        .map(|message| MessageView::brief(message, zone));
    Ok(json!({
        "spoken": words(found.len(), has_more),
        "messages": views.collect::<Vec<_>>(),
        "has_more": has_more,
    }))
}
