//! Text-to-speech by Flite, one child process a sentence (measured: 25 ms of CPU for two words, 60 ms for
//! fifteen). The text goes through its standard input, the sound through a temporary file: Flite appends
//! sentence by sentence and needs to seek.

use super::{NAME, not_started};
use crate::{
    ProviderError, SpeechChunk, SpeechRequest, SpeechStream, TextToSpeech, pcm::PcmReader, voices,
};
use futures_util::{StreamExt, stream};
use std::{process::Stdio, sync::Arc, time::Duration};
use tokio::{io::AsyncWriteExt, process::Command, sync::Semaphore};

/// Rate of both voices.
const SAMPLE_RATE_HZ: u32 = 16_000;
/// Longest text of one request; what follows is not spoken.
const MAX_CHARS: usize = 2_000;
/// Longest piece given to one child, so that the first sound comes early.
const PIECE_CHARS: usize = 200;
/// A longer word is no word, and Flite needs seconds to spell it.
const WORD_CHARS: usize = 40;
/// Longest speech of a piece.
const PIECE_SECONDS: usize = 60;

/// Text-to-speech on this machine, English only.
#[derive(Debug)]
pub(crate) struct Flite {
    /// Children at a time; further requests wait, at most their own time-out.
    slots: Arc<Semaphore>,
    patience: Duration,
}

impl Flite {
    /// `patience` is for a sentence, its wait for a slot included.
    pub(crate) fn new(patience: Duration) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            slots: Arc::new(Semaphore::new(cores * 2)),
            patience,
        }
    }
}

#[async_trait::async_trait]
impl TextToSpeech for Flite {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn synthesize(&self, request: SpeechRequest) -> Result<SpeechStream, ProviderError> {
        let pieces = pieces(&speakable(&request.text));
        if pieces.is_empty() && !request.text.trim().is_empty() {
            return Err(ProviderError::bad_answer(NAME, "Flite speaks English only"));
        }
        let voice = voices::flite(&request.voice_type);
        let (slots, patience) = (Arc::clone(&self.slots), self.patience);
        let chunks = stream::iter(pieces).then(move |piece| {
            let slots = Arc::clone(&slots);
            async move {
                let spoken = async {
                    let _slot = slots.acquire().await;
                    speak(voice, &piece).await
                };
                tokio::time::timeout(patience, spoken)
                    .await
                    .unwrap_or_else(|_| Err(ProviderError::timeout(NAME, "a sentence")))
            }
        });
        Ok(SpeechStream {
            sample_rate_hz: SAMPLE_RATE_HZ,
            chunks: until_error(chunks).boxed(),
        })
    }
}

/// An error ends it.
fn until_error<S>(chunks: S) -> impl futures_util::Stream<Item = S::Item>
where
    S: futures_util::Stream<Item = Result<SpeechChunk, ProviderError>>,
{
    chunks.scan(false, |has_failed, chunk| {
        let item = (!*has_failed).then(|| {
            *has_failed = chunk.is_err();
            chunk
        });
        std::future::ready(item)
    })
}

/// Runs Flite once. Dropping the future kills it.
async fn speak(voice: &'static str, text: &str) -> Result<SpeechChunk, ProviderError> {
    let broken = |_| ProviderError::unavailable(NAME, "no temporary file");
    let sound = tempfile::NamedTempFile::new()
        .map_err(broken)?
        .into_temp_path();
    let mut child = Command::new("flite")
        .args(["-voice", voice, "-f", "/dev/stdin", "-o"])
        .arg(&sound)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| not_started("flite", &error))?;
    if let Some(mut input) = child.stdin.take() {
        // A child that ended early says so by its status.
        let _ = input.write_all(text.as_bytes()).await;
    }
    let status = child.wait().await.map_err(broken)?;
    if !status.success() {
        return Err(ProviderError::unavailable(NAME, format!("flite: {status}")));
    }
    let wav = tokio::fs::read(&sound).await.map_err(broken)?;
    let mut reader = PcmReader::new(SAMPLE_RATE_HZ, PIECE_SECONDS);
    let mut speech = reader
        .push(&wav)
        .map_err(|what| ProviderError::bad_answer(NAME, what))?;
    let rest = reader.finish();
    speech.extend(rest.map_err(|what| ProviderError::bad_answer(NAME, what))?);
    if reader.sample_rate_hz() != SAMPLE_RATE_HZ {
        return Err(ProviderError::bad_answer(NAME, "a voice of another rate"));
    }
    Ok(speech)
}

/// The text with what Flite can say of it: ASCII, typographic signs replaced, other letters left out.
fn speakable(text: &str) -> String {
    let mut plain = String::with_capacity(text.len().min(MAX_CHARS));
    for c in text.chars().take(MAX_CHARS) {
        match c {
            '\u{2018}' | '\u{2019}' => plain.push('\''),
            '\u{2013}' | '\u{2014}' => plain.push_str(", "),
            '\u{2026}' => plain.push('.'),
            ' '..='~' => plain.push(c),
            _ => plain.push(' '),
        }
    }
    plain
}

/// Sentences, the long ones cut between words; nothing without a letter or digit.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for word in text.split_ascii_whitespace() {
        let word = &word[..word.len().min(WORD_CHARS)];
        let piece = pieces.last_mut().filter(|piece| {
            !piece.ends_with(['.', '!', '?']) && piece.len() + word.len() < PIECE_CHARS
        });
        match piece {
            Some(piece) if piece.is_empty() => piece.push_str(word),
            Some(piece) => {
                piece.push(' ');
                piece.push_str(word);
            }
            None => pieces.push(word.to_owned()),
        }
    }
    pieces.retain(|piece| piece.bytes().any(|b| b.is_ascii_alphanumeric()));
    pieces
}

#[cfg(test)]
mod tests {
    use super::{pieces, speakable};

    #[test]
    fn sentences_are_spoken_one_by_one() {
        assert_eq!(
            pieces("Good morning!  It is nine. You are free"),
            ["Good morning!", "It is nine.", "You are free"]
        );
        assert!(pieces(" ... ?!").is_empty());
        let long = "word ".repeat(100);
        assert!(pieces(&long).iter().all(|piece| piece.len() <= 200));
        assert_eq!(pieces(&long).join(" "), long.trim());
        assert_eq!(pieces(&"a".repeat(3_000)), ["a".repeat(40)]);
    }

    #[test]
    fn only_what_flite_can_say_is_given_to_it() {
        assert_eq!(
            speakable("It\u{2019}s 9\u{2014}ok\0\u{1F44B}"),
            "It's 9, ok  "
        );
        assert!(pieces(&speakable("日本語")).is_empty());
    }
}
