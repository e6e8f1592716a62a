//! `SECRET_KEY`, and what is wrong with it.

use crate::settings::Settings;
use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};

/// Shortest secret that is taken outside dev.
const MIN_SECRET_CHARS: usize = 32;

/// The key, when it is a good one.
pub(crate) fn of(settings: &Settings) -> anyhow::Result<SecretString> {
    let key = settings
        .secret_key
        .clone()
        .context("SECRET_KEY is not set: 32 random characters or more (openssl rand -hex 32)")?;
    let text = key.expose_secret();
    if text.len() < MIN_SECRET_CHARS {
        bail!(
            "SECRET_KEY is shorter than {MIN_SECRET_CHARS} characters; make one with: openssl rand -hex 32"
        );
    }
    if is_sample(text) {
        bail!("SECRET_KEY is a sample that anybody knows; make one with: openssl rand -hex 32");
    }
    Ok(key)
}

/// Whether a secret is one of those that stand in examples, whatever is put between the words.
fn is_sample(secret: &str) -> bool {
    let letters: String = secret
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    [
        "yoursecret",
        "secretkeyhere",
        "changeme",
        "changethis",
        "replaceme",
        "replacethis",
    ]
    .iter()
    .any(|sample| letters.contains(sample))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_told_from_secrets() {
        for sample in [
            "your_secret_key_here_your_secret_key_here",
            "change-me-change-me-change-me-change-me",
            "Change this to something long and random",
        ] {
            assert!(is_sample(sample), "{sample}");
        }
        for secret in [
            "8f2e61c0a7b34d95e1f06b7c2a9d48537e40c1b8f65a2d93",
            "q7Rk2vXw9LmZp4TsYb6NdGh8JcFa3EuQ",
        ] {
            assert!(!is_sample(secret), "{secret}");
        }
    }
}
