//! `POST /whisper/transcribe`: an uploaded file as text.

use crate::{
    ControlApi,
    audio_upload::{self, UploadError},
    auth::Caller,
    error::{ApiError, Problem},
    spending,
};
use axum::{
    Json,
    extract::{DefaultBodyLimit, FromRequest as _, Multipart, Request, State},
};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Longest text of the form.
const LONGEST_FIELD: usize = 100;

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
///
/// Counted against the account's tokens of the day by its length, as `/v1/audio/transcriptions` is.
#[utoipa::path(
    post, path = "/whisper/transcribe", tag = "transcripts",
    request_body(content = TranscriptionForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "The words", body = Transcription), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn transcribe(
    State(api): State<ControlApi>,
    caller: Caller,
    request: Request,
) -> Result<Json<Transcription>, ApiError> {
    let account = caller.account;
    api.rate_limits.chat.count(account.0)?;
    let place = api.chat_places.take(account);
    let _place = place.map_err(|_| ApiError::TooMany(Duration::from_secs(1)))?;
    let Some(speech_to_text) = api.config.speech_to_text.clone() else {
        return Err(ApiError::Unavailable("No speech-to-text is configured."));
    };
    let tab = spending::open_tab(&api, account, 1).await?;
    let form = Multipart::from_request(request, &api).await;
    let form = form.map_err(|_| ApiError::Malformed("The body is not multipart/form-data."))?;
    let upload = audio_upload::receive(form, api.config.limits.upload_bytes, LONGEST_FIELD).await?;
    let language = upload.language()?;
    let heard = audio_upload::transcribe(speech_to_text, upload.into_file()?, &language).await;
    let heard = heard.map_err(|error| match error {
        UploadError::File(why) => ApiError::invalid_body("file", why),
        UploadError::Provider(_) => {
            ApiError::Unavailable("Speech-to-text does not answer. Try again soon.")
        }
    })?;
    tab.pay(audio_upload::usage(&heard));
    Ok(Json(Transcription {
        status: "success",
        transcription: audio_upload::words(&heard),
    }))
}
