//! Transcripts: those that every conversation yields by itself, and those of Twilio's Voice Intelligence.

mod analytics;
mod enhanced;
mod erase;
mod flow;
mod intelligence;
mod ready;
mod stored;
mod view;

pub(crate) use erase::round as erase_round;
pub(crate) use intelligence::{CREATE_JOB, FETCH_JOB, create_job, fetch_job};
pub(crate) use ready::ready_job;

use crate::ControlApi;
use crate::error::{ApiError, FieldError};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Transcripts, analytics, erasure.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(enhanced::list_transcripts))
        .routes(routes!(
            enhanced::show_transcript,
            enhanced::change_transcript,
            enhanced::delete_transcript
        ))
        .routes(routes!(stored::list_stored))
        .routes(routes!(stored::show_stored))
        .routes(routes!(stored::list_records))
        .routes(routes!(stored::show_record))
        .routes(routes!(stored::show_detailed))
        .routes(routes!(analytics::show_analytics))
        .routes(routes!(erase::erase))
        .routes(routes!(erase::show_erasure))
        .merge(intelligence::routes())
}

/// A transcript's id in a path: any text, of which what is no id is not found.
pub(crate) struct TranscriptId(pub(crate) String);

impl From<String> for TranscriptId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl TranscriptId {
    /// The id; PostgreSQL takes no NUL, and no id has other letters than these.
    pub(crate) fn checked(self) -> Result<String, ApiError> {
        let is_id = (1..=64).contains(&self.0.len())
            && self
                .0
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_id.then_some(self.0).ok_or(NO_TRANSCRIPT)
    }
}

const NO_TRANSCRIPT: ApiError = ApiError::NotFound("There is no such transcript.");

fn invalid(field: &str, msg: &str) -> ApiError {
    ApiError::Invalid(vec![FieldError::new("body", field, msg)])
}
