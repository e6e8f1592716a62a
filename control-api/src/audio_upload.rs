//! Files of sound that clients upload, as text. The upload goes to a temporary file as it comes, is decoded piece by
//! piece, and each piece is transcribed: of no file is more than a minute in memory.

use crate::error::ApiError;
use axum::extract::Multipart;
use casp_audio::{AudioError, file::AudioFile};
use casp_providers::{ProviderError, SpeechToText, Usage, Utterance};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{Seek as _, SeekFrom},
    sync::Arc,
};
use tokio::{io::AsyncWriteExt as _, sync::mpsc};

const RATE_HZ: usize = casp_audio::file::SAMPLE_RATE.hz() as usize;
/// Longest piece that is transcribed at once,
const PIECE: usize = 60 * RATE_HZ;
/// cut where it is quietest in its last part,
const CUT_WITHIN: usize = 10 * RATE_HZ;
/// by this measure.
const QUIET: usize = RATE_HZ / 5;
/// Longest sound: what is packed small may be very long.
const LONGEST: usize = 2 * 60 * 60 * RATE_HZ;
/// What a second of sound counts as, in tokens: what OpenAI's models make of one.
const TOKENS_A_SECOND: f64 = 10.0;
/// Most fields of a form that are texts.
const MOST_FIELDS: usize = 20;

/// A form with a file.
#[derive(Debug)]
pub(crate) struct Upload {
    file: Option<File>,
    texts: BTreeMap<String, String>,
}

/// What was understood of a piece.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Heard {
    /// Where it begins, seconds.
    pub(crate) start_s: f64,
    /// Where it ends.
    pub(crate) end_s: f64,
    /// The words; empty when there were none.
    pub(crate) text: String,
}

/// Why there is no text.
#[derive(Debug)]
pub(crate) enum UploadError {
    /// It is no sound that can be read.
    File(String),
    /// Speech-to-text failed.
    Provider(ProviderError),
}

impl Upload {
    /// A field of the form.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// The field `language`; empty without one.
    pub(crate) fn language(&self) -> Result<String, ApiError> {
        let language = self.text("language").unwrap_or_default();
        let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if language.len() > 35 || !language.bytes().all(is_fine) {
            let message = "a language tag: en, en-US";
            return Err(ApiError::invalid_body("language", message));
        }
        Ok(language.to_owned())
    }

    /// The file, to be read from its beginning.
    pub(crate) fn into_file(self) -> Result<File, ApiError> {
        let missing = || ApiError::invalid_body("file", "this field is required");
        let mut file = self.file.ok_or_else(missing)?;
        file.seek(SeekFrom::Start(0)).map_err(no_disk)?;
        Ok(file)
    }
}

/// Reads the form; the file goes to disk. What is longer than `longest_text` is cut off a text.
pub(crate) async fn receive(
    mut form: Multipart,
    most_bytes: u64,
    longest_text: usize,
) -> Result<Upload, ApiError> {
    let broken = |_| ApiError::Malformed("The form is broken.");
    let mut upload = Upload {
        file: None,
        texts: BTreeMap::new(),
    };
    let mut bytes = 0;
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let mut sink = match name.as_str() {
            "file" if upload.file.is_none() => Some(temporary()?),
            _ => None,
        };
        let mut text = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(broken)? {
            bytes += chunk.len() as u64;
            if bytes > most_bytes {
                return Err(ApiError::TooLarge);
            }
            if let Some(sink) = &mut sink {
                sink.write_all(&chunk).await.map_err(no_disk)?;
            } else {
                let room = longest_text.saturating_sub(text.len());
                text.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
        }
        if let Some(mut sink) = sink {
            sink.flush().await.map_err(no_disk)?;
            upload.file = Some(sink.into_std().await);
        } else if upload.texts.len() < MOST_FIELDS {
            let text = String::from_utf8_lossy(&text).into_owned();
            upload.texts.entry(name).or_insert(text);
        }
    }
    Ok(upload)
}

/// Transcribes a file, piece by piece.
pub(crate) async fn transcribe(
    speech_to_text: Arc<dyn SpeechToText>,
    file: File,
    language: &str,
) -> Result<Vec<Heard>, UploadError> {
    // One piece is transcribed while the next one is decoded.
    let (pieces, mut pieces_seen) = mpsc::channel(1);
    let decoder = tokio::task::spawn_blocking(move || decode(file, &pieces));
    let mut heard: Vec<Heard> = Vec::new();
    while let Some(pcm) = pieces_seen.recv().await {
        let start_s = heard.last().map_or(0.0, |last| last.end_s);
        let end_s = start_s + pcm.len() as f64 / RATE_HZ as f64;
        let utterance = Utterance {
            pcm,
            sample_rate_hz: RATE_HZ as u32,
            language: language.to_owned(),
        };
        let transcript = speech_to_text.transcribe(utterance).await;
        let transcript = transcript.map_err(|error| {
            tracing::error!(%error, "an upload was not transcribed");
            UploadError::Provider(error)
        })?;
        heard.push(Heard {
            start_s,
            end_s,
            text: transcript.text.trim().to_owned(),
        });
    }
    match decoder.await {
        Ok(Ok(())) => Ok(heard),
        Ok(Err(error)) => Err(UploadError::File(error.to_string())),
        // A decoder that stumbles over a file says so by panicking.
        Err(_) => Err(UploadError::File(
            "not an audio file that can be read".to_owned(),
        )),
    }
}

/// All words.
pub(crate) fn words(heard: &[Heard]) -> String {
    let words = heard.iter().map(|piece| piece.text.as_str());
    let words: Vec<&str> = words.filter(|text| !text.is_empty()).collect();
    words.join(" ")
}

/// How long the sound is, seconds.
pub(crate) fn seconds(heard: &[Heard]) -> f64 {
    heard.last().map_or(0.0, |last| last.end_s)
}

/// What its account pays for it.
pub(crate) fn usage(heard: &[Heard]) -> Usage {
    Usage {
        prompt_tokens: tokens(seconds(heard)).into(),
        completion_tokens: 0,
    }
}

/// What so many seconds of sound count as when they are transcribed, whoever does it.
pub(crate) fn tokens(seconds: f64) -> u32 {
    (seconds * TOKENS_A_SECOND).ceil() as u32
}

fn temporary() -> Result<tokio::fs::File, ApiError> {
    tempfile::tempfile()
        .map(tokio::fs::File::from_std)
        .map_err(no_disk)
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn no_disk(error: std::io::Error) -> ApiError {
    tracing::error!(%error, "an upload could not be written");
    ApiError::Unavailable("The upload cannot be kept now. Try again soon.")
}

fn decode(file: File, pieces: &mpsc::Sender<Arc<[i16]>>) -> Result<(), AudioError> {
    let mut file = AudioFile::open(file)?;
    let (mut piece, mut total) = (Vec::new(), 0);
    while let Some(pcm) = file.next()? {
        total += pcm.len();
        if total > LONGEST {
            return Err(AudioError::File("it is longer than two hours"));
        }
        piece.extend_from_slice(pcm);
        while piece.len() > PIECE {
            let rest = piece.split_off(quietest(&piece[..PIECE]));
            let full = std::mem::replace(&mut piece, rest);
            if pieces.blocking_send(full.into()).is_err() {
                // Nobody waits for it any more.
                return Ok(());
            }
        }
    }
    if total == 0 {
        return Err(AudioError::File("there is no sound in it"));
    }
    let _ = pieces.blocking_send(piece.into());
    Ok(())
}

/// Where to cut: in the middle of the quietest stretch near the end.
fn quietest(pcm: &[i16]) -> usize {
    let from = pcm.len().saturating_sub(CUT_WITHIN);
    let loudness = |stretch: &[i16]| {
        let loudness = stretch
            .iter()
            .map(|sample| u64::from(sample.unsigned_abs()));
        loudness.sum::<u64>()
    };
    let stretches = pcm[from..].chunks_exact(QUIET).enumerate();
    let quietest = stretches.min_by_key(|(_, stretch)| loudness(stretch));
    quietest.map_or(pcm.len(), |(n, _)| from + n * QUIET + QUIET / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_talk_is_cut_where_it_is_quiet() {
        let mut pcm = vec![1_000; PIECE];
        let pause = PIECE - 4 * RATE_HZ;
        pcm[pause..pause + 2 * QUIET].fill(3);
        let cut = quietest(&pcm);
        assert!((pause..pause + 2 * QUIET).contains(&cut), "{cut}");
    }
}
