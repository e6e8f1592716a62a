//! `slack.history`.

use super::{
    api::SlackApi,
    directory::{People, Place, place},
    text::plain,
};
use crate::{
    ActionContext, ActionError, Provider, Speaker, ToolKind,
    mail::text::line,
    typed::{Settled, Task, needed},
    untrusted::untrusted,
    when,
};
use jiff::{Timestamp, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Messages where no number is said, and the most.
const USUAL: u32 = 10;
const MOST: u32 = 50;

#[derive(Debug)]
pub(super) struct History(pub(super) ActionContext);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Name of a channel ("#general") or of a person.
    place: String,
    /// How many of the newest messages; 10 unless told, 50 at most.
    #[serde(default)]
    limit: Option<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    place: Place,
    limit: u32,
}

/// `1503435956.000247`: seconds since 1970, and a counter.
pub(super) fn sent_at(ts: &Value) -> Option<Timestamp> {
    let seconds = ts.as_str()?.split('.').next()?;
    Timestamp::from_second(seconds.parse().ok()?).ok()
}

/// The same as it is said where the speaker is.
pub(super) fn spoken_at(ts: &Value, zone: &TimeZone) -> Option<String> {
    sent_at(ts).map(|at| when::spoken(&at.to_zoned(zone.clone())))
}

#[async_trait::async_trait]
impl Task for History {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "history";
    const KIND: ToolKind = ToolKind::Read;

    fn provider(&self) -> Provider {
        Provider::Slack
    }

    fn description(&self) -> String {
        "Read the newest messages of a Slack channel or of the conversation with a person.".into()
    }

    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let said = needed(&arguments.place, "name of the channel or person")?;
        let place = place(&SlackApi::new(&self.0, speaker)?, &said).await?;
        let limit = arguments.limit.unwrap_or(USUAL).clamp(1, MOST);
        Ok(Settled::unasked(Plan { place, limit }))
    }

    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let api = SlackApi::new(&self.0, speaker)?;
        let channel = plan.place.conversation(&api).await?;
        let limit = plan.limit.to_string();
        let query = [("channel", channel.as_str()), ("limit", &limit)];
        let answer = api.get("conversations.history", &query).await?;
        let people = People::of(&api).await?;
        let names = people.by_id();
        let said = |message: &Value| {
            let known = message["user"].as_str().and_then(|id| names.get(id));
            let from = known.map_or_else(
                || message["username"].as_str().unwrap_or("an app").to_owned(),
                Clone::clone,
            );
            json!({
                "from": untrusted(&line(&from)),
                "at": sent_at(&message["ts"]).map(|at| at.to_string()),
                "when": spoken_at(&message["ts"], &self.0.zone),
                "text": untrusted(&plain(message["text"].as_str().unwrap_or_default(), &names)),
            })
        };
        let messages: Vec<Value> = answer["messages"]
            .as_array()
            .into_iter()
            .flatten()
            .map(said)
            .collect();
        let label = plan.place.label();
        let spoken = match messages.len() {
            0 => format!("There are no messages with {label}."),
            1 => format!("The newest message with {label}."),
            count => format!("The {count} newest messages with {label}, the newest first."),
        };
        Ok(json!({ "spoken": spoken, "place": label, "messages": messages }))
    }
}
