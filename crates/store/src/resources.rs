//! Names of an account's end users (`resource`): an e-mail, which is the same in any case, or any text of the account's.

use crate::{AccountId, Store, StoreError, connections, identities};

/// Longest name, in characters: an e-mail address fits.
pub const LONGEST: usize = 320;

/// Whether a text may name an end user.
pub fn is_name(text: &str) -> bool {
    text.chars().count() <= LONGEST && !text.contains(char::is_control)
}

/// The name by which an end user is kept: e-mails in lower case, as the account's own and those that providers vouch for.
/// Of letters outside ASCII two may have one lower case, and be two people.
pub fn folded(name: &str) -> String {
    if name.contains('@') {
        name.to_ascii_lowercase()
    } else {
        name.to_owned()
    }
}

/// The name by which the end user of this name is kept: as it is written where something was connected or linked with it
/// before names were folded, else folded.
pub async fn known_as(store: &Store, account: AccountId, name: &str) -> Result<String, StoreError> {
    let folded = folded(name);
    if folded == name {
        return Ok(folded);
    }
    let is_known = !connections::list(store, account, name).await?.is_empty()
        || !identities::list(store, account, Some(name), 0, 1)
            .await?
            .is_empty();
    Ok(if is_known { name.to_owned() } else { folded })
}
