//! People API v1: names in the address book.

use super::hosts::Api;
use crate::{ActionError, ApiClient, ApiRequest, Endpoints, Person};
use serde::Deserialize;

/// As many as it is worth to tell apart.
const MOST: &str = "10";

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Found {
    results: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    person: Card,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Card {
    #[serde(default)]
    names: Vec<Name>,
    #[serde(default)]
    email_addresses: Vec<Email>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Name {
    #[serde(default)]
    display_name: String,
}

#[derive(Debug, Deserialize)]
struct Email {
    value: String,
}

/// Whose addresses are looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contacts {
    /// The user's own address book.
    Own,
    /// Those whom the user has written with; Google keeps them apart.
    Other,
}

/// The contacts of a name; none where the user did not grant to look.
pub(super) async fn named(
    client: &ApiClient,
    endpoints: &Endpoints,
    contacts: Contacts,
    name: &str,
) -> Result<Vec<Person>, ActionError> {
    let method = match contacts {
        Contacts::Own => "people:searchContacts",
        Contacts::Other => "otherContacts:search",
    };
    let search = async |query: &str| {
        let url = Api::People.url(endpoints, &[method]);
        let request = ApiRequest::get(url)
            .query("query", query)
            .query("readMask", "names,emailAddresses")
            .query("pageSize", MOST);
        client.json::<Found>(request).await
    };
    let mut found = match search(name).await {
        Ok(found) => found,
        Err(ActionError::MissingScope(_) | ActionError::Refused { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    if found.results.is_empty() {
        // Google's pages on both: an empty query brings its cache up to date, before which nothing is found.
        search("").await?;
        found = search(name).await?;
    }
    let person = |entry: Entry| {
        let email = entry.person.email_addresses.into_iter().next()?.value;
        let name = entry.person.names.into_iter().next();
        Some(Person {
            name: name.map(|name| name.display_name).unwrap_or_default(),
            email,
        })
    };
    Ok(found.results.into_iter().filter_map(person).collect())
}
