//! `slack.search`.

use super::{
    api::SlackApi,
    history::{sent_at, spoken_at},
    text::plain,
};
use crate::{
    ActionContext, ActionError, Provider, Speaker, ToolKind,
    mail::text::line,
    typed::{Settled, Task, needed},
    untrusted::untrusted,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Messages where no number is said, and the most.
const USUAL: u32 = 5;
const MOST: u32 = 20;

#[derive(Debug)]
pub(super) struct Search(pub(super) ActionContext);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Words to look for.
    words: String,
    /// How many messages; 5 unless told, 20 at most.
    #[serde(default)]
    limit: Option<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    words: String,
    limit: u32,
}

#[async_trait::async_trait]
impl Task for Search {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "search";
    const KIND: ToolKind = ToolKind::Read;

    fn provider(&self) -> Provider {
        Provider::Slack
    }

    fn description(&self) -> String {
        "Search all messages in Slack that the user can see.".into()
    }

    async fn settle(
        &self,
        _: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let words = needed(&arguments.words, "word to look for")?;
        let limit = arguments.limit.unwrap_or(USUAL).clamp(1, MOST);
        Ok(Settled::unasked(Plan { words, limit }))
    }

    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let api = SlackApi::new(&self.0, speaker)?;
        let limit = plan.limit.to_string();
        let query = [
            ("query", plan.words.as_str()),
            ("count", &limit),
            ("sort", "timestamp"),
        ];
        let answer = api.get("search.messages", &query).await?;
        let nobody = HashMap::new();
        let theirs = |name: &Value| name.as_str().map(|name| untrusted(&line(name)));
        let found = |message: &Value| {
            json!({
                "from": theirs(&message["username"]),
                "channel": theirs(&message["channel"]["name"]),
                "at": sent_at(&message["ts"]).map(|at| at.to_string()),
                "when": spoken_at(&message["ts"], &self.0.zone),
                "text": untrusted(&plain(message["text"].as_str().unwrap_or_default(), &nobody)),
                "link": message["permalink"],
            })
        };
        let matches = answer["messages"]["matches"].as_array();
        let messages: Vec<Value> = matches.into_iter().flatten().map(found).collect();
        let spoken = match messages.len() {
            0 => format!("I found nothing in Slack about {}.", plan.words),
            1 => format!("I found one message in Slack about {}.", plan.words),
            count => format!("The {count} newest messages in Slack about {}.", plan.words),
        };
        Ok(json!({
            "spoken": spoken,
            "total": answer["messages"]["total"],
            "messages": messages,
        }))
    }
}
