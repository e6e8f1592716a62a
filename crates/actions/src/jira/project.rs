//! Projects and their types of issues, by name.

use super::api::JiraApi;
use crate::{ActionError, choice};
use serde::{Deserialize, Serialize};

/// Entries a page, as many as Jira gives.
const PAGE: u32 = 50;
/// Pages that are read.
const MOST_PAGES: u32 = 4;
/// What an issue is where nothing is said.
const USUAL_TYPE: &str = "Task";

/// A project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Project {
    pub(super) id: String,
    pub(super) key: String,
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    values: Vec<Project>,
    #[serde(default)]
    is_last: bool,
}

/// What an issue of a project can be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct IssueType {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default)]
    subtask: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Types {
    issue_types: Vec<IssueType>,
}

async fn all(api: &JiraApi, query: &[(&str, &str)]) -> Result<Vec<Project>, ActionError> {
    let mut all = Vec::new();
    let size = PAGE.to_string();
    for page in 0..MOST_PAGES {
        let start = (page * PAGE).to_string();
        let mut query = query.to_vec();
        query.extend([("startAt", start.as_str()), ("maxResults", &size)]);
        let page: Page = api.get(&["project", "search"], &query).await?;
        let is_last = page.is_last || page.values.is_empty();
        all.extend(page.values);
        if is_last {
            break;
        }
    }
    Ok(all)
}

/// The project of this name or key.
pub(super) async fn named(api: &JiraApi, said: &str) -> Result<Project, ActionError> {
    let lower = said.trim().to_lowercase();
    let said = lower.strip_prefix("the ").unwrap_or(&lower);
    let said = said.strip_suffix(" project").unwrap_or(said).trim();
    let names = |project: &Project| vec![project.name.clone(), project.key.clone()];
    let mut found = choice::things(said, all(api, &[("query", said)]).await?, names);
    if found.is_empty() {
        // Jira looks for the very letters; "web shop" is also "Web-Shop".
        found = choice::things(said, all(api, &[]).await?, names);
    }
    let label = |project: &Project| format!("{} ({})", project.name, project.key);
    choice::only(&format!("{said} project"), found, label, "in Jira")
}

/// The only project in which the user may create issues; else it is asked which one.
pub(super) async fn only(api: &JiraApi) -> Result<Project, ActionError> {
    let mut found = all(api, &[("action", "create")]).await?;
    if found.len() > 1 {
        let names = found.into_iter().map(|project| project.name);
        let several = choice::listed(names, "or");
        return Err(ActionError::Ask(format!(
            "In which Jira project: {several}?"
        )));
    }
    found.pop().ok_or_else(|| {
        ActionError::NotFound("There is no Jira project in which you may create issues.".into())
    })
}

/// The type of this name, or the usual one.
pub(super) async fn issue_type(
    api: &JiraApi,
    project: &Project,
    said: Option<&str>,
) -> Result<IssueType, ActionError> {
    let path = ["issue", "createmeta", &project.id, "issuetypes"];
    let types: Types = api.get(&path, &[]).await?;
    let mut types = types.issue_types;
    // Those need an issue that they belong to.
    types.retain(|one| !one.subtask);
    let name = |one: &IssueType| vec![one.name.clone()];
    let Some(said) = said else {
        let usual = types.iter().position(|one| one.name == USUAL_TYPE);
        if types.is_empty() {
            return Err(ActionError::NotFound(format!(
                "You may not create issues in {}.",
                project.name
            )));
        }
        return Ok(types.swap_remove(usual.unwrap_or(0)));
    };
    let mut found = choice::things(said, types.clone(), name);
    if found.len() == 1 {
        return Ok(found.remove(0));
    }
    let offered = if found.is_empty() { types } else { found };
    let offered = choice::listed(offered.into_iter().map(|one| one.name), "or");
    Err(ActionError::Ask(format!(
        "Which type shall the issue in {} have: {offered}?",
        project.name
    )))
}
