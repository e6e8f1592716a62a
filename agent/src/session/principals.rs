//! Who the people of a conversation are to its account (interface §10).
//!
//! Whoever came with the account's own key is the account. Whoever calls from a telephone that was linked to somebody is
//! known, and no more: a caller ID proves nothing. Only the PIN of the one they are known as, keyed once a call, makes
//! them that one. All others are strangers, whoever they sit beside.

use super::people::is_bridge;
use argon2::{Argon2, PasswordVerifier as _, password_hash::phc::PasswordHash};
use casp_conversation::Speaker;
use casp_store::{
    AccountId, Store, StoreError, accounts,
    identities::{self, Channel},
    pins,
    sessions::{Direction, Session, SessionKind},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
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
    /// Something was asked for that needs the PIN.
    is_pin_wanted: PinWanted,
}

/// Set when an action asks for the PIN; what is keyed then is one, and goes no further.
pub(super) type PinWanted = Arc<AtomicBool>;

/// What became of a PIN that was keyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PinCheck {
    /// It is theirs.
    Right,
    /// It is not.
    Wrong,
    /// There is none, or it is locked after too many wrong ones.
    Locked,
}

impl PinCheck {
    /// The turn that the conversation has instead of the digits.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Right => "(I keyed in my PIN, and it is right. Now do what I asked for.)",
            Self::Wrong => "(I keyed in a wrong PIN.)",
            Self::Locked => "(I keyed in a PIN, but none is accepted on this telephone now.)",
        }
    }
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
        let own = known(own);
        let named = session.overrides["resource"].as_str();
        let named = named.filter(|it| {
            !own.as_deref()
                .is_some_and(|own| own.eq_ignore_ascii_case(it))
        });
        Self {
            account: Some(session.account),
            spoken_for: named.map(str::to_owned).or_else(|| own.clone()),
            own,
            caller: known(caller),
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

    /// For what guards the actions.
    pub(super) fn pin_wanted(&self) -> PinWanted {
        self.is_pin_wanted.clone()
    }

    /// Whether these digits are a PIN that was asked for, and of whom: account and resource.
    pub(super) fn pin_of(&self, identity: &str, digits: &str) -> Option<(AccountId, String)> {
        let is_wanted = self.is_pin_wanted.load(Ordering::Relaxed) && !self.is_caller_verified;
        if !is_wanted || !is_bridge(identity) || !is_pin(digits) {
            return None;
        }
        Some((self.account?, self.caller.clone()?))
    }

    /// The PIN was right: for the rest of the call.
    pub(super) fn caller_is_verified(&mut self) {
        self.is_caller_verified = true;
        self.is_pin_wanted.store(false, Ordering::Relaxed);
    }
}

fn is_pin(digits: &str) -> bool {
    (4..=12).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// Whose telephone it is.
async fn caller(store: &Store, session: &Session) -> Result<Option<String>, StoreError> {
    let channel = match session.kind {
        SessionKind::Phone => Channel::Phone,
        SessionKind::Whatsapp => Channel::Whatsapp,
        _ => return Ok(None),
    };
    let address = match session.direction {
        Direction::Inbound => &session.from,
        Direction::Outbound => &session.to,
    };
    let address = address.strip_prefix("whatsapp:").unwrap_or(address);
    identities::resource_of(store, session.account, channel, address).await
}

/// Compares a PIN, which counts as a wrong one until it is found right: so guessing side by side gains nothing.
pub(super) async fn check_pin(
    store: &Store,
    account: AccountId,
    resource: &str,
    pin: String,
    now_ms: i64,
) -> PinCheck {
    let hash = match pins::take_attempt(store, account, resource, now_ms).await {
        Ok(Some(hash)) => hash,
        Ok(None) => return PinCheck::Locked,
        Err(error) => {
            tracing::error!(%error, "a PIN could not be compared");
            return PinCheck::Locked;
        }
    };
    // Argon2 takes a while on purpose.
    let compared = tokio::task::spawn_blocking(move || {
        PasswordHash::new(&hash).is_ok_and(|hash| {
            let argon2 = Argon2::default();
            argon2.verify_password(pin.as_bytes(), &hash).is_ok()
        })
    });
    if !compared.await.unwrap_or(false) {
        return PinCheck::Wrong;
    }
    if let Err(error) = pins::succeeded(store, account, resource).await {
        tracing::warn!(%error, "wrong PINs before a right one stay counted");
    }
    PinCheck::Right
}

#[cfg(test)]
mod tests;
