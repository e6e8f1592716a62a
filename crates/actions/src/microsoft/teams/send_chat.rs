//! `teams.send_chat`.

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

#[derive(Debug)]
pub(super) struct SendChat(pub(super) ActionContext);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Name or e-mail address of the person, or the name of a group chat.
    to: String,
    /// The message, as the user wants it said.
    text: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    place: Place,
    text: String,
}

#[async_trait::async_trait]
impl Task for SendChat {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "send_chat";
    const KIND: ToolKind = ToolKind::Write;

    fn provider(&self) -> Provider {
        Provider::Teams
    }

    fn description(&self) -> String {
        "Sends a chat message to a person in the user's Microsoft Teams.".into()
    }

    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let text = needed(&arguments.text, "message")?;
        let to = needed(&arguments.to, "name of the person")?;
        let place = chats::place(&graph(&self.0, speaker)?, &to).await?;
        let question = format!("Shall I send “{text}” to {} in Teams?", place.label());
        Ok(Settled::asked(Plan { place, text }, question))
    }

    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let graph = graph(&self.0, speaker)?;
        let chat = plan.place.chat(&graph).await?;
        let label = plan.place.label();
        let url = graph.url(&["chats", &chat, "messages"]);
        let sent = messages::send(&graph, url, &plan.text).await;
        let id = sent.map_err(|error| messages::since_gone(error, label))?;
        Ok(json!({
            "spoken": format!("Sent to {label} in Teams."),
            "to": label,
            "chat": chat,
            "id": id,
        }))
    }
}
