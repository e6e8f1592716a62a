//! `jira.create_issue`.

use super::{
    adf,
    api::JiraApi,
    people::{self, User},
    project::{self, IssueType, Project},
};
use crate::{
    ActionContext, ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task, needed},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The longest title that Jira takes, in characters.
const LONGEST_SUMMARY: usize = 255;

#[derive(Debug)]
pub(super) struct Create(pub(super) ActionContext);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The title, in one line.
    #[serde(alias = "title")]
    summary: String,
    /// Name or key of the project; not needed where there is only one.
    #[serde(default)]
    project: Option<String>,
    /// "Bug", "Task", "Story" or what else the project has; a task unless told.
    #[serde(default, rename = "type", alias = "issue_type")]
    kind: Option<String>,
    /// What it is about at length.
    #[serde(default)]
    description: Option<String>,
    /// Who shall do it: a name, or "me".
    #[serde(default)]
    assignee: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    summary: String,
    project: Project,
    kind: IssueType,
    description: Option<String>,
    assignee: Option<User>,
}

impl Plan {
    fn question(&self) -> String {
        let mut question = format!(
            "Shall I create the Jira issue “{}” of type {} in {}",
            self.summary, self.kind.name, self.project.name
        );
        if let Some(description) = &self.description {
            question = format!("{question}, with the description “{description}”");
        }
        if let Some(user) = &self.assignee {
            question = format!("{question}, assigned to {}", user.display_name);
        }
        question + "?"
    }
}

fn said(text: Option<String>) -> Option<String> {
    let text = text.map(|text| text.trim().to_owned());
    text.filter(|text| !text.is_empty())
}

#[async_trait::async_trait]
impl Task for Create {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "create_issue";
    const KIND: ToolKind = ToolKind::Write;

    fn provider(&self) -> Provider {
        Provider::Jira
    }

    fn description(&self) -> String {
        "Creates an issue (bug, task, story) in the user's Jira.".into()
    }

    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let summary = needed(&arguments.summary, "title of the issue")?;
        // Jira takes a single line.
        let summary = summary.split_whitespace().collect::<Vec<_>>().join(" ");
        if summary.chars().count() > LONGEST_SUMMARY {
            return Err(ActionError::Ask(format!(
                "The title has more than {LONGEST_SUMMARY} characters. What is a shorter one?"
            )));
        }
        let api = JiraApi::new(&self.0, speaker).await?;
        let project = match said(arguments.project) {
            Some(name) => project::named(&api, &name).await?,
            None => project::only(&api).await?,
        };
        let kind = said(arguments.kind);
        let kind = project::issue_type(&api, &project, kind.as_deref()).await?;
        let assignee = match said(arguments.assignee) {
            None => None,
            Some(name) if people::is_oneself(&name) => Some(people::oneself(&api).await?),
            Some(name) => Some(people::named(&api, &name, Some(&project.key)).await?),
        };
        let plan = Plan {
            summary,
            project,
            kind,
            description: said(arguments.description),
            assignee,
        };
        let question = plan.question();
        Ok(Settled::asked(plan, question))
    }

    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let api = JiraApi::new(&self.0, speaker).await?;
        let mut fields = json!({
            "project": { "id": plan.project.id },
            "issuetype": { "id": plan.kind.id },
            "summary": plan.summary,
        });
        if let Some(description) = &plan.description {
            fields["description"] = adf::document(description);
        }
        if let Some(user) = &plan.assignee {
            fields["assignee"] = json!({ "accountId": user.account_id });
        }
        let made = api.post(&["issue"], &json!({ "fields": fields })).await?;
        let key = made["key"].as_str().unwrap_or("The issue");
        let project = plan.project.name;
        Ok(json!({
            "spoken": format!("{key} is created in {project}."),
            "key": made["key"],
            "id": made["id"],
            "project": project,
            "type": plan.kind.name,
        }))
    }
}
