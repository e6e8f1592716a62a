//! The offline default: it needs no account and no network.
//!
//! Speech goes through two Debian packages, each run as a child process: a crash in either costs one
//! clause or one utterance, their memory is theirs, and CASP starts where they are not installed. (The crate
//! `pocketsphinx` links the library: then nothing starts without it.)

pub mod assistant;
mod flite;
mod pocketsphinx;

pub(crate) use flite::Flite;
pub(crate) use pocketsphinx::PocketSphinx;

use crate::ProviderError;
use std::io::ErrorKind;

/// Name in logs and metrics.
const NAME: &str = "builtin";
/// What a person has to type where the packages are missing.
const INSTALL: &str = "apt-get install flite pocketsphinx pocketsphinx-en-us";

/// A program that cannot be started.
fn not_started(program: &str, error: &std::io::Error) -> ProviderError {
    let message = match error.kind() {
        ErrorKind::NotFound => format!("{program} is not installed: {INSTALL}"),
        _ => format!("{program} does not start: {}", error.kind()),
    };
    ProviderError::unavailable(NAME, message)
}
