//! Who and what there is in a workspace.

use super::api::{List, SlackApi};
use crate::{ActionError, choice};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;

/// Somebody, or a channel, that can be written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
    Person { id: String, name: String },
    Channel { id: String, name: String },
}

impl Place {
    /// As it is said: "Priya Sharma", "#general".
    pub(super) fn label(&self) -> String {
        match self {
            Self::Person { name, .. } => name.clone(),
            Self::Channel { name, .. } => format!("#{name}"),
        }
    }

    /// The conversation there; with a person it is opened if there is none, which nobody sees.
    pub(super) async fn conversation(&self, api: &SlackApi) -> Result<String, ActionError> {
        match self {
            Self::Channel { id, .. } => Ok(id.clone()),
            Self::Person { id, .. } => {
                let body = serde_json::json!({ "users": id });
                let opened = api.post("conversations.open", &body).await?;
                let id = opened["channel"]["id"].as_str();
                id.map(str::to_owned)
                    .ok_or(ActionError::BadAnswer(crate::Provider::Slack))
            }
        }
    }
}

/// The people of a workspace.
#[derive(Debug)]
pub(super) struct People(List);

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    let at = value.pointer(path).and_then(Value::as_str);
    at.unwrap_or_default()
}

/// The names somebody goes by, the best one first.
fn names(member: &Value) -> Vec<String> {
    [
        "/profile/real_name",
        "/real_name",
        "/profile/display_name",
        "/name",
    ]
    .into_iter()
    .map(|path| text(member, path))
    .filter(|name| !name.is_empty())
    .map(str::to_owned)
    .collect()
}

impl People {
    pub(super) async fn of(api: &SlackApi) -> Result<Self, ActionError> {
        Ok(Self(api.list("users.list", &[], "members").await?))
    }

    /// What everybody is called.
    pub(super) fn by_id(&self) -> HashMap<&str, String> {
        let named = |member| Some((text(member, "/id"), names(member).into_iter().next()?));
        self.0.entries.iter().filter_map(named).collect()
    }

    fn called(&self, said: &str) -> Vec<Place> {
        let alive =
            |member: &&Value| member["deleted"] != true && text(member, "/id") != "USLACKBOT";
        let by_mail = |member: &&Value| text(member, "/profile/email").eq_ignore_ascii_case(said);
        let members = self.0.entries.iter().filter(alive);
        let found: Vec<&Value> = if said.contains('@') && !said.starts_with('@') {
            members.filter(by_mail).collect()
        } else {
            choice::people(said, members, |member| names(member))
        };
        let place = |member: &Value| Place::Person {
            id: text(member, "/id").to_owned(),
            name: names(member).into_iter().next().unwrap_or_default(),
        };
        found.into_iter().map(place).collect()
    }
}

/// The channels that may be meant, and whether all were looked through.
async fn channels(api: &SlackApi, said: &str) -> Result<(Vec<Place>, bool), ActionError> {
    let query = [
        ("types", "public_channel,private_channel"),
        ("exclude_archived", "true"),
    ];
    let all = api.list("conversations.list", &query, "channels").await?;
    let name = |channel: &Value| vec![text(channel, "/name").to_owned()];
    let found = choice::things(said, all.entries, name).into_iter();
    let place = |channel: Value| Place::Channel {
        id: text(&channel, "/id").to_owned(),
        name: text(&channel, "/name").to_owned(),
    };
    Ok((found.map(place).collect(), all.is_whole))
}

/// Whoever or whatever is meant: `#general` is a channel, `@priya` a person, `priya` either.
pub(super) async fn place(api: &SlackApi, said: &str) -> Result<Place, ActionError> {
    let said = said.trim();
    let (mut found, mut is_whole) = (Vec::new(), true);
    let is_channel = said.starts_with('#') || said.to_lowercase().ends_with(" channel");
    if !is_channel {
        let people = People::of(api).await?;
        found.extend(people.called(said));
        is_whole &= people.0.is_whole;
    }
    if !said.contains('@') && (is_channel || found.is_empty()) {
        let name = said.to_lowercase();
        let name = name.strip_suffix(" channel").unwrap_or(&name);
        let (channels, are_all) = channels(api, name.trim_start_matches("the ")).await?;
        found.extend(channels);
        is_whole &= are_all;
    }
    if found.is_empty() && !is_whole {
        return Err(ActionError::NotFound(format!(
            "I found no {said} in your Slack workspace, but it is too large for me to have looked through all of it."
        )));
    }
    choice::only(said, found, Place::label, "in your Slack workspace")
}
