//! `GET /recordings`, `GET /recordings/{id}`

use super::range::{Wanted, wanted};
use crate::{
    ControlApi,
    auth::Caller,
    clock::rfc3339,
    error::{ApiError, ErrorBody, Problem},
    path::PathValue,
    query::QueryParams,
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use casp_store::recordings::{self, Recording, RecordingStatus};
use serde::Serialize;
use utoipa::ToSchema;

/// A recording.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordingView {
    /// `RE…`
    #[schema(example = "RE0123456789abcdef0123456789abcdef")]
    id: String,
    /// `pending`, `stored`, `failed`
    #[schema(example = "stored")]
    status: &'static str,
    /// Who made it: `twilio`, `room`
    #[schema(example = "twilio")]
    source: String,
    /// What is recorded.
    #[schema(example = "phone-CA0123456789abcdef0123456789abcdef")]
    session_id: Option<String>,
    /// The call, where it is one.
    #[schema(example = "CA0123456789abcdef0123456789abcdef")]
    call_sid: Option<String>,
    /// RFC 3339.
    #[schema(example = "2024-01-15T10:30:00Z")]
    started_at: String,
    /// Seconds.
    #[schema(example = 61.0)]
    duration: Option<f64>,
    /// Channels of sound; of two the first one is the customer's.
    #[schema(example = 2)]
    channels: Option<i64>,
    /// Of the file.
    #[schema(example = "audio/x-wav")]
    content_type: Option<String>,
    /// Of the file.
    #[schema(example = 976_044)]
    bytes: Option<i64>,
    /// What the caller was told before it began, and when.
    #[schema(value_type = Object, example = json!({"announcement": "This call is recorded.", "announced_at": "2024-01-15T10:29:58Z"}))]
    consent: serde_json::Value,
    /// Why there is no sound.
    error: Option<String>,
}

fn view(recording: Recording) -> RecordingView {
    RecordingView {
        id: recording.sid,
        status: recording.status.name(),
        source: recording.source,
        session_id: recording.session_id,
        call_sid: recording.call_sid,
        started_at: rfc3339(recording.started_at_ms),
        duration: recording.duration_ms.map(|ms| ms as f64 / 1_000.0),
        channels: recording.channels,
        content_type: recording.content_type,
        bytes: recording.bytes,
        consent: recording.consent,
        error: recording.error,
    }
}

/// List recordings
#[utoipa::path(
    get, path = "/recordings", tag = "recordings",
    params(
        ("skip" = Option<u32>, Query, description = "So many are left out", example = 0),
        ("limit" = Option<u32>, Query, description = "At most so many, 1 to 100; 10 by default", example = 10),
    ),
    responses((status = 200, description = "The newest first", body = Vec<RecordingView>), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn list_recordings(
    State(api): State<ControlApi>,
    caller: Caller,
    query: QueryParams,
) -> Result<Json<Vec<RecordingView>>, ApiError> {
    let (skip, limit) = query.page()?;
    let page = recordings::page(&api.config.store, caller.account, skip, limit).await?;
    Ok(Json(page.into_iter().map(view).collect()))
}

/// Hear a recording
///
/// The whole file, or the part that `Range` asks for.
#[utoipa::path(
    get, path = "/recordings/{id}", tag = "recordings",
    params(
        ("id" = String, Path, description = "The recording", example = "RE0123456789abcdef0123456789abcdef"),
        ("Range" = Option<String>, Header, description = "A part", example = "bytes=0-1023"),
    ),
    responses(
        (status = 200, description = "The file", content_type = "audio/*", body = Vec<u8>),
        (status = 206, description = "A part of it", content_type = "audio/*", body = Vec<u8>),
        (status = 416, description = "There is no such part", body = ErrorBody),
        Problem
    ),
    security(("api_key" = []))
)]
pub(crate) async fn play_recording(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(RecordingId(id)): PathValue<RecordingId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    const NO_RECORDING: ApiError = ApiError::NotFound("There is no such recording.");
    let is_id = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let recording = if is_id {
        recordings::get(&api.config.store, &id).await?
    } else {
        None
    };
    let recording = recording
        .filter(|recording| recording.account == caller.account)
        .ok_or(NO_RECORDING)?;
    let (RecordingStatus::Stored, Some(key)) = (recording.status, &recording.object_key) else {
        return Err(ApiError::NotFound(
            "The sound of this recording is not here (yet).",
        ));
    };
    let size = recording.bytes.unwrap_or_default().unsigned_abs();
    let part = match wanted(&headers, size) {
        Wanted::Whole => None,
        Wanted::Part(part) => Some(part),
        Wanted::Nothing => return Ok(no_such_part(size)),
    };
    let sound = api
        .config
        .recordings
        .files
        .get(key, part.clone())
        .await
        .map_err(|error| {
            tracing::error!(%error, recording = recording.sid, "not read");
            ApiError::Unavailable("The store of recordings does not answer. Try again soon.")
        })?;
    let sound = sound.ok_or(NO_RECORDING)?;
    let mut response = Response::new(Body::from_stream(sound.stream));
    let fields = response.headers_mut();
    let content_type = recording
        .content_type
        .as_deref()
        .unwrap_or("application/octet-stream");
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        fields.insert(header::CONTENT_TYPE, content_type);
    }
    fields.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    fields.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    fields.insert(
        header::CONTENT_LENGTH,
        (sound.range.end - sound.range.start).into(),
    );
    if part.is_some() {
        let (first, last) = (sound.range.start, sound.range.end.saturating_sub(1));
        if let Ok(place) = HeaderValue::from_str(&format!("bytes {first}-{last}/{}", sound.bytes)) {
            fields.insert(header::CONTENT_RANGE, place);
        }
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

fn no_such_part(size: u64) -> Response {
    let body = ErrorBody {
        detail: format!("The file has {size} bytes.").into(),
        status_code: StatusCode::RANGE_NOT_SATISFIABLE.as_u16(),
        errors: Vec::new(),
    };
    let mut response = body.into_response();
    if let Ok(place) = HeaderValue::from_str(&format!("bytes */{size}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, place);
    }
    response
}

/// Any text: what is no recording's id is not found.
pub(crate) struct RecordingId(String);

impl From<String> for RecordingId {
    fn from(text: String) -> Self {
        Self(text)
    }
}
