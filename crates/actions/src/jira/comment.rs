//! `jira.comment`.

use super::{adf, api::JiraApi, issue};
use crate::{
    ActionContext, ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task, needed},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug)]
pub(super) struct Comment(pub(super) ActionContext);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Which issue: its key ("WEB-12"), or words of its title ("the login bug").
    issue: String,
    /// The comment, as the user wants it said.
    #[serde(alias = "comment", alias = "body")]
    text: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    key: String,
    text: String,
}

#[async_trait::async_trait]
impl Task for Comment {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "comment";
    const KIND: ToolKind = ToolKind::Write;

    fn provider(&self) -> Provider {
        Provider::Jira
    }

    fn description(&self) -> String {
        "Adds a comment to an issue in the user's Jira.".into()
    }

    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let text = needed(&arguments.text, "comment")?;
        let said = needed(&arguments.issue, "key or title of the issue")?;
        let api = JiraApi::new(&self.0, speaker).await?;
        let issue = issue::named(&api, &said).await?;
        let question = format!("Shall I comment “{text}” on {}?", issue.label());
        let key = issue.key;
        Ok(Settled::asked(Plan { key, text }, question))
    }

    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let api = JiraApi::new(&self.0, speaker).await?;
        let body = json!({ "body": adf::document(&plan.text) });
        let made = api.post(&["issue", &plan.key, "comment"], &body).await?;
        let spoken = format!("The comment is on {}.", plan.key);
        Ok(json!({ "spoken": spoken, "issue": plan.key, "id": made["id"] }))
    }
}
