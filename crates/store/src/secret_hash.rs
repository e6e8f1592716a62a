//! How secrets that somebody else keeps (API keys, tokens) lie in the database.

use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal. Enough for secrets of 128 random bits and more: there is nothing to guess, and finding
/// one by its hash costs the same for a right and a wrong key.
pub(crate) fn secret_hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// 256 random bits in hexadecimal, behind a prefix that says what they are.
pub(crate) fn random_secret(prefix: &str) -> String {
    format!("{prefix}{}", hex::encode(rand::random::<[u8; 32]>()))
}

/// 43 random letters and digits, which is 256 bits, behind a prefix: for secrets that people copy.
pub(crate) fn random_token(prefix: &str) -> String {
    use rand::distr::{Alphanumeric, SampleString as _};
    format!(
        "{prefix}{}",
        Alphanumeric.sample_string(&mut rand::rng(), 43)
    )
}

/// 96 random bits in hexadecimal, for ids.
pub(crate) fn random_id() -> String {
    hex::encode(rand::random::<[u8; 12]>())
}
