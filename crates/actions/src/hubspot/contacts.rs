//! Contacts, and who is meant: by name, e-mail address or phone number, as they are said.

use super::api::{HubSpotApi, Record, Search, filter};
use crate::{ActionError, choice, mail::text::line, recipients, untrusted::untrusted};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What is asked for of a contact.
pub(super) const PROPERTIES: [&str; 7] = [
    "firstname",
    "lastname",
    "email",
    "phone",
    "mobilephone",
    "company",
    "jobtitle",
];
/// Contacts among whom the meant one is sought.
const SOUGHT: u32 = 100;
/// The fewest digits that are a phone number.
const FEWEST_DIGITS: usize = 6;
/// Digits at the end of a number that tell it, with and without the country's.
const TELLING_DIGITS: usize = 8;
/// The longest name or title that is passed on, in characters. Contacts may have written theirs into a form themselves.
const LONGEST: usize = 80;

/// Somebody in the CRM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contact {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) phone: String,
    pub(super) company: String,
    title: String,
}

/// One line, and not too long.
pub(super) fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST).collect()
}

impl From<Record> for Contact {
    fn from(record: Record) -> Self {
        let text = |property: &str| short(record.text(property));
        let phones = [text("phone"), text("mobilephone")];
        Self {
            name: format!("{} {}", text("firstname"), text("lastname"))
                .trim()
                .to_owned(),
            email: text("email"),
            phone: phones
                .into_iter()
                .find(|phone| !phone.is_empty())
                .unwrap_or_default(),
            company: text("company"),
            title: text("jobtitle"),
            id: record.id,
        }
    }
}

impl Contact {
    /// As it is said: "Anil Rao (anil@example.com)".
    pub(super) fn label(&self) -> String {
        let others = [&self.email, &self.phone, &self.company];
        let other = others.into_iter().find(|text| !text.is_empty());
        match (self.name.is_empty(), other) {
            (false, Some(other)) => format!("{} ({other})", self.name),
            (false, None) => self.name.clone(),
            (true, Some(other)) => other.clone(),
            (true, None) => "somebody without a name".to_owned(),
        }
    }

    /// For JSON and the model. Contacts may have written all of it into a form, so that it is marked as others' words.
    pub(super) fn view(&self) -> Value {
        let theirs = |text: &str| untrusted(&line(text));
        let known = |text: &str| (!text.is_empty()).then(|| theirs(text));
        json!({
            "id": self.id,
            "name": theirs(&self.name),
            "email": known(&self.email),
            "phone": known(&self.phone),
            "company": known(&self.company),
            "job_title": known(&self.title),
        })
    }
}

/// "The Acme deal" is asked about as "Acme deal".
pub(super) fn without_article(said: &str) -> &str {
    let said = said.trim();
    let article = said
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("the "));
    if article { said[4..].trim() } else { said }
}

/// The digits by which a phone number is told, if it is one.
fn number(said: &str) -> Option<String> {
    let is_number = |letter: char| letter.is_ascii_digit() || " +-()./".contains(letter);
    let digits: String = said.chars().filter(char::is_ascii_digit).collect();
    if !said.chars().all(is_number) || digits.len() < FEWEST_DIGITS {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    let start = digits.len().saturating_sub(TELLING_DIGITS);
    Some(digits[start..].to_owned())
}

async fn with(
    api: &HubSpotApi,
    words: Option<&str>,
    groups: Vec<Vec<Value>>,
) -> Result<Vec<Record>, ActionError> {
    let search = Search {
        words,
        groups,
        properties: &PROPERTIES,
        newest_by: None,
        limit: SOUGHT,
    };
    Ok(api.search("contacts", &search).await?.results)
}

/// The contact with this address, also where it is not the first one of theirs.
pub(super) async fn with_email(api: &HubSpotApi, email: &str) -> Result<Vec<Contact>, ActionError> {
    let groups = vec![
        vec![filter("email", "EQ", email)],
        vec![filter("hs_additional_emails", "CONTAINS_TOKEN", email)],
    ];
    let found = with(api, None, groups).await?;
    Ok(found.into_iter().map(Contact::from).collect())
}

/// All who may be meant.
pub(super) async fn called(api: &HubSpotApi, said: &str) -> Result<Vec<Contact>, ActionError> {
    let said = without_article(said);
    let said = said.strip_suffix(" contact").unwrap_or(said).trim();
    if let Some(person) = recipients::address(said)? {
        return with_email(api, &person.email.to_lowercase()).await;
    }
    if let Some(digits) = number(said) {
        // HubSpot keeps numbers a second time, without country and punctuation.
        let ends = format!("*{digits}");
        let ends = |property: &str| vec![filter(property, "CONTAINS_TOKEN", &ends)];
        let groups = vec![
            ends("hs_searchable_calculated_phone_number"),
            ends("hs_searchable_calculated_mobile_number"),
        ];
        let found = with(api, None, groups).await?;
        return Ok(found.into_iter().map(Contact::from).collect());
    }
    let found = with(api, Some(said), Vec::new()).await?;
    let found: Vec<Contact> = found.into_iter().map(Contact::from).collect();
    let by_name = choice::people(said, found.clone(), |contact| vec![contact.name.clone()]);
    if by_name.is_empty() {
        // "The Acme contact"
        let company = |contact: &Contact| vec![contact.company.clone()];
        return Ok(choice::things(said, found, company));
    }
    Ok(by_name)
}

/// The one who is meant.
pub(super) async fn named(api: &HubSpotApi, said: &str) -> Result<Contact, ActionError> {
    let found = called(api, said).await?;
    choice::only(
        without_article(said),
        found,
        Contact::label,
        "among your HubSpot contacts",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_by_their_end() {
        for (said, expected) in [
            ("+1 (555) 010-1234", Some("50101234")),
            ("0171 23456789", Some("23456789")),
            ("00 49 171 234567", Some("71234567")),
            ("030 00012", Some("3000012")),
            ("12345", None),
            ("Anil 2", None),
        ] {
            assert_eq!(number(said).as_deref(), expected, "{said}");
        }
    }
}
