//! The seeded account of `casp dev`, and the secret key it makes once.

use crate::settings::DevAccount;
use anyhow::Context;
use argon2::{Argon2, PasswordHasher};
use casp_store::{
    Store,
    accounts::{self, Account, KeyKind},
};
use rand::distr::{Alphanumeric, SampleString};
use secrecy::{ExposeSecret, SecretString};
use std::{io::Write, path::Path};

/// What was made anew, to be printed once; what settings fix is not printed.
#[derive(Debug, Default)]
pub(crate) struct Printed {
    pub(crate) password: Option<String>,
    pub(crate) api_key: Option<String>,
    pub(crate) publishable_key: Option<String>,
}

/// Makes the account at the first start, and sees to it that the keys of the settings work.
pub(crate) async fn dev_account(
    store: &Store,
    wanted: &DevAccount,
) -> anyhow::Result<(Account, Printed)> {
    let mut printed = Printed::default();
    let is_new = accounts::by_email(store, &wanted.email).await?.is_none();
    // Made by whoever runs the service, so its e-mail counts as verified.
    let account = accounts::ensure(store, &wanted.email, None, true).await?;
    let password = wanted
        .password
        .as_ref()
        .map(|password| password.expose_secret().to_owned());
    if let Some(password) =
        password.or_else(|| is_new.then(|| printed.password.insert(random(16)).clone()))
    {
        let hash = tokio::task::spawn_blocking(move || hash_password(&password)).await??;
        accounts::set_password_hash(store, account.id, &hash).await?;
    }
    let keys = [
        (
            KeyKind::Secret,
            "sk_",
            &wanted.api_key,
            &mut printed.api_key,
        ),
        (
            KeyKind::Publishable,
            "pk_",
            &wanted.publishable_key,
            &mut printed.publishable_key,
        ),
    ];
    for (kind, prefix, fixed, shown) in keys {
        let key = fixed.as_ref().map(|key| key.expose_secret().to_owned());
        if let Some(key) =
            key.or_else(|| is_new.then(|| shown.insert(format!("{prefix}{}", random(40))).clone()))
        {
            accounts::ensure_key(store, account.id, kind, &key).await?;
        }
    }
    Ok((account, printed))
}

/// The secret key of this data folder: made at the first start, kept in a file that only its owner reads.
pub(crate) fn secret_key(data_dir: &Path) -> anyhow::Result<SecretString> {
    let file = data_dir.join("secret_key");
    match std::fs::read_to_string(&file) {
        Ok(key) if key.trim().len() >= 32 => return Ok(key.trim().to_owned().into()),
        Ok(_) => anyhow::bail!("{} is damaged: remove it and start again", file.display()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => return Err(e).with_context(|| format!("cannot read {}", file.display())),
    }
    let key = random(43);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&file)?.write_all(key.as_bytes())?;
    Ok(key.into())
}

pub(crate) fn random(length: usize) -> String {
    Alphanumeric.sample_string(&mut rand::rng(), length)
}

pub(crate) fn hash_password(password: &str) -> anyhow::Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash
        .map_err(|e| anyhow::anyhow!("argon2: {e}"))?
        .to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing_fixed() -> DevAccount {
        DevAccount {
            email: "dev@casp.local".into(),
            password: None,
            api_key: None,
            publishable_key: None,
        }
    }

    async fn store(folder: &Path) -> Store {
        let store = Store::connect(&format!("sqlite://{}", folder.join("casp.db").display()))
            .await
            .unwrap();
        store.migrate().await.unwrap();
        store
    }

    #[tokio::test]
    async fn keys_are_made_and_shown_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path()).await;
        let (account, first) = dev_account(&store, &nothing_fixed()).await.unwrap();
        let key = first.api_key.expect("shown at the first start");
        assert_eq!(
            accounts::by_key(&store, KeyKind::Secret, &key)
                .await
                .unwrap()
                .unwrap()
                .id,
            account.id
        );
        let (again, second) = dev_account(&store, &nothing_fixed()).await.unwrap();
        assert_eq!(again.id, account.id);
        assert!(account.is_admin && account.is_verified);
        assert!(second.api_key.is_none() && second.password.is_none());
    }

    #[tokio::test]
    async fn keys_of_the_settings_work_at_any_start_and_are_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path()).await;
        dev_account(&store, &nothing_fixed()).await.unwrap();
        let fixed = DevAccount {
            api_key: Some("sk_fixed".to_owned().into()),
            ..nothing_fixed()
        };
        let (account, printed) = dev_account(&store, &fixed).await.unwrap();
        assert!(printed.api_key.is_none());
        assert_eq!(
            accounts::by_key(&store, KeyKind::Secret, "sk_fixed")
                .await
                .unwrap()
                .unwrap()
                .id,
            account.id
        );
    }

    #[test]
    fn the_secret_key_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let first = secret_key(folder.path()).unwrap();
        assert_eq!(
            secret_key(folder.path()).unwrap().expose_secret(),
            first.expose_secret()
        );
        assert!(first.expose_secret().len() >= 32);
    }
}
