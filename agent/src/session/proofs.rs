//! How callers prove who they are: by the PIN of the one their telephone is linked to, or, without one, by a code that is
//! sent to that one. Keyed, or said.

use argon2::{Argon2, PasswordVerifier as _, password_hash::phc::PasswordHash};
use casp_store::{AccountId, Store, call_codes, pins};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Digits of a code.
pub(super) const CODE_DIGITS: usize = 6;

/// What is waited for; digits that come then are it, and go no further. Shared by the guard, which asks, and the loop.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    pin: AtomicBool,
    code: AtomicBool,
}

impl Wanted {
    pub(super) fn is_pin(&self) -> bool {
        self.0.pin.load(Ordering::Relaxed)
    }

    pub(super) fn is_code(&self) -> bool {
        self.0.code.load(Ordering::Relaxed)
    }

    pub(super) fn set_pin(&self, is_wanted: bool) {
        self.0.pin.store(is_wanted, Ordering::Relaxed);
    }

    pub(super) fn set_code(&self, is_wanted: bool) {
        self.0.code.store(is_wanted, Ordering::Relaxed);
    }
}

/// What some digits are to prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proof {
    /// They are this one's PIN.
    Pin {
        account: AccountId,
        resource: String,
    },
    /// They are the code of this call.
    Code,
}

/// What became of a PIN or a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProofCheck {
    /// It is theirs.
    Right,
    /// It is not.
    WrongPin,
    /// There is none, or it is locked after too many wrong ones.
    PinLocked,
    /// It is not the one that was sent.
    WrongCode,
    /// None is good: it came too late, or was wrong too often.
    NoCode,
}

impl ProofCheck {
    /// The turn that the conversation has instead of the digits.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Right => "(I proved who I am, and it is right. Now do what I asked for.)",
            Self::WrongPin => "(I gave a wrong PIN.)",
            Self::PinLocked => "(I gave a PIN, but none is accepted on this telephone now.)",
            Self::WrongCode => "(I gave a wrong code.)",
            Self::NoCode => "(I gave a code, but the one I was sent is no longer good.)",
        }
    }
}

/// Compares a PIN or code, which counts as a wrong one until it is found right: so guessing side by side gains nothing.
pub(super) async fn check(
    store: &Store,
    session_id: &str,
    proof: Proof,
    digits: String,
    now_ms: i64,
) -> ProofCheck {
    match proof {
        Proof::Pin { account, resource } => {
            check_pin(store, account, &resource, digits, now_ms).await
        }
        Proof::Code => check_code(store, session_id, digits, now_ms).await,
    }
}

async fn check_pin(
    store: &Store,
    account: AccountId,
    resource: &str,
    pin: String,
    now_ms: i64,
) -> ProofCheck {
    let hash = match pins::take_attempt(store, account, resource, now_ms).await {
        Ok(Some(hash)) => hash,
        Ok(None) => return ProofCheck::PinLocked,
        Err(error) => {
            tracing::error!(%error, "a PIN could not be compared");
            return ProofCheck::PinLocked;
        }
    };
    if !is_hashed(pin, hash).await {
        return ProofCheck::WrongPin;
    }
    if let Err(error) = pins::succeeded(store, account, resource).await {
        tracing::warn!(%error, "wrong PINs before a right one stay counted");
    }
    ProofCheck::Right
}

async fn check_code(store: &Store, session_id: &str, code: String, now_ms: i64) -> ProofCheck {
    if code.len() != CODE_DIGITS {
        // No attempt: a digit slipped.
        return ProofCheck::WrongCode;
    }
    let hash = match call_codes::take_attempt(store, session_id, now_ms).await {
        Ok(Some(hash)) => hash,
        Ok(None) => return ProofCheck::NoCode,
        Err(error) => {
            tracing::error!(%error, "a code could not be compared");
            return ProofCheck::NoCode;
        }
    };
    if !is_hashed(code, hash.clone()).await {
        return ProofCheck::WrongCode;
    }
    match call_codes::spend(store, session_id, &hash).await {
        Ok(true) => ProofCheck::Right,
        Ok(false) => ProofCheck::NoCode,
        Err(error) => {
            tracing::error!(%error, "a code could not be spent");
            ProofCheck::NoCode
        }
    }
}

/// Whether this is what was hashed. Argon2 takes a while on purpose, and compares in the same time whatever is given.
async fn is_hashed(secret: String, hash: String) -> bool {
    let compared = tokio::task::spawn_blocking(move || {
        PasswordHash::new(&hash).is_ok_and(|hash| {
            let argon2 = Argon2::default();
            argon2.verify_password(secret.as_bytes(), &hash).is_ok()
        })
    });
    compared.await.unwrap_or(false)
}

/// Words that people say around digits.
const AROUND: &[&str] = &[
    "it", "s", "is", "its", "the", "my", "code", "pin", "number", "and", "uh", "um", "yes", "okay",
    "ok", "here", "so", "that", "please", "are", "digits",
];

/// The digits that somebody said, if they said nothing else: "my code is four zero 71".
pub(super) fn said_digits(text: &str) -> Option<String> {
    let mut digits = String::new();
    let mut times = 1;
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        let word = word.to_lowercase();
        let said = match word.as_str() {
            "" => continue,
            "zero" | "oh" | "o" | "null" => "0",
            "one" => "1",
            "two" => "2",
            "three" => "3",
            "four" => "4",
            "five" => "5",
            "six" => "6",
            "seven" => "7",
            "eight" => "8",
            "nine" => "9",
            "double" => {
                times = 2;
                continue;
            }
            "triple" => {
                times = 3;
                continue;
            }
            around if AROUND.contains(&around) => continue,
            number if number.bytes().all(|byte| byte.is_ascii_digit()) => number,
            _ => return None,
        };
        digits.push_str(&said.repeat(std::mem::replace(&mut times, 1)));
    }
    (!digits.is_empty()).then_some(digits)
}

/// Whether somebody who was asked for a PIN has none at hand, or would rather have a code.
pub(super) fn has_no_pin(text: &str) -> bool {
    let text = text.to_lowercase().replace('’', "'");
    [
        "code",
        "forgot",
        "forgotten",
        "don't know",
        "do not know",
        "don't have",
        "do not have",
        "no pin",
        "don't remember",
    ]
    .iter()
    .any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_understood_as_people_say_them() {
        for (said, digits) in [
            ("four zero seven one", "4071"),
            ("It's 407 122.", "407122"),
            ("My code is four, oh, seven; double one, 9.", "407119"),
            ("triple five 1 2 3", "555123"),
            ("The code is 4-0-7-1-2-2, please.", "407122"),
        ] {
            assert_eq!(said_digits(said).as_deref(), Some(digits), "{said}");
        }
        for said in [
            "",
            "my code is",
            "What time is it?",
            "Call me at four.",
            "Move my 3 PM meeting",
            "one for all",
        ] {
            assert_eq!(said_digits(said), None, "{said}");
        }
    }

    #[test]
    fn who_has_no_pin_says_so() {
        for said in [
            "I don’t have it with me.",
            "Send me a code.",
            "I forgot my PIN",
        ] {
            assert!(has_no_pin(said), "{said}");
        }
        for said in ["Read my mail.", "Never mind.", "Goodbye."] {
            assert!(!has_no_pin(said), "{said}");
        }
    }

    #[test]
    fn nobody_is_told_what_was_right_but_by_a_right_one() {
        for wrong in [
            ProofCheck::WrongPin,
            ProofCheck::PinLocked,
            ProofCheck::WrongCode,
            ProofCheck::NoCode,
        ] {
            assert!(!wrong.words().contains("right"), "{wrong:?}");
            assert_eq!(
                said_digits(wrong.words()),
                None,
                "it is not taken for another"
            );
        }
    }
}
