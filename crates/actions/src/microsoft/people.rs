//! People by name, in the user's contacts and among those they work with.

use super::graph::Graph;
use crate::{ActionError, ApiRequest, Person, choice};
use serde::Deserialize;

/// People that are looked at.
const PAGE: &str = "25";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    display_name: Option<String>,
    /// Of a contact.
    #[serde(default)]
    email_addresses: Vec<Address>,
    /// Of a person.
    #[serde(default)]
    scored_email_addresses: Vec<Address>,
}

#[derive(Debug, Deserialize)]
struct Address {
    address: Option<String>,
}

impl Known {
    /// With the first address, which is the preferred one.
    fn person(self) -> Option<Person> {
        let mut addresses = self
            .scored_email_addresses
            .into_iter()
            .chain(self.email_addresses);
        Some(Person {
            email: addresses.find_map(|one| one.address.filter(|address| address.contains('@')))?,
            name: self.display_name.unwrap_or_default(),
        })
    }
}

/// What was not granted, or is not there for this kind of account, finds nobody.
fn or_nobody(found: Result<Vec<Known>, ActionError>) -> Result<Vec<Known>, ActionError> {
    match found {
        Err(
            ActionError::MissingScope(_)
            | ActionError::NotFound(_)
            | ActionError::Refused { status: 403, .. },
        ) => Ok(Vec::new()),
        found => found,
    }
}

/// People of this name.
pub(super) async fn find(graph: &Graph, name: &str) -> Result<Vec<Person>, ActionError> {
    let name = name.trim();
    let first = name.split_whitespace().next().unwrap_or_default();
    if first.is_empty() {
        return Ok(Vec::new());
    }
    // OData doubles a quote within a text.
    let begins = first.replace('\'', "''");
    let filter = ["displayName", "givenName", "surname"]
        .map(|field| format!("startswith({field},'{begins}')"))
        .join(" or ");
    let contacts = graph.url(&["me", "contacts"]);
    let contacts = graph.all::<Known>(contacts, |url| {
        if url.query().is_some() {
            return ApiRequest::get(url);
        }
        ApiRequest::get(url)
            .query("$filter", &filter)
            .query("$select", "displayName,emailAddresses")
            .query("$top", PAGE)
    });
    let quoted = format!("\"{}\"", name.replace(['"', '\\'], " "));
    let people = ApiRequest::get(graph.url(&["me", "people"]))
        .query("$search", quoted)
        .query("$top", PAGE);
    let mut known = or_nobody(contacts.await)?;
    known.extend(or_nobody(
        graph.json::<Found>(people).await.map(|found| found.value),
    )?);
    // Graph finds also what only sounds like it.
    let known = known.into_iter().filter_map(Known::person);
    let mut people = choice::people(name, known, |person| vec![person.name.clone()]);
    let mut seen = std::collections::HashSet::new();
    people.retain(|person| seen.insert(person.email.to_ascii_lowercase()));
    Ok(people)
}

#[derive(Debug, Deserialize)]
struct Found {
    value: Vec<Known>,
}
