//! Messages of chats and channels.

use crate::{
    ActionError, ApiRequest, Provider, html, mail::text::line, microsoft::graph::Graph,
    untrusted::untrusted, when,
};
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

/// Messages that are asked for, as many as Graph gives: events of the system are among them.
const PAGE: &str = "50";
/// Names of attachments that are told.
const MOST_ATTACHMENTS: usize = 5;
/// The longest name that is told, in characters.
const LONGEST_NAME: usize = 80;

#[derive(Debug, Deserialize)]
struct Page {
    value: Vec<Message>,
}

/// A message, or an event of the system.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    #[serde(default, rename = "messageType")]
    kind: String,
    created_date_time: Option<Timestamp>,
    deleted_date_time: Option<String>,
    subject: Option<String>,
    from: Option<Sender>,
    body: Option<Body>,
    #[serde(default)]
    attachments: Vec<Attachment>,
}

#[derive(Debug, Deserialize)]
struct Sender {
    user: Option<Identity>,
    application: Option<Identity>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    display_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(default)]
    content_type: String,
    content: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Attachment {
    name: Option<String>,
}

impl Message {
    fn is_said(&self) -> bool {
        self.kind == "message" && self.deleted_date_time.is_none()
    }

    fn text(&self) -> String {
        let body = self.body.as_ref();
        let content = body
            .and_then(|body| body.content.as_deref())
            .unwrap_or_default();
        let is_html = body.is_some_and(|body| body.content_type == "html");
        let text = if is_html {
            html::text(content, |_| false)
        } else {
            content.trim().to_owned()
        };
        match self.subject.as_deref().map(str::trim) {
            Some(subject) if !subject.is_empty() => format!("{subject}: {text}"),
            _ => text,
        }
    }

    fn from(&self) -> String {
        let from = self.from.as_ref();
        let identity = from.and_then(|from| from.user.as_ref().or(from.application.as_ref()));
        let name = identity.and_then(|identity| identity.display_name.clone());
        name.filter(|name| !name.is_empty())
            .unwrap_or_else(|| "somebody".to_owned())
    }

    /// For JSON and the model: what is written is others' words, and so are their names.
    fn view(&self, zone: &TimeZone) -> Value {
        let names = self
            .attachments
            .iter()
            .filter_map(|one| one.name.as_deref());
        let short = |name: &str| name.chars().take(LONGEST_NAME).collect::<String>();
        let names: Vec<Value> = names
            .take(MOST_ATTACHMENTS)
            .map(|name| untrusted(&short(name)))
            .collect();
        let at = self.created_date_time;
        let mut view = json!({
            "from": untrusted(&line(&self.from())),
            "at": at.map(|at| at.to_string()),
            "when": at.map(|at| when::spoken(&at.to_zoned(zone.clone()))),
            "text": untrusted(&self.text()),
        });
        if !names.is_empty() {
            view["attachments"] = names.into();
        }
        view
    }
}

/// The newest messages at an address, the newest first; their times also as they are said in a zone.
pub(super) async fn newest(
    graph: &Graph,
    url: Url,
    is_sortable: bool,
    limit: usize,
    zone: &TimeZone,
) -> Result<Vec<Value>, ActionError> {
    let mut request = ApiRequest::get(url).query("$top", PAGE);
    if is_sortable {
        request = request.query("$orderby", "createdDateTime desc");
    }
    let mut messages = graph.json::<Page>(request).await?.value;
    messages.retain(Message::is_said);
    // Channels come in the order of their last answers.
    messages.sort_by_key(|message| std::cmp::Reverse(message.created_date_time));
    let newest = messages.iter().take(limit);
    Ok(newest.map(|message| message.view(zone)).collect())
}

/// Writes a message to an address; gives its id. Nothing in the text is markup.
pub(super) async fn send(graph: &Graph, url: Url, text: &str) -> Result<Value, ActionError> {
    let body = json!({ "body": { "contentType": "text", "content": text } });
    let answer = graph.bytes(ApiRequest::post(url, &body)).await?;
    // It was sent, so that what cannot be read is no reason to say that it failed.
    let mut sent: Value = serde_json::from_slice(&answer).unwrap_or_default();
    Ok(sent["id"].take())
}

/// "The 2 newest messages with Anil Rao, the newest first."
pub(super) fn spoken(count: usize, place: &str) -> String {
    match count {
        0 => format!("There are no messages {place}."),
        1 => format!("The newest message {place}."),
        count => format!("The {count} newest messages {place}, the newest first."),
    }
}

/// What is said of a place that is there no more.
pub(super) fn since_gone(error: ActionError, place: &str) -> ActionError {
    match error {
        ActionError::NotFound(_) => {
            ActionError::NotFound(format!("{place} is not in your Teams any more."))
        }
        // Teams says so to those who left.
        ActionError::Refused {
            provider: Provider::Teams,
            status: 403,
            ..
        } => ActionError::NotFound(format!("You may not write to or read {place} in Teams.")),
        error => error,
    }
}
