//! `unread`: what nobody has read.

use super::{MailQuery, desk::MailDesk, search::told};
use crate::{
    ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Messages where no number is said, and the most.
pub(super) const USUAL: u32 = 5;
pub(super) const MOST: u32 = 20;

/// Lists the unread messages.
#[derive(Debug)]
pub(super) struct Unread(pub(super) MailDesk);

/// What the model gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// How many at most; 5 when not said, 20 at most.
    #[serde(default)]
    limit: Option<u32>,
}

/// How many.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    limit: u32,
}

#[async_trait::async_trait]
impl Task for Unread {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "unread";
    const KIND: ToolKind = ToolKind::Read;

    fn provider(&self) -> Provider {
        self.0.provider
    }
    fn description(&self) -> String {
        format!(
            "Lists the unread messages in the user's {}.",
            self.0.label()
        )
    }
    async fn settle(
        &self,
        _: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let limit = arguments.limit.unwrap_or(USUAL).clamp(1, MOST);
        Ok(Settled::unasked(Plan { limit }))
    }
    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let query = MailQuery {
            only_unread: true,
            only_received: true,
            ..MailQuery::default()
        };
        let words = |count: usize, has_more: bool| match (count, has_more) {
            (0, _) => "You have no unread messages.".to_owned(),
            (1, true) => "The newest of your unread messages.".to_owned(),
            (count, true) => format!("The {count} newest of your unread messages."),
            (1, false) => "You have one unread message.".to_owned(),
            (count, false) => format!("You have {count} unread messages."),
        };
        told(&self.0, speaker, &query, plan.limit, words).await
    }
}
