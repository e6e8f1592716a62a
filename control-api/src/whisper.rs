//! `POST /whisper/transcribe`: an uploaded file as text. The upload goes to a temporary file as it comes, is decoded
//! piece by piece, and each piece is transcribed: of no file is more than a minute in memory.

use crate::{
    ControlApi,
    auth::Caller,
    error::{ApiError, Problem},
};
use axum::{
    Json,
    extract::{DefaultBodyLimit, FromRequest as _, Multipart, Request, State},
};
use casp_audio::{AudioError, file::AudioFile};
use casp_providers::{ProviderError, SpeechToText, Utterance};
use serde::Serialize;
use std::{
    io::{Seek as _, SeekFrom},
    sync::Arc,
};
use tokio::{io::AsyncWriteExt as _, sync::mpsc};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

const RATE_HZ: usize = casp_audio::file::SAMPLE_RATE.hz() as usize;
/// Longest piece that is transcribed at once,
const PIECE: usize = 60 * RATE_HZ;
/// cut where it is quietest in its last part,
const CUT_WITHIN: usize = 10 * RATE_HZ;
/// by this measure.
const QUIET: usize = RATE_HZ / 5;
/// Longest sound: what is packed small may be very long.
const LONGEST: usize = 2 * 60 * 60 * RATE_HZ;

/// Transcribing uploads; the size is bound by the handler, as it reads.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(transcribe))
        .layer(DefaultBodyLimit::disable())
}

/// What was understood.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Transcription {
    /// `success`
    #[schema(example = "success")]
    status: &'static str,
    /// The words; empty when there were none.
    #[schema(example = "Hello, this is Mike.")]
    transcription: String,
}

/// The form.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described, never made")]
pub(crate) struct TranscriptionForm {
    /// WAV, MP3, M4A, FLAC, Ogg or WebM; at most 25 MiB.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    file: String,
    /// BCP 47, as a hint.
    #[schema(example = "en-US")]
    language: Option<String>,
}

/// Transcribe an audio file
#[utoipa::path(
    post, path = "/whisper/transcribe", tag = "transcripts",
    request_body(content = TranscriptionForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "The words", body = Transcription), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn transcribe(
    State(api): State<ControlApi>,
    _: Caller,
    request: Request,
) -> Result<Json<Transcription>, ApiError> {
    let Some(speech_to_text) = api.config.speech_to_text.clone() else {
        return Err(ApiError::Unavailable("No speech-to-text is configured."));
    };
    let form = Multipart::from_request(request, &api).await;
    let form = form.map_err(|_| ApiError::Malformed("The body is not multipart/form-data."))?;
    let (file, language) = receive(form, api.config.limits.upload_bytes).await?;
    let transcription = transcribed(speech_to_text, file, language).await?;
    Ok(Json(Transcription {
        status: "success",
        transcription,
    }))
}

/// Reads the form; the file goes to disk.
async fn receive(
    mut form: Multipart,
    most_bytes: u64,
) -> Result<(std::fs::File, String), ApiError> {
    let broken = |_| ApiError::Malformed("The form is broken.");
    let (mut file, mut language, mut bytes) = (None, String::new(), 0);
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let mut sink = match name.as_str() {
            "file" if file.is_none() => Some(temporary()?),
            _ => None,
        };
        let mut text = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(broken)? {
            bytes += chunk.len() as u64;
            if bytes > most_bytes {
                return Err(ApiError::TooLarge);
            }
            match &mut sink {
                Some(sink) => sink.write_all(&chunk).await.map_err(no_disk)?,
                None if text.len() < 100 => text.extend_from_slice(&chunk),
                None => {}
            }
        }
        if let Some(mut sink) = sink {
            sink.flush().await.map_err(no_disk)?;
            file = Some(sink.into_std().await);
        } else if name == "language" {
            let text = String::from_utf8(text).ok();
            let is_tag = |text: &String| {
                text.len() <= 35
                    && text
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            };
            language = text
                .filter(is_tag)
                .ok_or_else(|| ApiError::invalid_body("language", "a language tag: en, en-US"))?;
        }
    }
    let mut file = file.ok_or_else(|| ApiError::invalid_body("file", "this field is required"))?;
    file.seek(SeekFrom::Start(0)).map_err(no_disk)?;
    Ok((file, language))
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

async fn transcribed(
    speech_to_text: Arc<dyn SpeechToText>,
    file: std::fs::File,
    language: String,
) -> Result<String, ApiError> {
    // One piece is transcribed while the next one is decoded.
    let (pieces, mut pieces_seen) = mpsc::channel(1);
    let decoder = tokio::task::spawn_blocking(move || decode(file, &pieces));
    let mut words: Vec<String> = Vec::new();
    while let Some(pcm) = pieces_seen.recv().await {
        let utterance = Utterance {
            pcm,
            sample_rate_hz: RATE_HZ as u32,
            language: language.clone(),
        };
        let transcript = speech_to_text.transcribe(utterance).await.map_err(failed)?;
        let text = transcript.text.trim();
        if !text.is_empty() {
            words.push(text.to_owned());
        }
    }
    match decoder.await {
        Ok(Ok(())) => Ok(words.join(" ")),
        Ok(Err(error)) => Err(ApiError::invalid_body("file", error.to_string())),
        // A decoder that stumbles over a file says so by panicking.
        Err(_) => Err(ApiError::invalid_body(
            "file",
            "not an audio file that can be read",
        )),
    }
}

fn decode(file: std::fs::File, pieces: &mpsc::Sender<Arc<[i16]>>) -> Result<(), AudioError> {
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

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: ProviderError) -> ApiError {
    tracing::error!(%error, "an upload was not transcribed");
    ApiError::Unavailable("Speech-to-text does not answer. Try again soon.")
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
