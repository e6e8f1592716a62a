//! `jira.search`.

use super::{
    api::JiraApi,
    issue::{self, Key},
    jql::{Jql, words},
    people, project,
};
use crate::{
    ActionContext, ActionError, Provider, Speaker, ToolKind, choice,
    typed::{Settled, Task},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Issues where no number is said, and the most.
const USUAL: u32 = 5;
const MOST: u32 = 20;
/// What is no status but all of a category.
const OPEN: [&str; 3] = ["open", "unresolved", "not done"];
const DONE: [&str; 4] = ["done", "closed", "resolved", "finished"];

#[derive(Debug)]
pub(super) struct Search(pub(super) ActionContext);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Words that the issues have, or a key ("WEB-12"); with nothing said at all, the user's own open issues.
    #[serde(default, alias = "words", alias = "text")]
    query: Option<String>,
    /// Name or key of a project.
    #[serde(default)]
    project: Option<String>,
    /// Whom they are assigned to: a name, or "me".
    #[serde(default)]
    assignee: Option<String>,
    /// "open", "done", or the name of a status ("In Review").
    #[serde(default)]
    status: Option<String>,
    /// How many issues; 5 unless told, 20 at most.
    #[serde(default)]
    limit: Option<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    sought: Sought,
    /// What is said of them: "open ", and "about login".
    kind: String,
    about: String,
    limit: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Sought {
    Key(String),
    Query(String),
}

fn said(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

#[async_trait::async_trait]
impl Task for Search {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "search";
    const KIND: ToolKind = ToolKind::Read;

    fn provider(&self) -> Provider {
        Provider::Jira
    }

    fn description(&self) -> String {
        "Searches the issues in the user's Jira by words, project, assignee and status.".into()
    }

    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let limit = arguments.limit.unwrap_or(USUAL).clamp(1, MOST);
        let query = said(arguments.query.as_deref());
        if let Some(key) = query.and_then(Key::read).filter(|key| key.is_certain) {
            return Ok(Settled::unasked(Plan {
                kind: String::new(),
                about: String::new(),
                sought: Sought::Key(key.text),
                limit,
            }));
        }
        let api = JiraApi::new(&self.0, speaker).await?;
        let (mut jql, mut about) = (Jql::default(), Vec::new());
        let words = query.map(words).unwrap_or_default();
        if !words.is_empty() {
            jql = jql.has_words("text", &words);
            about.push(format!("about {}", query.unwrap_or_default()));
        }
        if let Some(name) = said(arguments.project.as_deref()) {
            let project = project::named(&api, name).await?;
            jql = jql.is("project", &project.key);
            about.push(format!("in {}", project.name));
        }
        if let Some(name) = said(arguments.assignee.as_deref()) {
            if people::is_oneself(name) {
                jql = jql.fixed("assignee = currentUser()");
                about.push("assigned to you".into());
            } else {
                let user = people::named(&api, name, None).await?;
                jql = jql.is("assignee", &user.account_id);
                about.push(format!("assigned to {}", user.display_name));
            }
        }
        let mut kind = "";
        match said(arguments.status.as_deref()) {
            Some(name) if OPEN.contains(&&*name.to_lowercase()) => {
                jql = jql.fixed("statusCategory != Done");
                kind = "open ";
            }
            Some(name) if DONE.contains(&&*name.to_lowercase()) => {
                jql = jql.fixed("statusCategory = Done");
                kind = "done ";
            }
            Some(name) => {
                let status = status(&api, name).await?;
                jql = jql.is("status", &status);
                about.push(format!("with the status {status}"));
            }
            None => {}
        }
        if jql.is_empty() {
            jql = jql
                .fixed("assignee = currentUser()")
                .fixed("statusCategory != Done");
            kind = "open ";
            about.push("assigned to you".into());
        }
        about.push("in Jira".into());
        Ok(Settled::unasked(Plan {
            sought: Sought::Query(jql.newest_first()),
            kind: kind.to_owned(),
            about: about.join(" "),
            limit,
        }))
    }

    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let api = JiraApi::new(&self.0, speaker).await?;
        let jql = match plan.sought {
            Sought::Key(key) => {
                let found = issue::by_key(&api, &key).await?;
                let found = found.ok_or_else(|| issue::no_such(&key))?;
                let status = found.status().map(|status| status.name.clone());
                let spoken = format!("{} is {}.", found.key, status.unwrap_or_default());
                return Ok(json!({ "spoken": spoken, "issues": [found.view()], "more": false }));
            }
            Sought::Query(jql) => jql,
        };
        let (found, more) = issue::found(&api, &jql, plan.limit as usize).await?;
        let (kind, about) = (plan.kind, plan.about);
        let keys = choice::listed(found.iter().map(|issue| issue.key.clone()), "and");
        let spoken = match found.len() {
            0 => format!("I found no {kind}issues {about}."),
            1 => format!("I found one {kind}issue {about}: {keys}."),
            count if more => format!("The {count} newest {kind}issues {about} are {keys}."),
            count => format!("I found {count} {kind}issues {about}: {keys}."),
        };
        let issues: Vec<Value> = found.iter().map(issue::Issue::view).collect();
        Ok(json!({ "spoken": spoken, "issues": issues, "more": more }))
    }
}

/// The name of a status.
async fn status(api: &JiraApi, said: &str) -> Result<String, ActionError> {
    let all: Vec<issue::Status> = api.get(&["status"], &[]).await?;
    let mut found = choice::things(said, all, |status| vec![status.name.clone()]);
    // Projects have statuses of the same name, and a name finds all of them.
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found.dedup_by(|one, other| one.name == other.name);
    let name = |status: &issue::Status| status.name.clone();
    let found = choice::only(&format!("{said} status"), found, name, "in Jira")?;
    Ok(found.name)
}
