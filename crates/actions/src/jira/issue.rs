//! Issues, and which one is meant: "WEB-12", "web 12", "the login bug".

use super::{
    api::JiraApi,
    jql::{Jql, words},
};
use crate::{ActionError, choice, untrusted::untrusted};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The fields that are read.
const FIELDS: [&str; 7] = [
    "summary",
    "status",
    "issuetype",
    "priority",
    "assignee",
    "project",
    "updated",
];
/// Issues among which the meant one is sought.
const SOUGHT: usize = 20;
/// Pages that are read.
const MOST_PAGES: usize = 5;
/// Words that say nothing of which issue it is.
const FILLERS: [&str; 9] = [
    "the", "a", "an", "my", "our", "that", "this", "about", "jira",
];
/// Words for any issue; "the login bug" need not have the last of them in its title.
const KINDS: [&str; 9] = [
    "bug", "issue", "ticket", "task", "story", "epic", "card", "item", "problem",
];

/// An issue as Jira has it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Issue {
    pub(super) key: String,
    fields: Fields,
}

#[derive(Debug, Clone, Deserialize)]
struct Fields {
    #[serde(default)]
    summary: String,
    status: Option<Status>,
    issuetype: Option<Named>,
    priority: Option<Named>,
    assignee: Option<Assignee>,
    project: Option<Named>,
    updated: Option<String>,
}

/// A status of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Status {
    pub(super) id: String,
    pub(super) name: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Named {
    name: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assignee {
    display_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    issues: Vec<Issue>,
    #[serde(default)]
    next_page_token: Option<String>,
}

impl Issue {
    /// As it is said: "WEB-12, “Login fails”".
    pub(super) fn label(&self) -> String {
        format!("{}, “{}”", self.key, self.fields.summary)
    }

    pub(super) fn status(&self) -> Option<&Status> {
        self.fields.status.as_ref()
    }

    fn is_a(&self, kind: &str) -> bool {
        let is_it = |of: &Named| of.name.eq_ignore_ascii_case(kind);
        self.fields.issuetype.as_ref().is_some_and(is_it)
    }

    /// For JSON and the model. The title is others' words.
    pub(super) fn view(&self) -> Value {
        let name = |named: &Option<Named>| named.as_ref().map(|named| named.name.clone());
        let fields = &self.fields;
        json!({
            "key": self.key,
            "summary": untrusted(&fields.summary),
            "status": fields.status.as_ref().map(|status| &status.name),
            "type": name(&fields.issuetype),
            "priority": name(&fields.priority),
            "assignee": fields.assignee.as_ref().map(|user| &user.display_name),
            "project": name(&fields.project),
            "updated": fields.updated,
        })
    }
}

/// The newest issues of a query, and whether there are more.
pub(super) async fn found(
    api: &JiraApi,
    jql: &str,
    limit: usize,
) -> Result<(Vec<Issue>, bool), ActionError> {
    let (mut all, mut token) = (Vec::new(), None);
    // A page may be shorter than was asked for, and yet not the last one.
    for _ in 0..MOST_PAGES {
        let mut body = json!({
            "jql": jql,
            "maxResults": limit - all.len(),
            "fields": FIELDS,
        });
        if let Some(token) = token {
            body["nextPageToken"] = Value::String(token);
        }
        let page: Page = api.ask(&["search", "jql"], &body).await?;
        all.extend(page.issues);
        token = page.next_page_token;
        if token.is_none() || all.len() >= limit {
            break;
        }
    }
    all.truncate(limit);
    Ok((all, token.is_some()))
}

/// The issue of a key, if there is one that the user may see.
pub(super) async fn by_key(api: &JiraApi, key: &str) -> Result<Option<Issue>, ActionError> {
    let fields = FIELDS.join(",");
    match api.get(&["issue", key], &[("fields", &fields)]).await {
        Err(ActionError::NotFound(_)) => Ok(None),
        found => found.map(Some),
    }
}

/// That there is no issue of a key.
pub(super) fn no_such(key: &str) -> ActionError {
    ActionError::NotFound(format!("I found no {key} in Jira, or you may not see it."))
}

/// The one issue that is meant.
pub(super) async fn named(api: &JiraApi, said: &str) -> Result<Issue, ActionError> {
    if let Some(key) = Key::read(said) {
        match by_key(api, &key.text).await? {
            Some(issue) => return Ok(issue),
            None if key.is_certain => return Err(no_such(&key.text)),
            None => {}
        }
    }
    let mut said = words(said);
    said.retain(|word| !FILLERS.contains(&word.as_str()));
    if said.is_empty() {
        return Err(ActionError::Ask("Which issue do you mean?".into()));
    }
    let (kinds, telling): (Vec<String>, Vec<String>) = said
        .iter()
        .cloned()
        .partition(|word| KINDS.contains(&word.as_str()));
    let mut issues = with_title(api, &said).await?;
    if issues.is_empty() && !kinds.is_empty() && !telling.is_empty() {
        issues = with_title(api, &telling).await?;
    }
    for kind in &kinds {
        if issues.iter().any(|issue| issue.is_a(kind)) {
            issues.retain(|issue| issue.is_a(kind));
        }
    }
    let title = |issue: &Issue| vec![issue.fields.summary.clone()];
    let said = said.join(" ");
    let closest = choice::things(&telling.join(" "), issues.clone(), title);
    // Jira also finds other forms of a word.
    let issues = if closest.is_empty() { issues } else { closest };
    choice::only(&said, issues, Issue::label, "in Jira")
}

async fn with_title(api: &JiraApi, words: &[String]) -> Result<Vec<Issue>, ActionError> {
    let jql = Jql::default().has_words("summary", words).newest_first();
    Ok(found(api, &jql, SOUGHT).await?.0)
}

/// The key of an issue.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) text: String,
    /// It has its dash; "release 12" may be words of a title.
    pub(super) is_certain: bool,
}

impl Key {
    /// Reads "WEB-12", also as it is spoken: "web 12", "web dash 12", "W E B 12", "ticket WEB-12".
    pub(super) fn read(said: &str) -> Option<Self> {
        let upper = said.trim().trim_end_matches(['.', '?', '!']).to_uppercase();
        let is_telling = |word: &&str| {
            let word = word.to_lowercase();
            !KINDS.contains(&word.as_str()) && !FILLERS.contains(&word.as_str())
        };
        let spaced = upper.replace(['-', '\u{2011}', '\u{2013}'], " DASH ");
        let words: Vec<&str> = spaced.split_whitespace().filter(is_telling).collect();
        let (number, project) = words.split_last()?;
        let is_dash = |word: &&str| ["DASH", "MINUS", "HYPHEN"].contains(word);
        let (project, is_certain) = match project.split_last() {
            Some((last, project)) if is_dash(last) => (project, true),
            _ => (project, false),
        };
        let is_spelled = project.len() > 1 && project.iter().all(|word| word.chars().count() == 1);
        if project.len() != 1 && !is_spelled {
            return None;
        }
        let project = project.concat();
        let is_key = project.starts_with(|first: char| first.is_ascii_alphabetic())
            && project.len() > 1
            && project
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            && number.chars().all(|digit| digit.is_ascii_digit());
        is_key.then(|| Self {
            text: format!("{project}-{number}"),
            is_certain,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn keys_are_read_as_they_are_written_and_spoken() {
        for (said, expected) in [
            ("WEB-12", Some(("WEB-12", true))),
            ("web-12.", Some(("WEB-12", true))),
            ("ticket web-12", Some(("WEB-12", true))),
            ("the issue Web 12", Some(("WEB-12", false))),
            ("web dash 12", Some(("WEB-12", true))),
            ("W E B 12", Some(("WEB-12", false))),
            ("my_p2-7", Some(("MY_P2-7", true))),
            ("the login bug", None),
            ("release of web 12", None),
            ("12", None),
            ("log-in", None),
            ("", None),
        ] {
            let read = Key::read(said);
            let read = read.as_ref().map(|key| (key.text.as_str(), key.is_certain));
            assert_eq!(read, expected, "{said}");
        }
    }
}
