//! PocketSphinx processes with one language model.

use super::super::{INSTALL, NAME, not_started};
use crate::ProviderError;
use std::{
    ffi::OsString,
    path::Path,
    process::Stdio,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
};

/// Longest output that is read.
const MAX_OUTPUT_BYTES: u64 = 64 * 1024;

/// Understands utterances, each in a process of its own. One process always waits with its model loaded; the
/// end of the pipe ends the utterance and the process.
#[derive(Debug)]
pub(super) struct Decoder {
    arguments: Vec<OsString>,
    waiting: Mutex<Option<Child>>,
}

impl Decoder {
    /// With the model and the dictionary of the package.
    pub(super) fn for_english() -> Self {
        Self {
            arguments: Vec::new(),
            waiting: Mutex::new(None),
        }
    }

    /// With a language model and a dictionary of one's own.
    pub(super) fn with(language_model: &Path, dictionary: &Path) -> Self {
        // Whoever has a model of his own means it: its weight is a little over the usual 6.5.
        let arguments = [
            "-lw".into(),
            "9".into(),
            "-lm".into(),
            language_model.into(),
            "-dict".into(),
            dictionary.into(),
        ];
        Self {
            arguments: arguments.into(),
            waiting: Mutex::new(None),
        }
    }

    /// Starts the waiting process. Inside a Tokio runtime.
    pub(super) fn warm(&self) -> Result<(), ProviderError> {
        if self.waiting().is_none() {
            let child = self.spawn()?;
            *self.waiting() = Some(child);
        }
        Ok(())
    }

    /// The words in s16le at 16 kHz. Dropping the future kills the process.
    pub(super) async fn understand(&self, input: &[u8]) -> Result<String, ProviderError> {
        let waiting = self.waiting().take();
        // One that ended (killed, or its model was missing) is of no use.
        let is_alive = |child: &mut Child| matches!(child.try_wait(), Ok(None));
        let mut child = match waiting.and_then(|mut child| is_alive(&mut child).then_some(child)) {
            Some(child) => child,
            None => self.spawn()?,
        };
        let (Some(mut speech), Some(words)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(ProviderError::unavailable(NAME, "no pipe"));
        };
        let mut output = Vec::new();
        let mut words = words.take(MAX_OUTPUT_BYTES);
        let write = async {
            // A child that ended early says so by its status.
            let _ = speech.write_all(input).await;
            drop(speech);
        };
        let ((), read) = tokio::join!(write, words.read_to_end(&mut output));
        let broken = |_| ProviderError::unavailable(NAME, "the pipe broke");
        read.map_err(broken)?;
        let status = child.wait().await.map_err(broken)?;
        if !status.success() {
            let message =
                format!("pocketsphinx_continuous: {status}; is its model installed? {INSTALL}");
            return Err(ProviderError::unavailable(NAME, message));
        }
        Ok(words_of(&String::from_utf8_lossy(&output)))
    }

    fn spawn(&self) -> Result<Child, ProviderError> {
        Command::new("pocketsphinx_continuous")
            .args(["-infile", "/dev/stdin", "-logfn", "/dev/null"])
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| not_started("pocketsphinx_continuous", &error))
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Child>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The words of the output, one line a stretch of speech; noises stand in brackets.
fn words_of(output: &str) -> String {
    let words = output
        .split_whitespace()
        .filter(|word| !word.starts_with(['[', '<', '+']));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::words_of;

    #[test]
    fn noises_are_no_words() {
        assert_eq!(
            words_of("what is [NOISE]\n\n<sil> on ++UH++ today\n"),
            "what is on today"
        );
    }
}
