//! Messages as Gmail gives them: a tree of MIME parts, decoded.

use crate::{
    Person,
    mail::{Message, text},
};
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use jiff::Timestamp;
use mailparse::{MailAddr, SingleInfo};
use serde::Deserialize;

/// base64url, padded or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// <https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    pub(super) id: String,
    #[serde(default)]
    thread_id: String,
    #[serde(default)]
    label_ids: Vec<String>,
    #[serde(default)]
    snippet: String,
    /// Milliseconds since 1970.
    internal_date: Option<String>,
    #[serde(default)]
    payload: Part,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Part {
    mime_type: String,
    filename: String,
    headers: Vec<Header>,
    body: Body,
    parts: Vec<Part>,
}

#[derive(Debug, Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    data: Option<String>,
}

impl Part {
    /// The first text of a type that is no attachment.
    fn text(&self, mime_type: &str) -> Option<String> {
        let own = self.mime_type.eq_ignore_ascii_case(mime_type) && self.filename.is_empty();
        let data = self.body.data.as_ref().filter(|_| own);
        let bytes = data.and_then(|data| BASE64.decode(data).ok());
        let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        text.filter(|text| !text.trim().is_empty())
            .or_else(|| self.parts.iter().find_map(|part| part.text(mime_type)))
    }
}

impl Item {
    /// A header of the message; empty when it has none.
    pub(super) fn header(&self, name: &str) -> &str {
        let is_it = |header: &&Header| header.name.eq_ignore_ascii_case(name);
        let found = self.payload.headers.iter().find(is_it);
        found.map_or("", |header| header.value.as_str())
    }

    /// Its text: the plain one, else that of its HTML.
    pub(super) fn text(&self) -> String {
        let plain = || self.payload.text("text/plain");
        let html = || {
            self.payload
                .text("text/html")
                .map(|html| text::of_html(&html))
        };
        plain().or_else(html).unwrap_or_default()
    }

    pub(super) fn message(self) -> Message {
        let from = people(self.header("From")).into_iter().next();
        let from = from.unwrap_or_else(|| Person {
            name: text::line(self.header("From")),
            email: String::new(),
        });
        let mut reply_to = people(self.header("Reply-To"));
        if reply_to.is_empty() && !from.email.is_empty() {
            reply_to.push(from.clone());
        }
        let milliseconds = self.internal_date.as_deref().and_then(|at| at.parse().ok());
        Message {
            reply_to,
            to: people(self.header("To")),
            cc: people(self.header("Cc")),
            subject: self.header("Subject").to_owned(),
            received: milliseconds.and_then(|at| Timestamp::from_millisecond(at).ok()),
            // The snippet is escaped as HTML.
            preview: text::of_html(&self.snippet),
            text: None,
            is_unread: self.label_ids.iter().any(|label| label == "UNREAD"),
            from,
            id: self.id,
            thread: self.thread_id,
        }
    }
}

/// The people of a header (RFC 5322 §3.4), those of groups too. Gmail has decoded it.
fn people(header: &str) -> Vec<Person> {
    let person = |single: SingleInfo| Person {
        name: text::line(&single.display_name.unwrap_or_default()),
        email: text::line(&single.addr),
    };
    let Ok(addresses) = mailparse::addrparse(header) else {
        return Vec::new();
    };
    let singles = addresses
        .into_inner()
        .into_iter()
        .flat_map(|address| match address {
            MailAddr::Single(single) => vec![single],
            MailAddr::Group(group) => group.addrs,
        });
    singles
        .map(person)
        .filter(|person| person.email.contains('@'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn people_are_read_from_headers() {
        let read =
            |header: &str| -> Vec<String> { people(header).iter().map(Person::spoken).collect() };
        for (header, expected) in [
            (
                "Ramesh Kumar <ramesh@example.com>",
                vec!["Ramesh Kumar (ramesh@example.com)"],
            ),
            (
                "\"Kumar, Ramesh\" <r@example.com>, b@example.com",
                vec!["Kumar, Ramesh (r@example.com)", "b@example.com"],
            ),
            (
                "José Díaz <jose@example.com>",
                vec!["José Díaz (jose@example.com)"],
            ),
            ("undisclosed-recipients:;", vec![]),
            (
                "Team: a@example.com, b@example.com;",
                vec!["a@example.com", "b@example.com"],
            ),
            ("", vec![]),
            ("nobody at all", vec![]),
        ] {
            assert_eq!(read(header), expected, "{header}");
        }
    }

    #[test]
    fn the_plain_text_comes_before_html_and_attachments_are_none() {
        let part = |kind: &str, name: &str, text: &str| {
            let data = BASE64.encode(text);
            json!({"mimeType": kind, "filename": name, "body": {"data": data.trim_end_matches('='), "size": text.len()}})
        };
        let mail = |parts: serde_json::Value| -> Item {
            serde_json::from_value(
                json!({"id": "1", "payload": {"mimeType": "multipart/mixed", "parts": parts}}),
            )
            .unwrap()
        };
        let (plain, html) = (
            part("text/plain", "", "Grüße"),
            part("text/html", "", "<p>Gr&uuml;&szlig;e</p>"),
        );
        let notes = part("text/plain", "notes.txt", "not this");
        for (parts, expected) in [
            (
                json!([{"mimeType": "multipart/alternative", "parts": [html, plain]}, notes]),
                "Grüße",
            ),
            (json!([notes, html]), "Grüße"),
            (json!([part("text/plain", "", " \n"), html]), "Grüße"),
            (json!([notes]), ""),
            (json!([]), ""),
        ] {
            assert_eq!(mail(parts).text(), expected);
        }
    }
}
