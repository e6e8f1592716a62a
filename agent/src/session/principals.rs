//! Who the people of a conversation are to its account (interface §10).
//!
//! Whoever came with the account's own key is the account. Whoever calls from a telephone that was linked to somebody is
//! known, and no more: a caller ID proves nothing. Only the PIN of the one they are known as, or a code that was sent to
//! that one, once a call, makes them that one. All others are strangers, whoever they sit beside.

use super::{
    people::is_bridge,
    proofs::{CODE_DIGITS, Proof, Wanted},
};
use casp_conversation::Speaker;
use casp_store::{
    AccountId, Store, StoreError, accounts, identities, pins, resources, sessions::Session,
};

/// Who is who in one session; a room without one knows nobody.
#[derive(Debug, Clone, Default)]
pub(super) struct Principals {
    account: Option<AccountId>,
    /// What the account's own connections belong to.
    own: Option<String>,
    /// The end user for whom this session was begun with the account's key; else the account itself.
    spoken_for: Option<String>,
    /// Whose telephone it is that this call comes from, or goes to.
    caller: Option<String>,
    is_caller_verified: bool,
    /// They have a PIN.
    has_pin: bool,
    /// Something was asked for that needs a PIN or a code.
    wanted: Wanted,
}

impl Principals {
    /// Of a session. While the store does not answer, nobody is known.
    pub(super) async fn of(store: &Store, session: &Session) -> Self {
        let own = accounts::get(store, session.account).await;
        let own = own.map(|account| account.map(|account| account.email));
        let caller = caller(store, session).await;
        let known = |who: Result<Option<String>, StoreError>| {
            who.unwrap_or_else(|error| {
                tracing::error!(%error, session = session.id, "who speaks is not known");
                None
            })
        };
        let (own, caller) = (known(own), known(caller));
        let named = session.overrides["resource"].as_str();
        let named = named.filter(|it| {
            !own.as_deref()
                .is_some_and(|own| own.eq_ignore_ascii_case(it))
        });
        let spoken_for = match named {
            Some(named) => Some(known_as(store, session, named).await),
            None => own.clone(),
        };
        Self {
            account: Some(session.account),
            spoken_for,
            own,
            has_pin: match &caller {
                Some(caller) => has_pin(store, session, caller).await,
                None => false,
            },
            caller,
            ..Self::default()
        }
    }

    /// Who it is that speaks. `speaks_for_account` is what their token said.
    pub(super) fn speaker(&self, identity: String, speaks_for_account: bool) -> Speaker {
        let (resource, is_verified) = if speaks_for_account {
            (self.spoken_for.clone(), self.spoken_for.is_some())
        } else if is_bridge(&identity) {
            let is_verified = self.is_caller_verified && self.caller.is_some();
            (self.caller.clone(), is_verified)
        } else {
            (None, false)
        };
        Speaker {
            identity,
            resource,
            is_verified,
        }
    }

    /// Whose session it is.
    pub(super) fn account(&self) -> Option<AccountId> {
        self.account
    }

    /// What the account's own connections belong to.
    pub(super) fn own(&self) -> Option<String> {
        self.own.clone()
    }

    /// What is waited for.
    pub(super) fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// Whether the one whose telephone it is has a PIN.
    pub(super) fn has_pin(&self) -> bool {
        self.has_pin
    }

    /// What these digits are to prove, if something was asked for that they could.
    pub(super) fn proof_of(&self, identity: &str, digits: &str) -> Option<Proof> {
        if self.is_caller_verified || !is_bridge(identity) || !may_prove(digits) {
            return None;
        }
        let (account, resource) = (self.account?, self.caller.clone()?);
        let (is_pin_wanted, is_code_wanted) = (self.wanted.is_pin(), self.wanted.is_code());
        if is_code_wanted && (digits.len() == CODE_DIGITS || !is_pin_wanted) {
            Some(Proof::Code)
        } else {
            is_pin_wanted.then_some(Proof::Pin { account, resource })
        }
    }

    /// The PIN or code was right: for the rest of the call.
    pub(super) fn caller_is_verified(&mut self) {
        self.is_caller_verified = true;
        self.wanted.set_pin(false);
        self.wanted.set_code(false);
    }
}

fn may_prove(digits: &str) -> bool {
    (4..=12).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// The name by which an end user is kept; as it was said while the store does not answer.
async fn known_as(store: &Store, session: &Session, named: &str) -> String {
    let known = resources::known_as(store, session.account, named).await;
    known.unwrap_or_else(|error| {
        tracing::error!(%error, session = session.id, "by what name an end user is kept is not known");
        named.to_owned()
    })
}

async fn has_pin(store: &Store, session: &Session, resource: &str) -> bool {
    let has_pin = pins::exists(store, session.account, resource).await;
    has_pin.unwrap_or_else(|error| {
        tracing::error!(%error, session = session.id, "whether the caller has a PIN is not known");
        // A code is never taken for less.
        false
    })
}

/// Whose telephone it is.
async fn caller(store: &Store, session: &Session) -> Result<Option<String>, StoreError> {
    let Some((channel, address)) = identities::telephone_of(session) else {
        return Ok(None);
    };
    identities::resource_of(store, session.account, channel, address).await
}

#[cfg(test)]
mod tests;
