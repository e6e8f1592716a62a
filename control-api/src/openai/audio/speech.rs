//! `POST /v1/audio/speech`: sound as it is made.

use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    error::ApiError,
    openai::{
        error::{OpenAiError, OpenAiProblem},
        models::{self, Ability},
        places::Place,
    },
    spending,
};
use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use casp_audio::resample::Resampler;
use casp_providers::{ProviderError, SpeechRequest, SpeechStream, TextToSpeech};
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use std::{collections::VecDeque, sync::Arc};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// What OpenAI's `pcm` is: s16le, mono.
const RATE_HZ: u32 = 24_000;
/// OpenAI's limit of `input`, characters.
const LONGEST_INPUT: usize = 4_096;
/// Longest text that is spoken in one go, bytes: about a minute.
const PIECE_BYTES: usize = 900;

pub(super) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new().routes(routes!(speak))
}

/// What to say.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SpeechBody {
    /// `casp-realtime`, or one of OpenAI's names for the same.
    #[schema(example = "tts-1")]
    model: String,
    /// At most 4,096 characters.
    #[schema(example = "Your table is booked for seven.")]
    input: String,
    /// A `voice_type` (`concerned_female`), one of OpenAI's voices, or the provider's own.
    #[schema(example = "alloy")]
    voice: SpeechVoice,
    /// `wav` (also without it) or `pcm` (24 kHz, 16 bit, mono).
    #[serde(default)]
    #[schema(example = "wav")]
    response_format: Option<String>,
    /// 1
    #[serde(default)]
    speed: Option<f32>,
    /// `audio`
    #[serde(default)]
    stream_format: Option<String>,
}

/// A voice, by its name or its id.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SpeechVoice {
    /// By its name.
    Name(String),
    /// By its id.
    Id {
        /// The id.
        id: String,
    },
}

/// Speak a text
#[utoipa::path(
    post, path = "/v1/audio/speech", tag = "chat",
    request_body = SpeechBody,
    responses(
        (status = 200, description = "Sound, as it is made", body = Vec<u8>, content_type = "audio/wav"),
        OpenAiProblem,
    ),
    security(("api_key" = []))
)]
pub(crate) async fn speak(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(body): JsonBody<SpeechBody>,
) -> Result<Response, OpenAiError> {
    let account = caller.account;
    api.rate_limits.chat.count(account.0)?;
    let place = api.chat_places.take(account)?;
    models::require(&body.model, Ability::Speech)?;
    let is_wav = is_wav(&body)?;
    let characters = body.input.chars().count();
    if !body.input.contains(char::is_alphanumeric) || characters > LONGEST_INPUT {
        let message = format!("words, of at most {LONGEST_INPUT} characters");
        return Err(OpenAiError::invalid("input", message));
    }
    let Some(text_to_speech) = api.config.text_to_speech.clone() else {
        return Err(ApiError::Unavailable("No text-to-speech is configured.").into());
    };
    // The whole price is known beforehand.
    let expected = u32::try_from(body.input.len() / 4 + 1).unwrap_or(u32::MAX);
    spending::open_tab(&api, account, expected).await?;
    let (SpeechVoice::Name(voice) | SpeechVoice::Id { id: voice }) = body.voice;
    let mut speaking = Speaking {
        text_to_speech,
        voice,
        pieces: pieces(&body.input).into(),
        speech: None,
        _place: place,
    };
    // What fails before there is any sound is an error like any other.
    let first = speaking.next().await?.unwrap_or_default();
    let header = if is_wav { wav_header() } else { Vec::new() };
    let begin = stream::iter([Ok(Bytes::from(header)), Ok(first)]);
    let rest = stream::unfold(Some(speaking), async |speaking| {
        let mut speaking = speaking?;
        match speaking.next().await {
            Ok(Some(sound)) => Some((Ok(sound), Some(speaking))),
            Ok(None) => None,
            // The connection is cut, so that nobody takes it for the whole.
            Err(error) => Some((Err(error), None)),
        }
    });
    let content_type = if is_wav { "audio/wav" } else { "audio/pcm" };
    let sound = Body::from_stream(begin.chain(rest));
    Ok(([(header::CONTENT_TYPE, content_type)], sound).into_response())
}

fn is_wav(body: &SpeechBody) -> Result<bool, OpenAiError> {
    if body.speed.is_some_and(|speed| (speed - 1.0).abs() > 0.01) {
        let message = "The configured voices speak at their own speed: `speed` must be 1.";
        return Err(OpenAiError::unsupported("speed", message));
    }
    if body.stream_format.as_deref().unwrap_or("audio") != "audio" {
        let message = "Sound comes as it is made: `stream_format` must be `audio`.";
        return Err(OpenAiError::unsupported("stream_format", message));
    }
    match body.response_format.as_deref() {
        None | Some("wav") => Ok(true),
        Some("pcm") => Ok(false),
        Some(_) => Err(OpenAiError::unsupported(
            "response_format",
            "`wav` or `pcm`: other formats are not made here.",
        )),
    }
}

/// Speech that is being made, piece by piece.
struct Speaking {
    text_to_speech: Arc<dyn TextToSpeech>,
    voice: String,
    pieces: VecDeque<String>,
    speech: Option<(SpeechStream, Resampler)>,
    _place: Place,
}

impl Speaking {
    /// More sound, s16le; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, ProviderError> {
        loop {
            let Some((speech, resampler)) = &mut self.speech else {
                let Some(text) = self.pieces.pop_front() else {
                    return Ok(None);
                };
                self.speech = Some(begin(&*self.text_to_speech, &self.voice, text).await?);
                continue;
            };
            let mut sound = Vec::new();
            let chunk = speech.chunks.next().await.transpose()?;
            if let Some(chunk) = chunk {
                resampler.process(&chunk, &mut sound);
            } else {
                resampler.finish(&mut sound);
                self.speech = None;
            }
            if !sound.is_empty() {
                let bytes: Vec<u8> = sound.iter().flat_map(|s| s.to_le_bytes()).collect();
                return Ok(Some(bytes.into()));
            }
        }
    }
}

async fn begin(
    text_to_speech: &dyn TextToSpeech,
    voice: &str,
    text: String,
) -> Result<(SpeechStream, Resampler), ProviderError> {
    let request = SpeechRequest {
        text,
        voice_type: voice.to_owned(),
        language: String::new(),
    };
    let speech = text_to_speech.synthesize(request).await?;
    let resampler = Resampler::new(speech.sample_rate_hz, RATE_HZ);
    let resampler = resampler.map_err(|_| ProviderError::BadAnswer {
        provider: text_to_speech.name().to_owned(),
        message: "an unusual sample rate".to_owned(),
    })?;
    Ok((speech, resampler))
}

/// The text in pieces that end where a sentence or at least a word does.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut add = |part: &str| match pieces.last_mut() {
        Some(piece) if piece.len() + part.len() <= PIECE_BYTES => piece.push_str(part),
        _ => pieces.push(part.to_owned()),
    };
    for sentence in text.split_inclusive(['.', '!', '?', '\n']) {
        if sentence.len() <= PIECE_BYTES {
            add(sentence);
        } else {
            sentence
                .split_inclusive(char::is_whitespace)
                .for_each(&mut add);
        }
    }
    pieces.retain(|piece| !piece.trim().is_empty());
    pieces
}

/// The header of a WAV whose length is not known yet, as OpenAI sends it too.
fn wav_header() -> Vec<u8> {
    let mut header = Vec::with_capacity(44);
    header.extend_from_slice(b"RIFF");
    header.extend_from_slice(&u32::MAX.to_le_bytes());
    header.extend_from_slice(b"WAVEfmt ");
    header.extend_from_slice(&16_u32.to_le_bytes());
    header.extend_from_slice(&1_u16.to_le_bytes());
    header.extend_from_slice(&1_u16.to_le_bytes());
    header.extend_from_slice(&RATE_HZ.to_le_bytes());
    header.extend_from_slice(&(RATE_HZ * 2).to_le_bytes());
    header.extend_from_slice(&2_u16.to_le_bytes());
    header.extend_from_slice(&16_u16.to_le_bytes());
    header.extend_from_slice(b"data");
    header.extend_from_slice(&u32::MAX.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_sentences_and_nothing_is_lost() {
        let text = "One sentence of many words. ".repeat(100);
        let cut = pieces(&text);
        assert!(cut.len() > 2 && cut.iter().all(|piece| piece.len() <= PIECE_BYTES));
        assert!(cut.iter().all(|piece| piece.trim().ends_with("words.")));
        assert_eq!(cut.concat(), text);
        let endless = "word ".repeat(500);
        assert_eq!(pieces(&endless).concat(), endless);
        assert_eq!(pieces("\n \n"), Vec::<String>::new());
    }
}
