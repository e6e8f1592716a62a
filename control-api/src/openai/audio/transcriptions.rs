//! `POST /v1/audio/transcriptions`.

use crate::{
    ControlApi,
    audio_upload::{self, Heard, UploadError, seconds},
    auth::Caller,
    error::ApiError,
    openai::{
        error::{OpenAiError, OpenAiProblem},
        models::{self, Ability},
    },
    spending,
};
use axum::{
    Json,
    extract::{DefaultBodyLimit, FromRequest as _, Multipart, Request, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Longest field of the form that is a text.
const LONGEST_FIELD: usize = 4_000;

/// The size is bound by the handler, as it reads.
pub(super) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(transcribe))
        .layer(DefaultBodyLimit::disable())
}

/// The form.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described, never made")]
pub(crate) struct TranscriptionRequest {
    /// WAV, MP3, M4A, FLAC, Ogg or WebM; at most 25 MiB.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    file: String,
    /// `casp-realtime`, or one of OpenAI's names for the same.
    #[schema(example = "whisper-1")]
    model: String,
    /// As a hint.
    #[schema(example = "en")]
    language: Option<String>,
    /// `json`, `text` or `verbose_json`
    #[schema(example = "json")]
    response_format: Option<String>,
}

/// What was understood.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TranscriptionView {
    #[schema(example = "Hello, this is Mike.")]
    text: String,
    usage: AudioUsage,
    #[serde(flatten)]
    verbose: Option<TranscriptionDetails>,
}

/// How long the sound is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AudioUsage {
    /// `duration`
    r#type: &'static str,
    /// Whole seconds, rounded up.
    seconds: u64,
}

/// What `verbose_json` adds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TranscriptionDetails {
    /// `transcribe`
    task: &'static str,
    /// As it was asked for; none is recognised.
    language: String,
    /// Seconds.
    duration: f64,
    /// Pieces of at most a minute, cut where it is quiet.
    segments: Vec<TranscriptionSegment>,
}

/// A piece.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TranscriptionSegment {
    id: usize,
    /// Seconds.
    start: f64,
    end: f64,
    text: String,
    // The rest is Whisper's own, and not known.
    seek: u64,
    tokens: [u64; 0],
    temperature: f64,
    avg_logprob: f64,
    compression_ratio: f64,
    no_speech_prob: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Text,
    Verbose,
}

/// Transcribe an audio file
#[utoipa::path(
    post, path = "/v1/audio/transcriptions", tag = "chat",
    request_body(content = TranscriptionRequest, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "The words",
            content((TranscriptionView = "application/json"), (String = "text/plain"))),
        OpenAiProblem,
    ),
    security(("api_key" = []))
)]
pub(crate) async fn transcribe(
    State(api): State<ControlApi>,
    caller: Caller,
    request: Request,
) -> Result<Response, OpenAiError> {
    let account = caller.account;
    api.rate_limits.chat.count(account.0)?;
    let _place = api.chat_places.take(account)?;
    let Some(speech_to_text) = api.config.speech_to_text.clone() else {
        return Err(ApiError::Unavailable("No speech-to-text is configured.").into());
    };
    let tab = spending::open_tab(&api, account, 1).await?;
    let form = Multipart::from_request(request, &api).await;
    let form = form.map_err(|_| ApiError::Malformed("The body is not multipart/form-data."))?;
    let upload = audio_upload::receive(form, api.config.limits.upload_bytes, LONGEST_FIELD).await?;
    let model = upload.text("model").unwrap_or_default();
    models::require(model, Ability::Transcription)?;
    let format = format(upload.text("response_format"))?;
    if upload.text("stream") == Some("true") {
        let message = "Transcriptions come whole: leave `stream` out.";
        return Err(OpenAiError::unsupported("stream", message));
    }
    let language = upload.language()?;
    let heard = audio_upload::transcribe(speech_to_text, upload.into_file()?, &language).await;
    let heard = heard.map_err(|error| match error {
        UploadError::File(why) => OpenAiError::invalid("file", why),
        UploadError::Provider(error) => error.into(),
    })?;
    tab.pay(audio_upload::usage(&heard));
    Ok(view(&heard, format, language))
}

fn format(name: Option<&str>) -> Result<Format, OpenAiError> {
    match name.unwrap_or("json") {
        "json" => Ok(Format::Json),
        "text" => Ok(Format::Text),
        "verbose_json" => Ok(Format::Verbose),
        _ => Err(OpenAiError::unsupported(
            "response_format",
            "`json`, `text` or `verbose_json`: single words have no times here, so there are no subtitles.",
        )),
    }
}

fn view(heard: &[Heard], format: Format, language: String) -> Response {
    let text = audio_upload::words(heard);
    if format == Format::Text {
        let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
        return (plain, format!("{text}\n")).into_response();
    }
    let verbose = (format == Format::Verbose).then(|| TranscriptionDetails {
        task: "transcribe",
        language,
        duration: seconds(heard),
        segments: heard.iter().enumerate().map(segment).collect(),
    });
    Json(TranscriptionView {
        text,
        usage: AudioUsage {
            r#type: "duration",
            seconds: seconds(heard).ceil() as u64,
        },
        verbose,
    })
    .into_response()
}

fn segment((id, heard): (usize, &Heard)) -> TranscriptionSegment {
    TranscriptionSegment {
        id,
        start: heard.start_s,
        end: heard.end_s,
        text: heard.text.clone(),
        seek: 0,
        tokens: [],
        temperature: 0.0,
        avg_logprob: 0.0,
        compression_ratio: 1.0,
        no_speech_prob: 0.0,
    }
}
