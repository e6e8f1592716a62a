//! The people of a site, by name.

use super::api::JiraApi;
use crate::{ActionError, choice};
use serde::{Deserialize, Serialize};

/// People that are looked at.
const PAGE: &str = "50";

/// Somebody with an account at Atlassian.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    pub(super) account_id: String,
    #[serde(default)]
    pub(super) display_name: String,
    /// Only where the user lets others see it.
    #[serde(default)]
    email_address: Option<String>,
    /// `atlassian`; `app` is nobody.
    #[serde(default)]
    account_type: String,
    #[serde(default)]
    active: bool,
}

impl User {
    fn label(&self) -> String {
        match &self.email_address {
            Some(email) if !email.is_empty() => format!("{} ({email})", self.display_name),
            _ => self.display_name.clone(),
        }
    }
}

/// Whether somebody means themselves.
pub(super) fn is_oneself(said: &str) -> bool {
    ["me", "myself", "i", "my", "mine"].contains(&said.trim().to_lowercase().as_str())
}

/// The user whose word it is.
pub(super) async fn oneself(api: &JiraApi) -> Result<User, ActionError> {
    api.get(&["myself"], &[]).await
}

/// The one of this name; of those only who may get issues of a project, where there is one.
pub(super) async fn named(
    api: &JiraApi,
    said: &str,
    project: Option<&str>,
) -> Result<User, ActionError> {
    let said = said.trim();
    let query = [("query", said), ("maxResults", PAGE)];
    let found: Vec<User> = match project {
        None => api.get(&["user", "search"], &query).await?,
        Some(project) => {
            let query = [query[0], query[1], ("project", project)];
            api.get(&["user", "assignable", "search"], &query).await?
        }
    };
    let people = found
        .into_iter()
        .filter(|user| user.active && user.account_type == "atlassian");
    let found = if said.contains('@') {
        // Jira has looked at addresses that it does not show.
        people.collect()
    } else {
        choice::people(said, people, |user| vec![user.display_name.clone()])
    };
    choice::only(said, found, User::label, "in Jira")
}
