//! How many requests of one account are answered at once.

use super::error::OpenAiError;
use casp_store::AccountId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The places of all accounts.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    most: usize,
    taken: Arc<Mutex<HashMap<AccountId, usize>>>,
}

/// One place; free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    account: AccountId,
}

impl Places {
    /// So many for each account.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            taken: Arc::default(),
        }
    }

    /// A place; 429 when the account has no more.
    pub(crate) fn take(&self, account: AccountId) -> Result<Place, OpenAiError> {
        let mut taken = self.taken();
        let count = taken.entry(account).or_default();
        if *count >= self.most {
            return Err(OpenAiError::too_many_at_once());
        }
        *count += 1;
        drop(taken);
        Ok(Place {
            places: self.clone(),
            account,
        })
    }

    /// Poisoning is of no meaning here: every change is one step.
    fn taken(&self) -> MutexGuard<'_, HashMap<AccountId, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        let left = taken
            .get(&self.account)
            .map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            taken.remove(&self.account);
        } else {
            taken.insert(self.account, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_left_is_free_again() {
        let places = Places::new(2);
        let (ours, theirs) = (AccountId(1), AccountId(2));
        let _first = places.take(ours).unwrap();
        let second = places.take(ours).unwrap();
        assert!(places.take(ours).is_err());
        assert!(places.take(theirs).is_ok(), "each account has its own");
        drop(second);
        assert!(places.take(ours).is_ok());
        assert_eq!(places.taken().len(), 1, "who has none is forgotten");
    }
}
