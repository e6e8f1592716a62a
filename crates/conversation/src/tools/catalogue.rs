//! The actions that models are told of: `catalogue.toml`.

use crate::{ActionName, ToolKind};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// An action as the catalogue has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    #[serde(deserialize_with = "action_name")]
    pub(super) name: ActionName,
    pub(super) kind: ToolKind,
    pub(super) description: String,
    /// JSON schema of each argument.
    #[serde(default)]
    arguments: Map<String, Value>,
    /// Arguments that must be there.
    #[serde(default)]
    required: Vec<String>,
}

impl Entry {
    /// JSON schema of the arguments.
    pub(super) fn schema(&self) -> Value {
        json!({
            "type": "object",
            "properties": self.arguments,
            "required": self.required,
            "additionalProperties": false,
        })
    }

    /// What people call its provider.
    pub(super) fn label(&self) -> &'static str {
        match self.name.provider() {
            "gmail" => "Gmail account",
            "google-calendar" => "Google Calendar",
            "google-drive" => "Google Drive",
            "outlook" => "Outlook account",
            "outlook-calendar" => "Outlook calendar",
            "teams" => "Microsoft Teams account",
            "onedrive" => "OneDrive",
            "slack" => "Slack workspace",
            "hubspot" => "HubSpot account",
            "jira" => "Jira site",
            _ => "account of that kind",
        }
    }
}

fn action_name<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<ActionName, D::Error> {
    String::deserialize(deserializer).map(ActionName::new)
}

#[derive(Deserialize)]
struct File {
    action: Vec<Entry>,
}

static CATALOGUE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("catalogue.toml"))
        .expect("catalogue.toml is part of the program and is read by its tests");
    file.action
});

/// All of them.
pub(super) fn entries() -> &'static [Entry] {
    &CATALOGUE
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_entry_is_whole() {
        let mut seen = HashSet::new();
        for entry in entries() {
            assert!(seen.insert(entry.name.as_str()), "{} twice", entry.name);
            assert!(entry.description.ends_with('.'), "{}", entry.name);
            assert_ne!(entry.label(), "account of that kind", "{}", entry.name);
            for argument in &entry.required {
                assert!(
                    entry.arguments.contains_key(argument),
                    "{} {argument}",
                    entry.name
                );
            }
            for (argument, schema) in &entry.arguments {
                assert!(
                    schema["description"].is_string(),
                    "{} {argument}",
                    entry.name
                );
            }
        }
    }
}
