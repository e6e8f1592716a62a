//! Speech-to-text by PocketSphinx with its US English model: for wideband speech in English; at 8 kHz, from
//! a phone, it understands next to nothing.
//!
//! An utterance is first heard as a command (measured: 0.05 s of CPU a second of speech); where that gives no
//! command, as any English (0.13 s). The model of English takes 0.32 s of CPU to load, so a process that has
//! loaded it always waits (90 MB).

mod commands;
mod decoder;

use super::NAME;
use crate::{ProviderError, SpeechToText, Transcript, Utterance};
use commands::Commands;
use decoder::Decoder;
use std::{fs, time::Duration};
use tempfile::TempDir;
use tokio::sync::Semaphore;

/// Rate of the model.
const SAMPLE_RATE_HZ: u32 = 16_000;
/// Pronunciations, from the package pocketsphinx-en-us.
const DICTIONARY: &str = "/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict";
/// Longer speech is understood as far as this; a turn is seconds.
const MAX_SECONDS: usize = 30;
/// Silence around the words, 0.3 s: the noise estimate starts on it, and an utterance that a voice detector
/// cut out has none.
const SILENCE: [u8; 9_600] = [0; 9_600];

/// Speech-to-text on this machine.
#[derive(Debug)]
pub(crate) struct PocketSphinx {
    /// `None` where the package is missing or no temporary file can be written.
    for_commands: Option<ForCommands>,
    for_english: Decoder,
    /// Utterances at a time, one a core; further ones wait, at most `patience`.
    slots: Semaphore,
    patience: Duration,
}

#[derive(Debug)]
struct ForCommands {
    commands: Commands,
    decoder: Decoder,
    /// Its model and dictionary, removed with this value.
    _files: TempDir,
}

impl PocketSphinx {
    /// `patience` is for a transcription, its wait for a slot included.
    pub(crate) fn new(patience: Duration) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let for_commands = ForCommands::new()
            .inspect_err(|error| tracing::warn!(%error, "commands are understood less well"));
        Self {
            for_commands: for_commands.ok(),
            for_english: Decoder::for_english(),
            slots: Semaphore::new(cores),
            patience,
        }
    }

    /// Starts the waiting processes. Inside a Tokio runtime.
    pub(crate) fn warm(&self) -> Result<(), ProviderError> {
        if let Some(for_commands) = &self.for_commands {
            for_commands.decoder.warm()?;
        }
        self.for_english.warm()
    }

    async fn understand(&self, input: &[u8]) -> Result<String, ProviderError> {
        let _slot = self.slots.acquire().await;
        if let Some(ForCommands {
            commands, decoder, ..
        }) = &self.for_commands
        {
            let words = decoder.understand(input).await?;
            if words.is_empty() || commands.have(&words) {
                return Ok(words);
            }
        }
        self.for_english.understand(input).await
    }
}

impl ForCommands {
    fn new() -> std::io::Result<Self> {
        let commands = Commands::load();
        let files = tempfile::Builder::new()
            .prefix("casp-commands-")
            .tempdir()?;
        let (model, dictionary) = (files.path().join("lm"), files.path().join("dict"));
        fs::write(&model, commands.arpa())?;
        // With the whole dictionary, a model in text takes two seconds to load.
        fs::write(
            &dictionary,
            commands.dictionary(&fs::read_to_string(DICTIONARY)?),
        )?;
        Ok(Self {
            commands,
            decoder: Decoder::with(&model, &dictionary),
            _files: files,
        })
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

/// Samples as the processes take them, with silence around.
fn input(utterance: &Utterance) -> Result<Vec<u8>, ProviderError> {
    let repeat = match utterance.sample_rate_hz {
        SAMPLE_RATE_HZ => 1,
        8_000 => 2,
        _ => {
            let message = "only 8 and 16 kHz are understood";
            return Err(ProviderError::bad_answer(NAME, message));
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
