//! `casp keys`: what secrets are encrypted with.

use crate::{jobs, secret_key, seed, settings::Settings};
use anyhow::{Context, bail};
use casp_actions::{
    connections::{Rotation, rotate},
    sealing::Keyring,
};
use clap::{Args, Subcommand};
use secrecy::SecretString;
use std::path::PathBuf;

/// Arguments of `casp keys`.
#[derive(Debug, Args)]
pub(crate) struct KeysArgs {
    /// Where `casp dev` keeps its database and secret key; used when DATABASE_URL or SECRET_KEY is not set.
    #[arg(long, global = true, default_value = ".casp", value_name = "FOLDER")]
    data_dir: PathBuf,
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum KeysCommand {
    /// Brings every secret under the first key of ENCRYPTION_KEYS. Safe while CASP runs, and to be begun again. Every
    /// process has to know the new key before; the old one may go from the list when nothing is left under it.
    Rotate,
}

/// The keys of the settings.
pub(crate) fn keyring(settings: &Settings, secret_key: &SecretString) -> anyhow::Result<Keyring> {
    match &settings.encryption_keys {
        Some(keys) => Keyring::parse(keys, secret_key).context("ENCRYPTION_KEYS"),
        None => Ok(Keyring::derived(secret_key)),
    }
}

/// `casp keys …`
pub(crate) async fn run(args: KeysArgs, settings: &Settings) -> anyhow::Result<()> {
    let KeysCommand::Rotate = args.command;
    let is_dev = settings.secret_key.is_none() && args.data_dir.join("casp.db").exists();
    let secret_key = if is_dev {
        seed::secret_key(&args.data_dir)?
    } else {
        secret_key::of(settings)?
    };
    let keyring = keyring(settings, &secret_key)?;
    let store = jobs::store(&args.data_dir, settings).await?;
    let Rotation { resealed, lost } = rotate(&store, &keyring).await?;
    println!("{resealed} brought under {}", keyring.current());
    if lost > 0 {
        bail!(
            "{lost} cannot be opened: the key that they were encrypted with is missing in ENCRYPTION_KEYS"
        );
    }
    Ok(())
}
