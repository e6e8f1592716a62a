//! Bringing every secret under the current key (`casp keys rotate`).

use super::vault::Place;
use crate::sealing::{Keyring, UnsealError, webhook_place};
use casp_store::{
    Store, StoreError,
    connections::{Resealable, SealedRow, reseal, sealed_with_others},
};

/// Rows that are read at once.
const AT_ONCE: u32 = 100;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Rows that are under the current key now.
    pub resealed: u64,
    /// Rows whose own key is not there, or that are damaged: they stay as they are.
    pub lost: u64,
}

/// Brings every secret under the keyring's current key. Rows are changed one by one, and only where they are still what
/// was read; whoever is interrupted begins anew and finds only what is left.
pub async fn rotate(store: &Store, keyring: &Keyring) -> Result<Rotation, StoreError> {
    let mut done = Rotation::default();
    let mut after = String::new();
    loop {
        let rows = sealed_with_others(store, keyring.current(), &after, AT_ONCE).await?;
        let Some((last, _)) = rows.last() else {
            return Ok(done);
        };
        after.clone_from(last);
        for (name, row) in &rows {
            match under_current(keyring, row) {
                Ok(sealed) => {
                    // One that was changed meanwhile was sealed anew by whoever changed it.
                    done.resealed += u64::from(reseal(store, row, &sealed).await?);
                }
                Err(error) => {
                    tracing::error!(%error, row = name, "a secret cannot be opened");
                    done.lost += 1;
                }
            }
        }
    }
}

fn under_current(keyring: &Keyring, row: &Resealable) -> Result<SealedRow, UnsealError> {
    Ok(match row {
        Resealable::Tokens {
            account,
            resource,
            provider,
            tokens,
            ..
        } => {
            let place = Place {
                account: *account,
                resource,
                provider,
            };
            let access = place.open_access(keyring, tokens)?;
            let refresh = place.open_refresh(keyring, tokens)?;
            SealedRow::Tokens(place.seal(keyring, &access, refresh.as_ref()))
        }
        Resealable::Webhook { account, secret } => {
            let place = webhook_place(*account);
            let opened = keyring.open(secret, &place)?;
            SealedRow::Webhook(keyring.seal(&opened, &place))
        }
    })
}
