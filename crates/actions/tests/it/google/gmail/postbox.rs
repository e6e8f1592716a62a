//! Gmail API v1 as its reference describes it, strict about what it gets, with a mailbox of six messages.

use super::letters::{Letter, letters};
use crate::{
    google::cloud::{self, PEOPLE, failure},
    stand_in::{Answer, Received},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

pub(super) const MESSAGES: &str = "/gmail/v1/users/me/messages";
pub(crate) const SEND: &str = "/gmail/v1/users/me/messages/send";
pub(super) const OTHERS: &str = "/v1/otherContacts:search";
/// What can be selected of a message.
const FIELDS: [&str; 7] = [
    "",
    "id",
    "threadId",
    "labelIds",
    "snippet",
    "internalDate",
    "payload/headers",
];
/// Messages on a page, however many are asked for.
const PAGE: usize = 3;

/// A mailbox; clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Postbox(Arc<Mutex<Vec<Letter>>>);

fn bad(message: &str) -> Answer {
    failure(400, "invalidArgument", message)
}

fn not_granted() -> Answer {
    failure(
        403,
        "insufficientPermissions",
        "Request had insufficient authentication scopes.",
    )
}

impl Postbox {
    pub(crate) fn full() -> Self {
        Self(Arc::new(Mutex::new(letters())))
    }

    pub(super) fn empty() -> Self {
        Self(Arc::default())
    }

    /// What was sent.
    pub(super) fn sent(&self) -> Vec<Letter> {
        let letters = self.0.lock().unwrap();
        letters
            .iter()
            .filter(|letter| letter.raw.is_some())
            .cloned()
            .collect()
    }

    /// The rules. `ya29.all` may do everything, `ya29.mail` nothing but mail, `ya29.readonly` only read it; any other
    /// token is refused.
    pub(crate) fn answer(&self, received: &Received) -> Answer {
        let path = received.path.as_str();
        let is_people = path == PEOPLE || path == OTHERS;
        match received.token() {
            "ya29.all" => {}
            "ya29.mail" if !is_people => {}
            "ya29.readonly" if !is_people && path != SEND => {}
            "ya29.mail" | "ya29.readonly" => return not_granted(),
            _ => return failure(401, "authError", "Invalid Credentials"),
        }
        let id = path
            .strip_prefix(MESSAGES)
            .and_then(|rest| rest.strip_prefix('/'));
        match (received.method.as_str(), path, id) {
            ("GET", PEOPLE, _) => cloud::answer(received),
            ("GET", OTHERS, _) => others(received),
            ("GET", MESSAGES, _) => self.list(received),
            ("POST", SEND, _) => self.send(received),
            ("GET", _, Some(id)) => self.get(received, id),
            _ => failure(404, "notFound", "Not Found"),
        }
    }

    fn list(&self, received: &Received) -> Answer {
        if let Some(name) = received.unknown(&["q", "labelIds", "maxResults", "pageToken"]) {
            return bad(&format!(
                "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter."
            ));
        }
        let query = |name: &str| received.query.get(name).map(String::as_str);
        let limit: usize = match query("maxResults").unwrap_or("100").parse() {
            Ok(limit) if (1..=500).contains(&limit) => limit,
            _ => return bad("Invalid value at 'max_results' (TYPE_UINT32)"),
        };
        let mut fitting = Vec::new();
        for letter in self.0.lock().unwrap().iter() {
            match letter.fits(query("q").unwrap_or_default()) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(operator) => return bad(&format!("there is no operator {operator}")),
            }
            if query("labelIds").is_none_or(|label| letter.labels.contains(&label)) {
                fitting.push(letter.clone());
            }
        }
        fitting.sort_by_key(|letter| std::cmp::Reverse(letter.at));
        let from: usize = query("pageToken").map_or(0, |token| token.parse().unwrap());
        let to = (from + limit.min(PAGE)).min(fitting.len());
        let listed: Vec<Value> = fitting[from.min(to)..to]
            .iter()
            .map(|letter| json!({"id": letter.id, "threadId": letter.thread}))
            .collect();
        let mut page = json!({"resultSizeEstimate": fitting.len()});
        if !listed.is_empty() {
            page["messages"] = json!(listed);
        }
        if to < fitting.len() {
            page["nextPageToken"] = json!(to.to_string());
        }
        Answer::json(200, &page)
    }

    fn get(&self, received: &Received, id: &str) -> Answer {
        if let Some(name) = received.unknown(&["format", "metadataHeaders", "fields"]) {
            return bad(&format!(
                "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter."
            ));
        }
        if id.len() != 16 || u64::from_str_radix(id, 16).is_err() {
            return bad("Invalid id value");
        }
        let fields = received.query.get("fields").map_or("", String::as_str);
        if let Some(odd) = fields.split(',').find(|field| !FIELDS.contains(field)) {
            return bad(&format!("Invalid field selection {odd}"));
        }
        let letters = self.0.lock().unwrap();
        let Some(letter) = letters.iter().find(|letter| letter.id == id) else {
            return failure(404, "notFound", "Requested entity was not found.");
        };
        let headers = received.values("metadataHeaders");
        match received.query.get("format").map_or("full", String::as_str) {
            "full" if headers.is_empty() => Answer::json(200, &letter.full()),
            "metadata" => Answer::json(200, &letter.metadata(&headers)),
            _ => bad("Invalid value at 'format' (type.googleapis.com/gmail.Format)"),
        }
    }

    fn send(&self, received: &Received) -> Answer {
        if !received
            .header("content-type")
            .starts_with("application/json")
        {
            return bad("Content-Type must be application/json");
        }
        if let Some(name) = received.unknown(&["raw", "threadId"]) {
            return bad(&format!(
                "Invalid JSON payload received. Unknown name \"{name}\": Cannot find field."
            ));
        }
        let body = received.json();
        let raw = body["raw"].as_str().unwrap_or_default();
        let Ok(raw) = URL_SAFE.decode(raw) else {
            return bad("Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed");
        };
        let mut letters = self.0.lock().unwrap();
        let number = letters.len() + 1;
        let mut letter = match Letter::sent(number, &raw) {
            Ok(letter) => letter,
            Err(why) => return bad(why),
        };
        if let Some(thread) = body["threadId"].as_str() {
            let others: Vec<&Letter> = letters
                .iter()
                .filter(|other| other.thread == thread)
                .collect();
            if others.is_empty() {
                return failure(404, "notFound", "Requested entity was not found.");
            }
            if letter.belongs_to(&others) {
                thread.clone_into(&mut letter.thread);
            }
        }
        let answer = json!({"id": letter.id, "threadId": letter.thread, "labelIds": ["SENT"]});
        letters.push(letter);
        Answer::json(200, &answer)
    }
}

fn others(received: &Received) -> Answer {
    if let Some(name) = received.unknown(&["query", "readMask", "pageSize"]) {
        return bad(&format!("Unknown name \"{name}\""));
    }
    let is_zara = received.query["query"].eq_ignore_ascii_case("zara");
    if !is_zara {
        return Answer::json(200, &json!({}));
    }
    let zara = json!({"names": [{"displayName": "Zara Ahmed"}], "emailAddresses": [{"value": "zara@example.com"}]});
    Answer::json(200, &json!({"results": [{"person": zara}]}))
}
