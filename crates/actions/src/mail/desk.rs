//! What all actions on mail begin with: the speaker's mailbox, and whom names mean.

use super::Mailbox;
use crate::{ActionContext, ActionError, Person, Provider, Speaker, recipients};
use email_address::EmailAddress;
use jiff::Zoned;
use std::collections::HashSet;

/// Recipients of one message.
const MOST_PEOPLE: usize = 20;
/// The domain of message ids where the user's own is not known.
const OWN_DOMAIN: &str = "casp.local";

/// Opens a speaker's mailbox.
pub(crate) type OpenMailbox = fn(&ActionContext, &Speaker) -> Result<Box<dyn Mailbox>, ActionError>;

/// A provider's mailboxes, in one conversation.
#[derive(Debug, Clone)]
pub(crate) struct MailDesk {
    pub(crate) context: ActionContext,
    pub(crate) provider: Provider,
    pub(crate) open: OpenMailbox,
}

impl MailDesk {
    pub(super) fn mailbox(&self, speaker: &Speaker) -> Result<Box<dyn Mailbox>, ActionError> {
        (self.open)(&self.context, speaker)
    }

    /// Now, in the speaker's zone.
    pub(super) fn now(&self) -> Zoned {
        (self.context.services.now)().to_zoned(self.context.zone.clone())
    }

    pub(super) fn label(&self) -> &'static str {
        self.provider.label()
    }
}

/// A new `Message-ID`, under the domain of whose message it is (RFC 5322 §3.6.4).
pub(super) fn new_message_id(speaker: &Speaker) -> String {
    let address = speaker.resource.as_deref().unwrap_or_default();
    let address: Option<EmailAddress> = address.parse().ok();
    let domain = address.as_ref().map(EmailAddress::domain);
    let is_domain = |domain: &&str| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
        domain.contains('.') && domain.chars().all(is_part)
    };
    let domain = domain.filter(is_domain).unwrap_or(OWN_DOMAIN);
    format!("{}@{domain}", uuid::Uuid::new_v4())
}

/// What was said, else the question for it.
pub(super) fn or_ask(said: &str, question: &str) -> Result<String, ActionError> {
    let said = said.trim();
    if said.is_empty() {
        return Err(ActionError::Ask(question.to_owned()));
    }
    Ok(said.to_owned())
}

/// The people of a list of names and addresses, each once.
pub(super) async fn people(mailbox: &dyn Mailbox, list: &str) -> Result<Vec<Person>, ActionError> {
    let (mut people, mut seen) = (Vec::new(), HashSet::new());
    for name in recipients::names(list) {
        if people.len() == MOST_PEOPLE {
            return Err(ActionError::BadArguments(format!(
                "I can send a message to {MOST_PEOPLE} people at most."
            )));
        }
        let person = match recipients::address(&name)? {
            Some(person) => person,
            None => recipients::one_of(&name, mailbox.find_people(&name).await?)?,
        };
        if seen.insert(person.email.to_lowercase()) {
            people.push(person);
        }
    }
    Ok(people)
}

/// "Ramesh Kumar at ramesh@example.com and bob@example.com"
pub(super) fn addressed(people: &[Person]) -> String {
    let addressed = people.iter().map(|person| match person.name.as_str() {
        "" => person.email.clone(),
        name => format!("{name} at {}", person.email),
    });
    recipients::and_list(&addressed.collect::<Vec<_>>())
}

/// "Ramesh Kumar and bob@example.com"
pub(super) fn named(people: &[Person]) -> String {
    let named = people.iter().map(|person| match person.name.as_str() {
        "" => person.email.clone(),
        name => name.to_owned(),
    });
    recipients::and_list(&named.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_are_under_the_users_own_domain() {
        let mut speaker = Speaker::stranger("caller-1");
        for (resource, domain) in [
            (Some("ann@example.com"), "example.com"),
            (Some("ann@evil>\r\nBcc: a@b.c"), OWN_DOMAIN),
            (Some("user-42"), OWN_DOMAIN),
            (None, OWN_DOMAIN),
        ] {
            speaker.resource = resource.map(str::to_owned);
            let id = new_message_id(&speaker);
            assert_eq!(id.split_once('@').unwrap().1, domain);
        }
    }

    #[test]
    fn who_gets_it_is_said_with_the_address() {
        let person = |name: &str, email: &str| Person {
            name: name.into(),
            email: email.into(),
        };
        let people = [
            person("Ramesh Kumar", "r@example.com"),
            person("", "b@example.com"),
        ];
        assert_eq!(
            addressed(&people),
            "Ramesh Kumar at r@example.com and b@example.com"
        );
        assert_eq!(named(&people), "Ramesh Kumar and b@example.com");
    }
}
