//! The users who own deals.

use super::api::HubSpotApi;
use crate::{ActionError, choice};
use serde::Deserialize;

/// Owners a page.
const PAGE: &str = "100";
/// Pages that are read.
const MOST_PAGES: usize = 5;

/// A user who owns records.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Owner {
    pub(super) id: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    first_name: Option<String>,
    #[serde(default)]
    last_name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Page {
    results: Vec<Owner>,
    paging: Option<Paging>,
}

#[derive(Debug, Deserialize)]
struct Paging {
    next: Option<Next>,
}

#[derive(Debug, Deserialize)]
struct Next {
    after: String,
}

impl Owner {
    /// First and last name, else the address.
    pub(super) fn name(&self) -> String {
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        let name = format!("{} {}", part(&self.first_name), part(&self.last_name));
        match name.trim() {
            "" => part(&self.email),
            name => name.to_owned(),
        }
    }

    fn has_email(&self, email: &str) -> bool {
        let own = self.email.as_deref().unwrap_or_default();
        own.eq_ignore_ascii_case(email)
    }
}

/// All of them.
pub(super) async fn all(api: &HubSpotApi) -> Result<Vec<Owner>, ActionError> {
    let (mut all, mut after) = (Vec::new(), None::<String>);
    for _ in 0..MOST_PAGES {
        let mut query = vec![("limit", PAGE)];
        if let Some(after) = &after {
            query.push(("after", after));
        }
        let page: Page = api.get(&["crm", "v3", "owners"], &query).await?;
        all.extend(page.results);
        after = page
            .paging
            .and_then(|paging| paging.next)
            .map(|next| next.after);
        if after.is_none() {
            break;
        }
    }
    Ok(all)
}

/// The one who is meant; "me" is the user who connected HubSpot.
pub(super) async fn named(api: &HubSpotApi, said: &str) -> Result<Owner, ActionError> {
    let all = all(api).await?;
    let said = said.trim();
    let email = match said.to_lowercase().as_str() {
        "me" | "my" | "mine" | "myself" | "i" => Some(api.own_email().await?),
        lower if lower.contains('@') => Some(lower.to_owned()),
        _ => None,
    };
    let found = match &email {
        Some(email) => all
            .into_iter()
            .filter(|owner| owner.has_email(email))
            .collect(),
        None => choice::people(said, all, |owner| vec![owner.name()]),
    };
    let said = email.as_deref().unwrap_or(said);
    choice::only(said, found, Owner::name, "among the owners in your HubSpot")
}
