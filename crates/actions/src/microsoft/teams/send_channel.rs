//! `teams.send_channel`.

use super::{
    channels::{self, Channel},
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
pub(super) struct SendChannel(pub(super) ActionContext);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Name of the channel ("design").
    #[serde(alias = "to")]
    channel: String,
    /// Name of its team; only needed where several teams have such a channel.
    #[serde(default)]
    team: Option<String>,
    /// The message, as the user wants it said.
    text: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    channel: Channel,
    text: String,
}

#[async_trait::async_trait]
impl Task for SendChannel {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "send_channel";
    const KIND: ToolKind = ToolKind::Write;

    fn provider(&self) -> Provider {
        Provider::Teams
    }

    fn description(&self) -> String {
        "Posts a message in a channel of the user's Microsoft Teams.".into()
    }

    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let text = needed(&arguments.text, "message")?;
        let said = needed(&arguments.channel, "name of the channel")?;
        let graph = graph(&self.0, speaker)?;
        let channel = channels::named(&graph, &said, arguments.team.as_deref()).await?;
        let question = format!(
            "Shall I post “{text}” in the channel {} of the team {} in Teams?",
            channel.name(),
            channel.team()
        );
        Ok(Settled::asked(Plan { channel, text }, question))
    }

    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let graph = graph(&self.0, speaker)?;
        let label = plan.channel.label();
        let url = plan.channel.messages(&graph);
        let sent = messages::send(&graph, url, &plan.text).await;
        let id = sent.map_err(|error| messages::since_gone(error, &label))?;
        Ok(json!({
            "spoken": format!("Posted in {label}."),
            "channel": plan.channel.name(),
            "team": plan.channel.team(),
            "id": id,
        }))
    }
}
