//! Chats, and whom they are with.

use super::bare;
use crate::{ActionError, ApiRequest, choice, microsoft::graph::Graph, recipients};
use reqwest::header::HeaderName;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Entries a page, as many as Graph gives.
const PAGE: &str = "50";
/// People of the directory that are looked at.
const PEOPLE: &str = "25";

/// Where a message goes to or is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
    /// A chat there is: with one person, or of a group.
    Chat { id: String, label: String },
    /// Somebody without a chat yet.
    Person { id: String, label: String },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chat {
    id: String,
    topic: Option<String>,
    #[serde(rename = "chatType")]
    kind: String,
    #[serde(default)]
    members: Vec<Member>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Member {
    user_id: Option<String>,
    display_name: Option<String>,
    email: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    id: String,
    display_name: Option<String>,
    mail: Option<String>,
    /// The name to sign in with.
    #[serde(rename = "userPrincipalName")]
    login: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Users {
    value: Vec<User>,
}

/// Somebody who may be meant.
#[derive(Debug)]
struct Candidate {
    user: String,
    name: String,
    email: String,
    chat: Option<String>,
}

impl Candidate {
    fn label(&self) -> String {
        match (self.name.is_empty(), self.email.is_empty()) {
            (false, false) => format!("{} ({})", self.name, self.email),
            (false, true) => self.name.clone(),
            _ => self.email.clone(),
        }
    }

    fn place(self) -> Place {
        let label = if self.name.is_empty() {
            self.email
        } else {
            self.name
        };
        match self.chat {
            Some(id) => Place::Chat { id, label },
            None => Place::Person {
                id: self.user,
                label,
            },
        }
    }
}

impl Place {
    /// As it is said: "Anil Rao", "the chat Launch".
    pub(super) fn label(&self) -> &str {
        match self {
            Self::Chat { label, .. } | Self::Person { label, .. } => label,
        }
    }

    /// The chat there. With a person it is opened if there is none, which nobody sees before a message is in it.
    pub(super) async fn chat(&self, graph: &Graph) -> Result<String, ActionError> {
        let other = match self {
            Self::Chat { id, .. } => return Ok(id.clone()),
            Self::Person { id, .. } => id,
        };
        let own = oneself(graph).await?;
        let member = |id: &str| {
            json!({
                "@odata.type": "#microsoft.graph.aadUserConversationMember",
                "roles": ["owner"],
                "user@odata.bind": graph.url(&[&format!("users('{id}')")]).as_str(),
            })
        };
        let body = json!({ "chatType": "oneOnOne", "members": [member(&own), member(other)] });
        // Graph gives the chat that there is when it is asked for another one of the same two.
        let request = ApiRequest::post(graph.url(&["chats"]), &body).repeatable();
        let chat: Opened = graph.json(request).await?;
        Ok(chat.id)
    }
}

#[derive(Debug, Deserialize)]
struct Opened {
    id: String,
}

async fn oneself(graph: &Graph) -> Result<String, ActionError> {
    let request = ApiRequest::get(graph.url(&["me"])).query("$select", "id");
    let me: Opened = graph.json(request).await?;
    Ok(me.id)
}

async fn all(graph: &Graph) -> Result<Vec<Chat>, ActionError> {
    graph
        .all(graph.url(&["me", "chats"]), |url| {
            if url.query().is_some() {
                return ApiRequest::get(url);
            }
            ApiRequest::get(url)
                .query("$expand", "members")
                .query("$top", PAGE)
        })
        .await
}

/// The other one of a chat of two.
fn partner(chat: &Chat, own: &str) -> Option<Candidate> {
    let is_other = |member: &&Member| member.user_id.as_deref().is_some_and(|id| id != own);
    let other = chat.members.iter().find(is_other)?;
    Some(Candidate {
        user: other.user_id.clone()?,
        name: other.display_name.clone().unwrap_or_default(),
        email: other.email.clone().unwrap_or_default(),
        chat: Some(chat.id.clone()),
    })
}

fn meant(said: &str, email: Option<&str>, all: Vec<Candidate>) -> Vec<Candidate> {
    match email {
        Some(email) => {
            let is_it = |one: &Candidate| one.email.eq_ignore_ascii_case(email);
            all.into_iter().filter(is_it).collect()
        }
        None => choice::people(said, all, |one| vec![one.name.clone()]),
    }
}

/// People of the organisation.
async fn directory(
    graph: &Graph,
    said: &str,
    email: Option<&str>,
) -> Result<Vec<Candidate>, ActionError> {
    let request = ApiRequest::get(graph.url(&["users"]))
        .query("$select", "id,displayName,mail,userPrincipalName")
        .query("$top", PEOPLE);
    let request = if let Some(email) = email {
        // OData doubles a quote within a text.
        let email = email.replace('\'', "''");
        let filter = format!("mail eq '{email}' or userPrincipalName eq '{email}'");
        request.query("$filter", filter)
    } else {
        let words = said.replace(['"', '\\', ':'], " ");
        request
            .query("$search", format!("\"displayName:{words}\""))
            .header(HeaderName::from_static("consistencylevel"), "eventual")
    };
    let found: Users = graph.json(request).await?;
    let candidate = |user: User| Candidate {
        name: user.display_name.unwrap_or_default(),
        email: match (email, user.mail) {
            // It was found by this one, which need not be the one that is shown.
            (Some(email), _) => email.to_owned(),
            (None, Some(mail)) => mail,
            (None, None) => user.login.unwrap_or_default(),
        },
        user: user.id,
        chat: None,
    };
    let found = found.value.into_iter().map(candidate).collect();
    Ok(meant(said, email, found))
}

/// Whoever is meant: with whom one chats already, a group by its name, else somebody of the organisation.
pub(super) async fn place(graph: &Graph, said: &str) -> Result<Place, ActionError> {
    let said = said.trim().trim_start_matches('@');
    let email = recipients::address(said)?.map(|person| person.email);
    let own = oneself(graph).await?;
    let chats = all(graph).await?;
    let mut seen = std::collections::HashSet::new();
    let partners: Vec<Candidate> = chats
        .iter()
        .filter(|chat| chat.kind == "oneOnOne")
        .filter_map(|chat| partner(chat, &own))
        .filter(|one| seen.insert(one.user.clone()))
        .collect();
    let mut found = meant(said, email.as_deref(), partners);
    if found.is_empty() {
        let name = bare(said, &["chat", "group"]);
        let groups = chats.into_iter().filter(|chat| chat.kind != "oneOnOne");
        let topic = |chat: &Chat| vec![chat.topic.clone().unwrap_or_default()];
        let groups = choice::things(name, groups, topic);
        if !groups.is_empty() {
            let label =
                |chat: &Chat| format!("the chat {}", chat.topic.as_deref().unwrap_or_default());
            let chat = choice::only(name, groups, label, "in your Teams")?;
            let label = label(&chat);
            return Ok(Place::Chat { id: chat.id, label });
        }
        found = directory(graph, said, email.as_deref()).await?;
        found.retain(|one| one.user != own);
    }
    let one = choice::only(said, found, Candidate::label, "in your Teams")?;
    Ok(one.place())
}
