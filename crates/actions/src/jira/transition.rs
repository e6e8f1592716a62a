//! `jira.transition`.

use super::{
    api::JiraApi,
    issue::{self, Status},
};
use crate::{
    ActionContext, ActionError, Provider, Speaker, ToolKind, choice,
    typed::{Settled, Task, needed},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What people say for the categories of statuses, by Jira's keys of them.
const CATEGORIES: [(&str, &[&str]); 3] = [
    (
        "done",
        &[
            "done",
            "close",
            "closed",
            "resolve",
            "resolved",
            "finished",
            "complete",
            "completed",
            "fixed",
        ],
    ),
    (
        "indeterminate",
        &["in progress", "progress", "start", "started", "doing"],
    ),
    (
        "new",
        &[
            "to do", "todo", "open", "reopen", "reopened", "backlog", "new",
        ],
    ),
];

#[derive(Debug)]
pub(super) struct Transition(pub(super) ActionContext);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Which issue: its key ("WEB-12"), or words of its title ("the login bug").
    issue: String,
    /// The status it shall have ("Done", "in progress"), or the name of the step ("Close issue").
    #[serde(alias = "status", alias = "transition")]
    to: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    key: String,
    transition: String,
    to: Status,
}

/// A step that the workflow offers now.
#[derive(Debug, Clone, Deserialize)]
struct Step {
    id: String,
    name: String,
    to: Target,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    #[serde(flatten)]
    status: Status,
    status_category: Category,
}

#[derive(Debug, Clone, Deserialize)]
struct Category {
    key: String,
}

#[derive(Debug, Deserialize)]
struct Steps {
    transitions: Vec<Step>,
}

/// The steps that are meant: by name, else those into the category that the words stand for.
fn meant(said: &str, steps: &[Step]) -> Vec<Step> {
    let names = |step: &Step| vec![step.name.clone(), step.to.status.name.clone()];
    let found = choice::things(said, steps.to_vec(), names);
    if !found.is_empty() {
        return found;
    }
    let said = said.trim().to_lowercase();
    let stands_for = |step: &&Step| {
        CATEGORIES
            .iter()
            .any(|(key, words)| step.to.status_category.key == *key && words.contains(&&*said))
    };
    steps.iter().filter(stands_for).cloned().collect()
}

#[async_trait::async_trait]
impl Task for Transition {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "transition";
    const KIND: ToolKind = ToolKind::Write;

    fn provider(&self) -> Provider {
        Provider::Jira
    }

    fn description(&self) -> String {
        "Moves an issue in the user's Jira to another status.".into()
    }

    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let said = needed(&arguments.issue, "key or title of the issue")?;
        let to = needed(&arguments.to, "status it should have")?;
        let api = JiraApi::new(&self.0, speaker).await?;
        let issue = issue::named(&api, &said).await?;
        let path = ["issue", &issue.key, "transitions"];
        let steps: Steps = api.get(&path, &[]).await?;
        let steps = steps.transitions;
        let mut found = meant(&to, &steps);
        if found.len() != 1 {
            let now = issue.status().map(|status| status.name.clone());
            let now = now.unwrap_or_default();
            if found.is_empty() && now.eq_ignore_ascii_case(&to) {
                let already = format!("{} is {now} already.", issue.label());
                return Err(ActionError::BadArguments(already));
            }
            let offered = if found.is_empty() { &steps } else { &found };
            let names = offered.iter().map(|step| step.to.status.name.clone());
            return Err(if offered.is_empty() {
                let stuck = format!("{} is {now}, and you may not move it.", issue.label());
                ActionError::NotFound(stuck)
            } else {
                ActionError::Ask(format!(
                    "{} is {now}. Where shall it go: {}?",
                    issue.label(),
                    choice::listed(names, "or")
                ))
            });
        }
        let step = found.remove(0);
        let question = format!("Shall I move {} to {}?", issue.label(), step.to.status.name);
        let plan = Plan {
            key: issue.key,
            transition: step.id,
            to: step.to.status,
        };
        Ok(Settled::asked(plan, question))
    }

    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let api = JiraApi::new(&self.0, speaker).await?;
        let body = json!({ "transition": { "id": plan.transition } });
        let path = ["issue", &plan.key, "transitions"];
        match api.post(&path, &body).await {
            // Where it is now tells whether it was done.
            Err(error @ ActionError::Unknown(_)) => {
                let issue = issue::by_key(&api, &plan.key).await;
                let is_there = |issue: &issue::Issue| issue.status() == Some(&plan.to);
                if !issue.is_ok_and(|issue| issue.as_ref().is_some_and(is_there)) {
                    return Err(error);
                }
            }
            moved => {
                moved?;
            }
        }
        let spoken = format!("{} is {} now.", plan.key, plan.to.name);
        Ok(json!({ "spoken": spoken, "issue": plan.key, "status": plan.to.name }))
    }
}
