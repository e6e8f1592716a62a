//! Speech-to-text by PocketSphinx with its US English model: for wideband speech in English; at 8 kHz, from
//! a phone, it understands next to nothing.
//!
//! Measured on one core: 350 ms of CPU to load the model, then 0.13 s a second of speech. So one process
//! (90 MB) always waits with the model loaded; an utterance goes to it through a pipe, the end of the pipe
//! ends the utterance and the process, and the next one starts to load once the answer is out.

use super::{INSTALL, NAME, not_started};
use crate::{ProviderError, SpeechToText, Transcript, Utterance};
use std::{
    process::Stdio,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    sync::Semaphore,
};

/// Rate of the model.
const SAMPLE_RATE_HZ: u32 = 16_000;
/// Longer speech is understood as far as this; a turn is seconds.
const MAX_SECONDS: usize = 30;
/// Longest output that is read.
const MAX_OUTPUT_BYTES: u64 = 64 * 1024;
/// Silence around the words: the noise estimate starts on it, and an utterance that a voice detector cut out
/// has none.
const SILENCE: [u8; 9_600] = [0; 9_600];

/// Speech-to-text on this machine.
#[derive(Debug)]
pub(crate) struct PocketSphinx {
    /// A process that has loaded its model, or is about to.
    spare: Mutex<Option<Child>>,
    /// Utterances at a time, one a core; further ones wait, at most `patience`.
    slots: Semaphore,
    patience: Duration,
}

impl PocketSphinx {
    /// `patience` is for a transcription, its wait for a slot included.
    pub(crate) fn new(patience: Duration) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            spare: Mutex::new(None),
            slots: Semaphore::new(cores),
            patience,
        }
    }

    /// Starts the waiting process. Inside a Tokio runtime.
    pub(crate) fn warm(&self) -> Result<(), ProviderError> {
        if self.spare().is_none() {
            let child = spawn()?;
            *self.spare() = Some(child);
        }
        Ok(())
    }

    async fn understand(&self, input: &[u8]) -> Result<String, ProviderError> {
        let _slot = self.slots.acquire().await;
        let waiting = self.spare().take();
        // One that ended (killed, or its model was missing) is of no use.
        let waiting =
            waiting.and_then(|mut child| matches!(child.try_wait(), Ok(None)).then_some(child));
        let mut child = match waiting {
            Some(child) => child,
            None => spawn()?,
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

    fn spare(&self) -> MutexGuard<'_, Option<Child>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl SpeechToText for PocketSphinx {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn transcribe(&self, utterance: Utterance) -> Result<Transcript, ProviderError> {
        let input = input(&utterance)?;
        let text = tokio::time::timeout(self.patience, self.understand(&input))
            .await
            .map_err(|_| ProviderError::timeout(NAME, "whole answer"))??;
        // Only now: loading a model beside an utterance would slow both down on a small machine.
        let _ = self.warm();
        Ok(Transcript { text })
    }
}

fn spawn() -> Result<Child, ProviderError> {
    Command::new("pocketsphinx_continuous")
        .args(["-infile", "/dev/stdin", "-logfn", "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| not_started("pocketsphinx_continuous", &error))
}

/// Samples as the child takes them, with silence around.
fn input(utterance: &Utterance) -> Result<Vec<u8>, ProviderError> {
    let repeat = match utterance.sample_rate_hz {
        SAMPLE_RATE_HZ => 1,
        8_000 => 2,
        _ => {
            return Err(ProviderError::bad_answer(
                NAME,
                "only 8 and 16 kHz are understood",
            ));
        }
    };
    let samples = utterance
        .pcm
        .len()
        .min(MAX_SECONDS * utterance.sample_rate_hz as usize);
    let mut input = Vec::with_capacity(samples * repeat * 2 + 2 * SILENCE.len());
    input.extend_from_slice(&SILENCE);
    for sample in &utterance.pcm[..samples] {
        for _ in 0..repeat {
            input.extend_from_slice(&sample.to_le_bytes());
        }
    }
    input.extend_from_slice(&SILENCE);
    Ok(input)
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
