//! What notes can be on: contacts, companies and deals, and which one is meant.

use super::{
    api::{HubSpotApi, Search},
    contacts::{self, Contact, short, without_article},
};
use crate::{ActionError, choice};
use serde::{Deserialize, Serialize};

/// Records among which the meant one is sought.
const SOUGHT: u32 = 50;

/// Something in the CRM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Subject {
    Contact(Contact),
    Company { id: String, name: String },
    Deal { id: String, name: String },
}

impl Subject {
    /// As it is said.
    pub(super) fn label(&self) -> String {
        match self {
            Self::Contact(contact) => contact.label(),
            Self::Company { name, .. } => format!("the company {name}"),
            Self::Deal { name, .. } => format!("the deal {name}"),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Contact(contact) => &contact.name,
            Self::Company { name, .. } | Self::Deal { name, .. } => name,
        }
    }

    pub(super) fn id(&self) -> &str {
        match self {
            Self::Contact(contact) => &contact.id,
            Self::Company { id, .. } | Self::Deal { id, .. } => id,
        }
    }

    /// HubSpot's own type of the association of a note with it.
    pub(super) fn note_association(&self) -> u32 {
        match self {
            Self::Contact(_) => 202,
            Self::Company { .. } => 190,
            Self::Deal { .. } => 214,
        }
    }
}

async fn companies(api: &HubSpotApi, said: &str) -> Result<Vec<Subject>, ActionError> {
    let search = Search {
        words: Some(said),
        properties: &["name", "domain"],
        limit: SOUGHT,
        ..Search::default()
    };
    let found = api.search("companies", &search).await?.results.into_iter();
    let company = |record: super::api::Record| Subject::Company {
        name: short(record.text("name")),
        id: record.id,
    };
    Ok(found.map(company).collect())
}

async fn deals(api: &HubSpotApi, said: &str) -> Result<Vec<Subject>, ActionError> {
    let search = Search {
        words: Some(said),
        properties: &["dealname"],
        limit: SOUGHT,
        ..Search::default()
    };
    let found = api.search("deals", &search).await?.results.into_iter();
    let deal = |record: super::api::Record| Subject::Deal {
        name: short(record.text("dealname")),
        id: record.id,
    };
    Ok(found.map(deal).collect())
}

fn fitting(said: &str, all: Vec<Subject>) -> Vec<Subject> {
    choice::things(said, all, |subject| vec![subject.name().to_owned()])
}

/// The company of this name.
pub(super) async fn company(api: &HubSpotApi, said: &str) -> Result<Subject, ActionError> {
    let (said, _) = kind_of(said);
    let found = fitting(&said, companies(api, &said).await?);
    choice::only(&said, found, Subject::label, "among your HubSpot companies")
}

/// What was said without the word for what it is, and that word.
fn kind_of(said: &str) -> (String, Option<&'static str>) {
    let lower = without_article(said).to_lowercase();
    let said = lower.as_str();
    for kind in ["deal", "company", "account", "contact"] {
        if let Some(name) = said
            .strip_suffix(kind)
            .and_then(|name| name.strip_suffix(' '))
        {
            return (name.trim().to_owned(), Some(kind));
        }
        // "The deal with Acme"
        let rest = said
            .strip_prefix(kind)
            .and_then(|rest| rest.strip_prefix(' '));
        if let Some(name) = rest {
            let name = ["with ", "of ", "for ", "called ", "named "]
                .iter()
                .find_map(|word| name.strip_prefix(word))
                .unwrap_or(name);
            return (name.trim().to_owned(), Some(kind));
        }
    }
    (said.to_owned(), None)
}

/// What the user did not let us see has nothing that is meant.
fn or_none(found: Result<Vec<Subject>, ActionError>) -> Result<Vec<Subject>, ActionError> {
    match found {
        Err(ActionError::MissingScope(_)) => Ok(Vec::new()),
        found => found,
    }
}

/// The one that is meant: "Anil", "the Acme deal", "Acme".
pub(super) async fn named(api: &HubSpotApi, said: &str) -> Result<Subject, ActionError> {
    let (name, kind) = kind_of(said);
    let found = match kind {
        Some("deal") => fitting(&name, deals(api, &name).await?),
        Some("company" | "account") => fitting(&name, companies(api, &name).await?),
        Some(_) => people(api, &name).await?,
        None if name.contains('@') => people(api, &name).await?,
        None => {
            let (mut people, deals, companies) = (
                people(api, &name).await?,
                or_none(deals(api, &name).await)?,
                or_none(companies(api, &name).await)?,
            );
            // Somebody is there by their own name; a company's name is the company.
            let is_called = |subject: &Subject| !fitting(&name, vec![subject.clone()]).is_empty();
            let things = fitting(&name, deals.into_iter().chain(companies).collect());
            if !things.is_empty() {
                people.retain(is_called);
            }
            people.extend(things);
            people
        }
    };
    choice::only(
        without_article(said),
        found,
        Subject::label,
        "in your HubSpot",
    )
}

async fn people(api: &HubSpotApi, name: &str) -> Result<Vec<Subject>, ActionError> {
    let found = contacts::called(api, name).await?;
    Ok(found.into_iter().map(Subject::Contact).collect())
}

#[cfg(test)]
mod tests {
    use super::kind_of;

    #[test]
    fn the_kind_is_said_before_or_after_the_name() {
        for (said, expected) in [
            ("the Acme deal", ("acme", Some("deal"))),
            ("the deal with Acme", ("acme", Some("deal"))),
            ("Company Acme", ("acme", Some("company"))),
            ("Anil", ("anil", None)),
            ("dealer Joe", ("dealer joe", None)),
            ("contact Anil Rao", ("anil rao", Some("contact"))),
        ] {
            let (name, kind) = kind_of(said);
            assert_eq!((name.as_str(), kind), expected, "{said}");
        }
    }
}
