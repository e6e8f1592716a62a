//! Secrets of tenants, encrypted before they are stored.
//!
//! AES-256-GCM under a key that is derived from `SECRET_KEY` (HKDF-SHA256). The key's id is kept with what it sealed,
//! so that a changed key is told from a tampered row, and another key can take over row by row.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use casp_store::webhooks::SealedSecret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use std::fmt;

/// Why a secret could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnsealError {
    /// It was sealed with another key.
    #[error("the secret was sealed with another SECRET_KEY")]
    OtherKey,
    /// It is not what was sealed, or not where it was sealed for.
    #[error("the sealed secret is damaged")]
    Damaged,
}

/// Seals and opens secrets.
pub(crate) struct SealingKey {
    id: String,
    key: LessSafeKey,
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl SealingKey {
    /// The key that `SECRET_KEY` gives.
    pub(crate) fn derive(secret_key: &SecretString) -> Self {
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

    /// Seals a secret for one place (`webhook/7`); elsewhere it cannot be opened.
    pub(crate) fn seal(&self, secret: &SecretString, place: &str) -> SealedSecret {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut text = secret.expose_secret().as_bytes().to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                &mut text,
            )
            .expect("a short text can be sealed");
        let sealed: Vec<u8> = nonce.into_iter().chain(text).collect();
        SealedSecret {
            key_id: self.id.clone(),
            sealed: STANDARD.encode(sealed),
        }
    }

    /// Opens what was sealed for this place.
    pub(crate) fn open(
        &self,
        sealed: &SealedSecret,
        place: &str,
    ) -> Result<SecretString, UnsealError> {
        if sealed.key_id != self.id {
            return Err(UnsealError::OtherKey);
        }
        let bytes = STANDARD
            .decode(&sealed.sealed)
            .map_err(|_| UnsealError::Damaged)?;
        let (nonce, text) = bytes
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(UnsealError::Damaged)?;
        let mut text = text.to_vec();
        let opened = self
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

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> SealingKey {
        SealingKey::derive(&secret.to_owned().into())
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
}
