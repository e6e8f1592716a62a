//! Secrets, encrypted before they are stored: tokens of connections, secrets of webhooks.
//!
//! AES-256-GCM. The id of the key is kept with what it sealed, so that a changed key is told from a tampered row, and
//! another key can take over row by row (`casp keys rotate`). What is sealed for one place (a row's column) cannot be
//! opened at another.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use casp_store::webhooks::SealedSecret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use std::{fmt, sync::Arc};

/// Why a secret could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// It was sealed with a key that is not there any more.
    #[error(
        "the secret was sealed with another key (SECRET_KEY was changed, or one is missing in ENCRYPTION_KEYS)"
    )]
    OtherKey,
    /// It is not what was sealed, or not where it was sealed for.
    #[error("the sealed secret is damaged")]
    Damaged,
}

/// `ENCRYPTION_KEYS` is not a list of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeys {
    /// Not `id:key`.
    #[error("write id:key,id:key with keys of 32 random bytes in base64 (openssl rand -base64 32)")]
    Form,
    /// Two keys have one id, or an id is one of ours.
    #[error(
        "each key needs an id of its own: 1 to 32 letters, digits, - and _, not beginning with sk-"
    )]
    Id,
}

struct SealingKey {
    id: String,
    key: LessSafeKey,
}

/// The keys there are. The first seals; each opens what it sealed. Cheap to clone.
#[derive(Clone)]
pub struct Keyring(Arc<Vec<SealingKey>>);

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.0.iter().map(|key| &key.id);
        f.debug_list().entries(ids).finish()
    }
}

impl Keyring {
    /// One key, which `SECRET_KEY` gives.
    pub fn derived(secret_key: &SecretString) -> Self {
        Self(Arc::new(vec![SealingKey::derived(secret_key)]))
    }

    /// The keys of `ENCRYPTION_KEYS` (`id:base64,id:base64`, the current one first), and last the one that
    /// `SECRET_KEY` gives, for what was sealed before there were others.
    pub fn parse(
        encryption_keys: &SecretString,
        secret_key: &SecretString,
    ) -> Result<Self, InvalidKeys> {
        let mut keys: Vec<SealingKey> = Vec::new();
        for entry in encryption_keys.expose_secret().split(',') {
            let entry = entry.trim();
            if entry.is_empty() {
                continue;
            }
            let (id, key) = entry.split_once(':').ok_or(InvalidKeys::Form)?;
            let is_plain = id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            let is_known = keys.iter().any(|known| known.id == id);
            if !(1..=32).contains(&id.len()) || !is_plain || id.starts_with("sk-") || is_known {
                return Err(InvalidKeys::Id);
            }
            let bytes = STANDARD.decode(key.trim()).map_err(|_| InvalidKeys::Form)?;
            let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| InvalidKeys::Form)?;
            keys.push(SealingKey {
                id: id.to_owned(),
                key: LessSafeKey::new(key),
            });
        }
        keys.push(SealingKey::derived(secret_key));
        Ok(Self(Arc::new(keys)))
    }

    /// The id of the key that seals.
    pub fn current(&self) -> &str {
        &self.0[0].id
    }

    /// Seals a secret for one place (`webhook/7`); elsewhere it cannot be opened.
    ///
    /// # Panics
    /// When the secret is longer than AES-GCM takes (64 GiB).
    pub fn seal(&self, secret: &SecretString, place: &str) -> SealedSecret {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut text = secret.expose_secret().as_bytes().to_vec();
        self.0[0]
            .key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                &mut text,
            )
            .expect("a short text can be sealed");
        let sealed: Vec<u8> = nonce.into_iter().chain(text).collect();
        SealedSecret {
            key_id: self.current().to_owned(),
            sealed: STANDARD.encode(sealed),
        }
    }

    /// Opens what was sealed for this place.
    pub fn open(&self, sealed: &SealedSecret, place: &str) -> Result<SecretString, UnsealError> {
        let key = self.0.iter().find(|key| key.id == sealed.key_id);
        let key = key.ok_or(UnsealError::OtherKey)?;
        let bytes = STANDARD
            .decode(&sealed.sealed)
            .map_err(|_| UnsealError::Damaged)?;
        let (nonce, text) = bytes
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(UnsealError::Damaged)?;
        let mut text = text.to_vec();
        let opened = key
            .key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(place.as_bytes()),
                &mut text,
            )
            .map_err(|_| UnsealError::Damaged)?;
        let opened = std::str::from_utf8(opened).map_err(|_| UnsealError::Damaged)?;
        Ok(opened.to_owned().into())
    }
}

impl SealingKey {
    /// HKDF-SHA256 of `SECRET_KEY`.
    fn derived(secret_key: &SecretString) -> Self {
        let secret = secret_key.expose_secret().as_bytes();
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, b"casp sealed v1").extract(secret);
        let key = extracted
            .expand(&[b"tenants' secrets"], &AES_256_GCM)
            .map(UnboundKey::from)
            .expect("HKDF gives keys of 32 bytes");
        let mut id = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
        id.update(b"casp sealed v1 key id");
        Self {
            id: format!("sk-{}", hex::encode(&id.finalize().into_bytes()[..4])),
            key: LessSafeKey::new(key),
        }
    }
}

/// The place that an account's webhook secret is sealed for.
pub fn webhook_place(account: casp_store::AccountId) -> String {
    format!("webhook/{}", account.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> Keyring {
        Keyring::derived(&secret.to_owned().into())
    }

    fn parsed(keys: &str) -> Result<Keyring, InvalidKeys> {
        Keyring::parse(&keys.to_owned().into(), &"one".to_owned().into())
    }

    fn sealed() -> SealedSecret {
        key("one").seal(&"whsec_hush".to_owned().into(), "webhook/7")
    }

    #[test]
    fn what_is_sealed_can_be_opened_with_the_same_key_at_its_place() {
        let opened = key("one").open(&sealed(), "webhook/7").unwrap();
        assert_eq!(opened.expose_secret(), "whsec_hush");
        let elsewhere = key("one").open(&sealed(), "webhook/8");
        assert_eq!(elsewhere.err(), Some(UnsealError::Damaged));
    }

    #[test]
    fn another_key_is_told_from_a_damaged_row() {
        let other = key("two").open(&sealed(), "webhook/7");
        assert_eq!(other.err(), Some(UnsealError::OtherKey));
        for damage in ["", "AAAA", "!"] {
            let damaged = SealedSecret {
                sealed: damage.into(),
                ..sealed()
            };
            assert_eq!(
                key("one").open(&damaged, "webhook/7").err(),
                Some(UnsealError::Damaged)
            );
        }
    }

    #[test]
    fn nothing_of_the_secret_is_seen_and_no_two_are_alike() {
        let (one, two) = (sealed(), sealed());
        assert_ne!(one.sealed, two.sealed);
        let bytes = STANDARD.decode(one.sealed).unwrap();
        assert!(!bytes.windows(4).any(|window| window == b"hush"));
    }

    #[test]
    fn the_first_key_seals_and_the_others_still_open() {
        let (old, new) = (STANDARD.encode([1; 32]), STANDARD.encode([2; 32]));
        let before = parsed(&format!("2025:{old}")).unwrap();
        let after = parsed(&format!("2026:{new}, 2025:{old}")).unwrap();
        assert_eq!((before.current(), after.current()), ("2025", "2026"));
        let secret = "hush".to_owned().into();
        let sealed_before = before.seal(&secret, "x");
        assert!(after.open(&sealed_before, "x").is_ok());
        assert!(before.open(&after.seal(&secret, "x"), "x").is_err());
        assert!(
            after.open(&sealed(), "webhook/7").is_ok(),
            "SECRET_KEY's own key stays"
        );
    }

    #[test]
    fn lists_that_are_none_are_refused() {
        let good = STANDARD.encode([1; 32]);
        let short = STANDARD.encode([1; 16]);
        for (keys, error) in [
            (good.clone(), InvalidKeys::Form),
            (format!("a:{short}"), InvalidKeys::Form),
            ("a:not base64".into(), InvalidKeys::Form),
            (format!(":{good}"), InvalidKeys::Id),
            (format!("sk-a:{good}"), InvalidKeys::Id),
            (format!("a:{good},a:{good}"), InvalidKeys::Id),
        ] {
            assert_eq!(parsed(&keys).err(), Some(error), "{keys}");
        }
        assert!(!format!("{:?}", parsed(&format!("a:{good}")).unwrap()).contains(&good));
    }
}
