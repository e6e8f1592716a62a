//! Codes of six digits, and the keyed hashes that are kept of them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use std::fmt;
use subtle::ConstantTimeEq as _;

/// Keeps these hashes apart from others made with the same key.
const PURPOSE: &[u8] = b"casp identity code v1\0";
/// Digits of a code.
const DIGITS: usize = 6;

/// A code that is on its way to an address. It is not kept, and not shown by `Debug`.
pub(super) struct Code(String);

impl Code {
    pub(super) fn random() -> Self {
        let number = rand::random_range(0..1_000_000_u32);
        Self(format!("{number:06}"))
    }

    /// What somebody typed: six digits, perhaps with blanks between.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        let is_code = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then_some(Self(digits))
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// A million codes are soon tried: without the key nobody who reads the database learns one.
    pub(super) fn hash(&self, secret_key: &SecretString, identity: &str) -> String {
        let mut keyed = Hmac::<Sha256>::new_from_slice(secret_key.expose_secret().as_bytes())
            .expect("HMAC takes keys of any length");
        keyed.update(PURPOSE);
        keyed.update(identity.as_bytes());
        keyed.update(b"\0");
        keyed.update(self.0.as_bytes());
        URL_SAFE_NO_PAD.encode(keyed.finalize().into_bytes())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// Whether two hashes are the same, in the same time whatever they are.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::{Code, is_same};

    #[test]
    fn codes_are_six_digits() {
        for _ in 0..100 {
            assert!(Code::parse(Code::random().expose()).is_some());
        }
        assert_eq!(Code::parse("123 456").unwrap().expose(), "123456");
        for text in ["", "12345", "1234567", "12345a", "１２３４５６"] {
            assert!(Code::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_hash_is_of_one_code_one_identity_and_one_key() {
        let (key, other_key) = ("one".to_owned().into(), "two".to_owned().into());
        let code = Code::parse("123456").unwrap();
        let hash = code.hash(&key, "idn_1");
        assert!(is_same(&hash, &code.hash(&key, "idn_1")));
        for different in [
            code.hash(&key, "idn_2"),
            code.hash(&other_key, "idn_1"),
            Code::parse("123457").unwrap().hash(&key, "idn_1"),
        ] {
            assert!(!is_same(&hash, &different));
        }
        assert!(!format!("{code:?}{hash}").contains("123456"));
    }
}
