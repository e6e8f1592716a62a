//! Outlook's mailbox.

use super::{
    graph::{Graph, Recipient},
    people,
};
use crate::{
    ActionContext, ActionError, ApiRequest, Person, Provider, Speaker,
    mail::{MailQuery, MailReply, Mailbox, Message, OutgoingMail, known, text},
};
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use reqwest::header::HeaderName;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// What is read of each message.
const FIELDS: &str = "id,conversationId,parentFolderId,from,replyTo,toRecipients,ccRecipients,subject,\
    receivedDateTime,bodyPreview,isRead,isDraft";
/// The most that are read of one search. Drafts and what was sent cannot be left out of it, so that more are read
/// than are wanted.
const PAGE: usize = 50;
/// Messages that are looked at for people whom the address book does not have.
const LOOKED_AT: usize = 25;
/// HTML comes as text.
const AS_TEXT: &str = "outlook.body-content-type=\"text\"";
/// Pauses before each look for a message whose answer was lost.
const PAUSES: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(700),
    Duration::from_millis(1_500),
];

/// Opens a speaker's Outlook.
pub(crate) fn open_mailbox(
    context: &ActionContext,
    speaker: &Speaker,
) -> Result<Box<dyn Mailbox>, ActionError> {
    Ok(Box::new(Outlook {
        graph: Graph::new(context, speaker, Provider::Outlook)?,
    }))
}

/// The mailbox of one user.
#[derive(Debug)]
struct Outlook {
    graph: Graph,
}

/// <https://learn.microsoft.com/graph/api/resources/message>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: String,
    #[serde(default)]
    conversation_id: String,
    parent_folder_id: Option<String>,
    /// Null in a draft.
    from: Option<Recipient>,
    #[serde(default)]
    reply_to: Vec<Recipient>,
    #[serde(default)]
    to_recipients: Vec<Recipient>,
    #[serde(default)]
    cc_recipients: Vec<Recipient>,
    subject: Option<String>,
    received_date_time: Option<Timestamp>,
    body_preview: Option<String>,
    body: Option<Body>,
    #[serde(default)]
    is_read: bool,
    #[serde(default)]
    is_draft: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    content_type: String,
    content: String,
}

#[derive(Debug, Deserialize)]
struct Found {
    value: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Folder {
    id: String,
}

fn named(recipients: Vec<Recipient>) -> Vec<Person> {
    recipients
        .into_iter()
        .filter_map(Recipient::person)
        .collect()
}

impl Item {
    fn message(self) -> Message {
        let text = self.body.map(|body| {
            if body.content_type.eq_ignore_ascii_case("html") {
                text::of_html(&body.content)
            } else {
                body.content
            }
        });
        let from = self.from.and_then(Recipient::person);
        let mut reply_to = named(self.reply_to);
        if reply_to.is_empty() {
            reply_to.extend(from.clone());
        }
        Message {
            from: from.unwrap_or_else(|| Person {
                name: String::new(),
                email: String::new(),
            }),
            reply_to,
            to: named(self.to_recipients),
            cc: named(self.cc_recipients),
            subject: self.subject.unwrap_or_default(),
            received: self.received_date_time,
            preview: self.body_preview.unwrap_or_default(),
            text,
            is_unread: !self.is_read,
            id: self.id,
            thread: self.conversation_id,
        }
    }
}

/// A search in the Keyword Query Language, as the one quoted value that `$search` takes; nothing where all is sought.
/// <https://learn.microsoft.com/graph/search-query-parameter>
fn search(query: &MailQuery) -> Option<String> {
    let value = |text: &str| text.replace(['"', '\\', '(', ')'], " ").trim().to_owned();
    let each = |property: &str, name: &Option<String>| {
        let name = name.as_deref().map(value).unwrap_or_default();
        // A property has one word, so that each is asked for.
        let words: Vec<String> = name
            .split_whitespace()
            .map(|word| format!("{property}:{word}"))
            .collect();
        words.join(" AND ")
    };
    let mut terms = vec![
        value(&query.words),
        each("from", &query.from),
        each("to", &query.to),
    ];
    terms.retain(|term| !term.is_empty());
    if terms.is_empty() {
        return None;
    }
    terms.extend(query.received.map(days));
    Some(format!("\"{}\"", terms.join(" AND ")))
}

/// The days of a span for `$search`; one more at each end, since nothing says in whose zone they are counted.
fn days((from, before): (Timestamp, Timestamp)) -> String {
    let day = |at: Timestamp| -> Date { at.to_zoned(TimeZone::UTC).date() };
    let first = day(from).saturating_sub(1.day());
    let last = day(before).saturating_add(1.day());
    format!("received>={first} AND received<={last}")
}

/// What `$filter` is to leave of the inbox. What is ordered by has to stand first in it.
fn filter(query: &MailQuery) -> Option<String> {
    let mut clauses = Vec::new();
    if let Some((from, before)) = query.received {
        clauses.push(format!(
            "receivedDateTime ge {from} and receivedDateTime lt {before}"
        ));
    }
    if query.only_unread {
        if clauses.is_empty() {
            clauses.push("receivedDateTime ge 1970-01-01T00:00:00Z".to_owned());
        }
        clauses.push("isRead eq false".to_owned());
    }
    (!clauses.is_empty()).then(|| clauses.join(" and "))
}

fn recipients(people: &[Person]) -> Vec<Value> {
    let recipient = |person: &Person| match person.name.as_str() {
        "" => json!({"emailAddress": {"address": person.email}}),
        name => json!({"emailAddress": {"address": person.email, "name": name}}),
    };
    people.iter().map(recipient).collect()
}

impl Outlook {
    async fn items(&self, request: ApiRequest) -> Result<Vec<Item>, ActionError> {
        let found: Found = self.graph.json(request.query("$select", FIELDS)).await?;
        Ok(found.value)
    }

    /// The folder of what the user sent.
    async fn sent_items(&self) -> Result<String, ActionError> {
        let url = self.graph.url(&["me", "mailFolders", "sentitems"]);
        let folder: Folder = self
            .graph
            .json(ApiRequest::get(url).query("$select", "id"))
            .await?;
        Ok(folder.id)
    }

    /// Sends; after a lost answer it looks whether it was sent. One that is not there is not sent again: it may only be
    /// late, and two are worse than a question.
    async fn deliver(
        &self,
        request: ApiRequest,
        message_id: &str,
    ) -> Result<Option<String>, ActionError> {
        match self.graph.bytes(request).await {
            Ok(_) => Ok(None),
            Err(ActionError::Unknown(provider)) => {
                let sent = self.sent(message_id).await;
                sent.map(Some).ok_or(ActionError::Unknown(provider))
            }
            Err(error) => Err(error),
        }
    }

    async fn sent(&self, message_id: &str) -> Option<String> {
        let filter = format!("internetMessageId eq '<{message_id}>'");
        for pause in PAUSES {
            sleep(pause).await;
            let request = ApiRequest::get(self.graph.url(&["me", "messages"]))
                .query("$filter", &filter)
                .query("$select", "id,isDraft");
            let found: Found = self.graph.json(request).await.ok()?;
            if let Some(item) = found.value.into_iter().find(|item| !item.is_draft) {
                return Some(item.id);
            }
        }
        None
    }
}

#[async_trait::async_trait]
impl Mailbox for Outlook {
    async fn search(&self, query: &MailQuery, limit: usize) -> Result<Vec<Message>, ActionError> {
        let Some(words) = search(query) else {
            let url = self.graph.url(&["me", "mailFolders", "inbox", "messages"]);
            let mut request = ApiRequest::get(url)
                .query("$orderby", "receivedDateTime desc")
                .query("$top", limit.to_string());
            if let Some(filter) = filter(query) {
                request = request.query("$filter", filter);
            }
            return Ok(self
                .items(request)
                .await?
                .into_iter()
                .map(Item::message)
                .collect());
        };
        // `$search` goes with neither `$filter` nor `$orderby`; the newest come first.
        let request = ApiRequest::get(self.graph.url(&["me", "messages"]))
            .query("$search", words)
            .query("$top", PAGE.to_string());
        let mut items = self.items(request).await?;
        items.retain(|item| !item.is_draft && (!query.only_unread || !item.is_read));
        if let Some((from, before)) = query.received {
            let is_then = |at: Timestamp| (from..before).contains(&at);
            items.retain(|item| item.received_date_time.is_some_and(is_then));
        }
        if query.only_received && !items.is_empty() {
            let sent = Some(self.sent_items().await?);
            items.retain(|item| item.parent_folder_id != sent);
        }
        items.truncate(limit);
        Ok(items.into_iter().map(Item::message).collect())
    }

    async fn read(&self, id: &str) -> Result<Message, ActionError> {
        let request = ApiRequest::get(self.graph.url(&["me", "messages", id]))
            .header(HeaderName::from_static("prefer"), AS_TEXT)
            .query("$select", format!("{FIELDS},body"));
        let item: Item = self.graph.json(request).await?;
        Ok(item.message())
    }

    async fn send(&self, mail: &OutgoingMail) -> Result<Option<String>, ActionError> {
        let body = json!({
            "message": {
                "subject": mail.subject,
                "body": {"contentType": "text", "content": mail.text},
                "toRecipients": recipients(&mail.to),
                "ccRecipients": recipients(&mail.cc),
                "internetMessageId": format!("<{}>", mail.message_id),
            },
            "saveToSentItems": true,
        });
        let request = ApiRequest::post(self.graph.url(&["me", "sendMail"]), &body);
        self.deliver(request, &mail.message_id).await
    }

    async fn reply(&self, reply: &MailReply) -> Result<Option<String>, ActionError> {
        // Graph adds the subject and the references. A `comment` would be read as HTML.
        let body = json!({
            "message": {
                "body": {"contentType": "text", "content": reply.text},
                "toRecipients": recipients(&reply.to),
                "internetMessageId": format!("<{}>", reply.message_id),
            },
        });
        let url = self.graph.url(&["me", "messages", &reply.message, "reply"]);
        let answered = self
            .deliver(ApiRequest::post(url, &body), &reply.message_id)
            .await;
        answered.map_err(|error| match error {
            ActionError::NotFound(_) => {
                ActionError::NotFound("That message is not in your mailbox any more.".to_owned())
            }
            error => error,
        })
    }

    async fn find_people(&self, name: &str) -> Result<Vec<Person>, ActionError> {
        let found = people::find(&self.graph, name).await?;
        if !found.is_empty() {
            return Ok(found);
        }
        let value = name.replace(['"', '\\', '(', ')'], " ");
        let words: Vec<String> = value
            .split_whitespace()
            .map(|word| format!("participants:{word}"))
            .collect();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let request = ApiRequest::get(self.graph.url(&["me", "messages"]))
            .query("$search", format!("\"{}\"", words.join(" AND ")))
            .query("$top", LOOKED_AT.to_string());
        let items = self.items(request).await?.into_iter();
        Ok(known::known_as(name, items.map(Item::message).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_one_quoted_value() {
        let query = |words: &str, from: &str| MailQuery {
            words: words.into(),
            from: Some(from.to_owned()).filter(|from| !from.is_empty()),
            ..MailQuery::default()
        };
        for (words, from, expected) in [
            ("budget", "", Some("\"budget\"")),
            (
                "budget",
                "Anil Rao",
                Some("\"budget AND from:Anil AND from:Rao\""),
            ),
            ("a\" OR \"b", "", Some("\"a  OR  b\"")),
            ("", "", None),
            ("\"", "", None),
        ] {
            assert_eq!(search(&query(words, from)).as_deref(), expected);
        }
    }

    #[test]
    fn a_day_is_searched_for_beside_words_and_filtered_by_without() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let day = MailQuery {
            received: Some((at("2026-05-27T04:00:00Z"), at("2026-05-28T04:00:00Z"))),
            only_unread: true,
            ..MailQuery::default()
        };
        assert_eq!(search(&day), None);
        assert_eq!(
            filter(&day).as_deref(),
            Some(
                "receivedDateTime ge 2026-05-27T04:00:00Z and receivedDateTime lt 2026-05-28T04:00:00Z and isRead eq false"
            )
        );
        let words = MailQuery {
            words: "budget".into(),
            ..day
        };
        assert_eq!(
            search(&words).as_deref(),
            Some("\"budget AND received>=2026-05-26 AND received<=2026-05-29\"")
        );
        assert_eq!(filter(&MailQuery::default()), None);
    }
}
