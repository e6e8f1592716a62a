//! `teams.read_chat`.

use super::{
    chats::{self, Place},
    graph, messages,
};
use crate::{
    ActionContext, ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task, needed},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Messages where no number is said, and the most.
pub(super) const USUAL: u32 = 10;
pub(super) const MOST: u32 = 50;

#[derive(Debug)]
pub(super) struct ReadChat(pub(super) ActionContext);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Name or e-mail address of the person, or the name of a group chat.
    #[serde(alias = "from", alias = "to", alias = "person")]
    with: String,
    /// How many of the newest messages; 10 unless told, 50 at most.
    #[serde(default)]
    limit: Option<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    chat: String,
    label: String,
    limit: u32,
}

#[async_trait::async_trait]
impl Task for ReadChat {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "read_chat";
    const KIND: ToolKind = ToolKind::Read;

    fn provider(&self) -> Provider {
        Provider::Teams
    }

    fn description(&self) -> String {
        "Reads the newest messages of the user's chat with a person, or of a group chat, in Microsoft Teams.".into()
    }

    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let with = needed(&arguments.with, "name of the person")?;
        let limit = arguments.limit.unwrap_or(USUAL).clamp(1, MOST);
        match chats::place(&graph(&self.0, speaker)?, &with).await? {
            Place::Chat { id, label } => Ok(Settled::unasked(Plan {
                chat: id,
                label,
                limit,
            })),
            Place::Person { label, .. } => {
                let none = format!("You have no chat with {label} in Teams.");
                Err(ActionError::NotFound(none))
            }
        }
    }

    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let graph = graph(&self.0, speaker)?;
        let label = plan.label;
        let url = graph.url(&["chats", &plan.chat, "messages"]);
        let limit = plan.limit as usize;
        let found = messages::newest(&graph, url, true, limit, &self.0.zone).await;
        let found = found.map_err(|error| messages::since_gone(error, &label))?;
        let place = if label.starts_with("the chat ") {
            format!("in {label}")
        } else {
            format!("with {label}")
        };
        let spoken = messages::spoken(found.len(), &place);
        Ok(json!({ "spoken": spoken, "with": label, "messages": found }))
    }
}
