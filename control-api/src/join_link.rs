//! Join links: a signed, expiring right to join one room as a guest of its account. Nothing is stored.

use crate::names::RoomName;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use casp_store::AccountId;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::{fmt, time::Duration};

/// Keeps these signatures apart from others made with the same key.
const PURPOSE: &[u8] = b"casp join link v1\0";

/// Makes and reads the tokens of join links.
#[derive(Clone)]
pub(crate) struct JoinLinks {
    keyed: Hmac<Sha256>,
    ttl_ms: i64,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    #[serde(rename = "a")]
    account: AccountId,
    #[serde(rename = "r")]
    room: String,
    /// Unix milliseconds.
    #[serde(rename = "e")]
    expires_at_ms: i64,
}

impl fmt::Debug for JoinLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinLinks(…)")
    }
}

impl JoinLinks {
    pub(crate) fn new(secret_key: &SecretString, ttl: Duration) -> Self {
        let mut keyed = Hmac::new_from_slice(secret_key.expose_secret().as_bytes())
            .expect("HMAC takes keys of any length");
        keyed.update(PURPOSE);
        Self {
            keyed,
            ttl_ms: i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX),
        }
    }

    /// `<claims>.<signature>`, both base64url.
    pub(crate) fn token(&self, account: AccountId, room: &RoomName, now_ms: i64) -> String {
        let claims = Claims {
            account,
            room: room.as_str().to_owned(),
            expires_at_ms: now_ms.saturating_add(self.ttl_ms),
        };
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).unwrap_or_default());
        let signature = self.signed(&claims).finalize().into_bytes();
        format!("{claims}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Whose guest the token lets into this room; `None` when it is not ours, for another room, or over.
    pub(crate) fn account(&self, token: &str, room: &RoomName, now_ms: i64) -> Option<AccountId> {
        let (claims, signature) = token.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.signed(claims).verify_slice(&signature).ok()?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        (claims.room == room.as_str() && claims.expires_at_ms > now_ms).then_some(claims.account)
    }

    fn signed(&self, claims: &str) -> Hmac<Sha256> {
        let mut mac = self.keyed.clone();
        mac.update(claims.as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(key: &str) -> JoinLinks {
        JoinLinks::new(&key.to_owned().into(), Duration::from_mins(1))
    }

    fn room(name: &str) -> RoomName {
        RoomName::try_from(name.to_owned()).unwrap()
    }

    #[test]
    fn a_link_opens_its_room_until_it_expires() {
        let links = links("key");
        let token = links.token(AccountId(7), &room("kitchen"), 0);
        assert_eq!(
            links.account(&token, &room("kitchen"), 59_999),
            Some(AccountId(7))
        );
        assert_eq!(links.account(&token, &room("kitchen"), 60_000), None);
        assert_eq!(links.account(&token, &room("cellar"), 0), None);
    }

    #[test]
    fn a_link_of_another_key_or_a_changed_one_opens_nothing() {
        let token = links("key").token(AccountId(7), &room("kitchen"), 0);
        assert_eq!(links("other").account(&token, &room("kitchen"), 0), None);
        let (claims, signature) = token.split_once('.').unwrap();
        let forged = URL_SAFE_NO_PAD.encode(r#"{"a":1,"r":"kitchen","e":99999999999999}"#);
        for wrong in [
            format!("{forged}.{signature}"),
            format!("{claims}."),
            claims.to_owned(),
            String::new(),
            ".".to_owned(),
            format!("{claims}.{signature}x"),
        ] {
            assert_eq!(
                links("key").account(&wrong, &room("kitchen"), 0),
                None,
                "{wrong}"
            );
        }
    }
}
