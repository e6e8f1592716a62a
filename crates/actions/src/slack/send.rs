//! `slack.send`.

use super::{
    api::SlackApi,
    directory::{Place, place},
    text::escaped,
};
use crate::{
    ActionContext, ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task, needed},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug)]
pub(super) struct Send(pub(super) ActionContext);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Name of a person ("Priya") or of a channel ("#general").
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
impl Task for Send {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "send";
    const KIND: ToolKind = ToolKind::Write;

    fn provider(&self) -> Provider {
        Provider::Slack
    }

    fn description(&self) -> String {
        "Send a Slack message to a person or a channel, by name.".into()
    }

    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let text = needed(&arguments.text, "message")?;
        let to = needed(&arguments.to, "name of the person or channel")?;
        let place = place(&SlackApi::new(&self.0, speaker)?, &to).await?;
        let question = format!("Shall I send “{text}” to {} in Slack?", place.label());
        Ok(Settled::asked(Plan { place, text }, question))
    }

    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let api = SlackApi::new(&self.0, speaker)?;
        let channel = plan.place.conversation(&api).await?;
        let message = json!({ "channel": channel, "text": escaped(&plan.text) });
        let sent = api.post("chat.postMessage", &message).await?;
        let label = plan.place.label();
        Ok(json!({
            "spoken": format!("Sent to {label} in Slack."),
            "to": label,
            "channel": channel,
            "ts": sent["ts"],
        }))
    }
}
