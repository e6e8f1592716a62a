//! `teams.read_channel`.

use super::{
    channels::{self, Channel},
    graph, messages,
    read_chat::{MOST, USUAL},
};
use crate::{
    ActionContext, ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task, needed},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug)]
pub(super) struct ReadChannel(pub(super) ActionContext);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Name of the channel ("design").
    channel: String,
    /// Name of its team; only needed where several teams have such a channel.
    #[serde(default)]
    team: Option<String>,
    /// How many of the newest messages; 10 unless told, 50 at most.
    #[serde(default)]
    limit: Option<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    channel: Channel,
    limit: u32,
}

#[async_trait::async_trait]
impl Task for ReadChannel {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "read_channel";
    const KIND: ToolKind = ToolKind::Read;

    fn provider(&self) -> Provider {
        Provider::Teams
    }

    fn description(&self) -> String {
        "Reads the newest messages of a channel in the user's Microsoft Teams.".into()
    }

    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let said = needed(&arguments.channel, "name of the channel")?;
        let graph = graph(&self.0, speaker)?;
        let channel = channels::named(&graph, &said, arguments.team.as_deref()).await?;
        let limit = arguments.limit.unwrap_or(USUAL).clamp(1, MOST);
        Ok(Settled::unasked(Plan { channel, limit }))
    }

    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let graph = graph(&self.0, speaker)?;
        let label = plan.channel.label();
        let url = plan.channel.messages(&graph);
        let limit = plan.limit as usize;
        let found = messages::newest(&graph, url, false, limit, &self.0.zone).await;
        let found = found.map_err(|error| messages::since_gone(error, &label))?;
        Ok(json!({
            "spoken": messages::spoken(found.len(), &format!("in {label}")),
            "channel": plan.channel.name(),
            "team": plan.channel.team(),
            "messages": found,
        }))
    }
}
