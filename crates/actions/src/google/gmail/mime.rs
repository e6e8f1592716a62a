//! Messages as Gmail takes them: RFC 5322 with MIME.

use super::message::Item;
use crate::{ActionError, Person, mail::text};
use jiff::Timestamp;
use lettre::{
    Address,
    message::{
        Mailbox, Mailboxes, SinglePart,
        header::{self, Header, HeaderName, HeaderValue},
    },
};

/// Name of the header by which a message is known.
pub(super) const MESSAGE_ID: &str = "Message-ID";
/// The same id once more, since Gmail may replace the other.
pub(super) const ATTEMPT: &str = "X-CASP-Message-ID";
/// The references that are kept of a long conversation: the first one, and the last ones.
const MOST_REFERENCES: usize = 20;

/// A message to be sent. Gmail adds whom it is from, with the name that the user has there.
#[derive(Debug)]
pub(super) struct Letter<'a> {
    pub(super) to: &'a [Person],
    pub(super) cc: &'a [Person],
    pub(super) subject: &'a str,
    pub(super) text: &'a str,
    pub(super) message_id: &'a str,
    /// Ids in brackets, the message that is answered last.
    pub(super) references: Vec<String>,
}

#[derive(Debug, Clone)]
struct Attempt(String);

impl Header for Attempt {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str(ATTEMPT)
    }
    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }
    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

/// What an answer refers to (RFC 5322 §3.6.4): the references of the message that is answered, and itself.
pub(super) fn references(answered: &Item) -> Vec<String> {
    let ids = |header: &str| -> Vec<String> {
        let is_id = |id: &&str| {
            id.starts_with('<') && id.ends_with('>') && id.chars().all(|c| c.is_ascii_graphic())
        };
        let ids = answered.header(header).split_whitespace().filter(is_id);
        ids.map(str::to_owned).collect()
    };
    let mut references = ids("References");
    if references.is_empty() {
        references = ids("In-Reply-To");
    }
    references.extend(ids(MESSAGE_ID));
    if references.len() > MOST_REFERENCES {
        references.drain(1..=references.len() - MOST_REFERENCES);
    }
    references
}

fn mailboxes(people: &[Person]) -> Result<Mailboxes, ActionError> {
    let mailbox = |person: &Person| {
        let name = text::line(&person.name);
        let address: Address = person.email.parse().map_err(|_| {
            ActionError::Ask(format!(
                "“{}” is no e-mail address. What is it exactly?",
                person.email
            ))
        })?;
        Ok(Mailbox::new(
            Some(name).filter(|name| !name.is_empty()),
            address,
        ))
    };
    people.iter().map(mailbox).collect()
}

impl Letter<'_> {
    /// The whole message.
    pub(super) fn formatted(&self, now: Timestamp) -> Result<Vec<u8>, ActionError> {
        let id = format!("<{}>", self.message_id);
        let mut part = SinglePart::builder()
            .header(header::MIME_VERSION_1_0)
            .header(header::Date::from(std::time::SystemTime::from(now)))
            .header(header::MessageId::from(id))
            .header(Attempt(self.message_id.to_owned()))
            .header(header::To::from(mailboxes(self.to)?));
        if !self.cc.is_empty() {
            part = part.header(header::Cc::from(mailboxes(self.cc)?));
        }
        if let Some(answered) = self.references.last() {
            part = part
                .header(header::InReplyTo::from(answered.clone()))
                .header(header::References::from(self.references.join(" ")));
        }
        let part = part
            .header(header::Subject::from(text::line(self.subject)))
            .header(header::ContentType::TEXT_PLAIN);
        Ok(part.body(self.text.to_owned()).formatted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answered(headers: &[(&str, String)]) -> Item {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        serde_json::from_value(json!({"id": "1", "payload": {"headers": headers}})).unwrap()
    }

    #[test]
    fn an_answer_refers_to_the_whole_conversation() {
        let id = |id: &str| ("Message-Id", format!("<{id}@x>"));
        let references = |ids: &str| ("References", ids.to_owned());
        for (headers, expected) in [
            (
                vec![id("3"), references("<1@x>\r\n <2@x>")],
                "<1@x> <2@x> <3@x>",
            ),
            (
                vec![id("3"), ("In-Reply-To", "<2@x>".into())],
                "<2@x> <3@x>",
            ),
            (
                vec![id("3"), references("<1@x> \u{fc}<a b> Bcc:")],
                "<1@x> <3@x>",
            ),
            (vec![], ""),
        ] {
            assert_eq!(super::references(&answered(&headers)).join(" "), expected);
        }
        let many: Vec<String> = (0..100).map(|at| format!("<{at}@x>")).collect();
        let kept = super::references(&answered(&[id("100"), references(&many.join(" "))]));
        assert_eq!(kept.len(), MOST_REFERENCES);
        assert_eq!((kept[0].as_str(), kept[19].as_str()), ("<0@x>", "<100@x>"));
        assert_eq!(kept[1], "<82@x>");
    }
}
