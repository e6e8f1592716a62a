//! Gmail API v1: the user's mailbox.

mod message;
mod mime;

use super::{hosts::Api, people};
use crate::{
    ActionContext, ActionError, ApiClient, ApiRequest, Endpoints, Person, Provider, Speaker,
    choice,
    mail::{MailQuery, MailReply, Mailbox, Message, OutgoingMail, known, text},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use futures_util::future::join_all;
use jiff::Timestamp;
use message::Item;
use mime::Letter;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use tokio::time::sleep;
use url::Url;

/// Pages that are read of one search; Gmail may give less on one than it was asked for.
const MOST_PAGES: usize = 3;
/// Messages that are looked at for people whom the address book does not have.
const LOOKED_AT: usize = 15;
/// Sent messages that are looked at for one whose answer was lost.
const SENT_LOOKED_AT: usize = 5;
/// Pauses before each look for it.
const PAUSES: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(700),
    Duration::from_millis(1_500),
];
/// What is read of each message of a list.
const FIELDS: &str = "id,threadId,labelIds,snippet,internalDate,payload/headers";
/// The headers of those.
const HEADERS: [&str; 5] = ["From", "Reply-To", "To", "Cc", "Subject"];

/// Opens a speaker's Gmail.
pub(crate) fn open_mailbox(
    context: &ActionContext,
    speaker: &Speaker,
) -> Result<Box<dyn Mailbox>, ActionError> {
    Ok(Box::new(Gmail {
        client: context.client(speaker, Provider::Gmail)?,
        endpoints: context.services.endpoints.clone(),
        now: context.services.now,
    }))
}

/// The mailbox of one user.
#[derive(Debug)]
struct Gmail {
    client: ApiClient,
    endpoints: Endpoints,
    now: fn() -> Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    /// Left out when there are none.
    #[serde(default)]
    messages: Vec<Listed>,
    next_page_token: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    id: String,
}

/// Gmail's language of search; <https://support.google.com/mail/answer/7190>.
fn language(query: &MailQuery) -> String {
    // What stands in brackets is one value, so that a name cannot leave it.
    let value = |name: &str| name.replace(['(', ')', '{', '}', '"'], " ");
    let mut words = vec![query.words.clone()];
    if let Some(from) = &query.from {
        words.push(format!("from:({})", value(from)));
    }
    if let Some(to) = &query.to {
        words.push(format!("to:({})", value(to)));
    }
    if query.only_unread {
        words.push("is:unread in:inbox".to_owned());
    }
    if query.only_received {
        words.push("-in:sent".to_owned());
    }
    if let Some((from, before)) = query.received {
        // Dates would be Pacific ones; <https://developers.google.com/workspace/gmail/api/guides/filtering>.
        words.push(format!(
            "after:{} before:{}",
            from.as_second(),
            before.as_second()
        ));
    }
    words.push("-in:drafts -in:chats".to_owned());
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

impl Gmail {
    fn url(&self, segments: &[&str]) -> Url {
        let mut path = vec!["users", "me", "messages"];
        path.extend(segments);
        Api::Gmail.url(&self.endpoints, &path)
    }

    /// The ids of the newest messages that a query or a label has.
    async fn ids(&self, name: &str, value: &str, limit: usize) -> Result<Vec<String>, ActionError> {
        let (mut ids, mut token) = (Vec::new(), None::<String>);
        for _ in 0..MOST_PAGES {
            let mut request = ApiRequest::get(self.url(&[]))
                .query(name, value)
                .query("maxResults", limit.to_string());
            if let Some(token) = &token {
                request = request.query("pageToken", token);
            }
            let page: Page = self.client.json(request).await?;
            ids.extend(page.messages.into_iter().map(|listed| listed.id));
            token = page.next_page_token;
            if token.is_none() || ids.len() >= limit {
                break;
            }
        }
        ids.truncate(limit);
        Ok(ids)
    }

    /// Those messages with these headers; what has been deleted meanwhile is left out.
    async fn items(&self, ids: &[String], headers: &[&str]) -> Result<Vec<Item>, ActionError> {
        let item = async |id: &String| {
            let mut request = ApiRequest::get(self.url(&[id]))
                .query("format", "metadata")
                .query("fields", FIELDS);
            for header in headers {
                request = request.query("metadataHeaders", header);
            }
            self.client.json::<Item>(request).await
        };
        let items = join_all(ids.iter().map(item)).await.into_iter();
        items
            .filter(|item| !matches!(item, Err(ActionError::NotFound(_))))
            .collect()
    }

    async fn deliver(
        &self,
        letter: &Letter<'_>,
        thread: Option<&str>,
    ) -> Result<Option<String>, ActionError> {
        let raw = URL_SAFE.encode(letter.formatted((self.now)())?);
        let body = match thread {
            Some(thread) => json!({"raw": raw, "threadId": thread}),
            None => json!({"raw": raw}),
        };
        let request = ApiRequest::post(self.url(&["send"]), &body);
        match self.client.bytes(request).await {
            Ok(answer) => Ok(serde_json::from_slice(&answer)
                .ok()
                .map(|sent: Listed| sent.id)),
            Err(ActionError::Unknown(provider)) => {
                let sent = self.sent(letter.message_id).await;
                sent.map(Some).ok_or(ActionError::Unknown(provider))
            }
            Err(error) => Err(error),
        }
    }

    /// The message that was sent under an id, if it was. The list of what was sent is up to date at once; the search
    /// (`rfc822msgid:`) is not, and Gmail may have put an id of its own in the place of this one. A message that is not
    /// there is not sent again: it may only be late, and two are worse than a question.
    async fn sent(&self, message_id: &str) -> Option<String> {
        for pause in PAUSES {
            sleep(pause).await;
            let ids = self.ids("labelIds", "SENT", SENT_LOOKED_AT).await.ok()?;
            let items = self
                .items(&ids, &[mime::MESSAGE_ID, mime::ATTEMPT])
                .await
                .ok()?;
            let is_it = |item: &Item| {
                let named = [mime::MESSAGE_ID, mime::ATTEMPT].map(|name| item.header(name));
                named
                    .into_iter()
                    .any(|value| value.trim_matches(['<', '>']) == message_id)
            };
            if let Some(item) = items.into_iter().find(is_it) {
                return Some(item.id);
            }
        }
        None
    }
}

#[async_trait::async_trait]
impl Mailbox for Gmail {
    async fn search(&self, query: &MailQuery, limit: usize) -> Result<Vec<Message>, ActionError> {
        let ids = self.ids("q", &language(query), limit).await?;
        let items = self.items(&ids, &HEADERS).await?;
        Ok(items.into_iter().map(Item::message).collect())
    }

    async fn read(&self, id: &str) -> Result<Message, ActionError> {
        let request = ApiRequest::get(self.url(&[id])).query("format", "full");
        let item: Item = self.client.json(request).await?;
        let text = item.text();
        Ok(Message {
            text: Some(text),
            ..item.message()
        })
    }

    async fn send(&self, mail: &OutgoingMail) -> Result<Option<String>, ActionError> {
        let letter = Letter {
            to: &mail.to,
            cc: &mail.cc,
            subject: &mail.subject,
            text: &mail.text,
            message_id: &mail.message_id,
            references: Vec::new(),
        };
        self.deliver(&letter, None).await
    }

    async fn reply(&self, reply: &MailReply) -> Result<Option<String>, ActionError> {
        let headers = [mime::MESSAGE_ID, "References", "In-Reply-To"];
        let ids = [reply.message.clone()];
        let answered = self.items(&ids, &headers).await?.pop();
        let answered = answered.ok_or_else(|| {
            ActionError::NotFound("That message is not in your mailbox any more.".to_owned())
        })?;
        let letter = Letter {
            to: &reply.to,
            cc: &[],
            subject: &text::reply_subject(&reply.subject),
            text: &reply.text,
            message_id: &reply.message_id,
            references: mime::references(&answered),
        };
        self.deliver(&letter, Some(&reply.thread)).await
    }

    async fn find_people(&self, name: &str) -> Result<Vec<Person>, ActionError> {
        for contacts in [people::Contacts::Own, people::Contacts::Other] {
            let found = people::named(&self.client, &self.endpoints, contacts, name).await?;
            let found = choice::people(name, found, known::names);
            if !found.is_empty() {
                return Ok(found);
            }
        }
        let value = name.replace(['(', ')', '{', '}', '"'], " ");
        let query = format!("from:({value}) OR to:({value})");
        let ids = self.ids("q", &query, LOOKED_AT).await?;
        let items = self.items(&ids, &HEADERS).await?;
        Ok(known::known_as(
            name,
            items.into_iter().map(Item::message).collect(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_within_their_brackets() {
        let query = MailQuery {
            words: "budget".into(),
            from: Some("Ann) OR (in:anywhere".into()),
            only_received: true,
            ..MailQuery::default()
        };
        assert_eq!(
            language(&query),
            "budget from:(Ann  OR  in:anywhere) -in:sent -in:drafts -in:chats"
        );
    }

    #[test]
    fn a_day_is_told_in_seconds() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let query = MailQuery {
            received: Some((at("1970-01-01T00:01:00Z"), at("1970-01-02T00:00:00Z"))),
            ..MailQuery::default()
        };
        assert_eq!(
            language(&query),
            "after:60 before:86400 -in:drafts -in:chats"
        );
    }
}
