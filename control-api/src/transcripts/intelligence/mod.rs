//! Twilio's Voice Intelligence: transcripts that are asked for, announced by its webhook, fetched, and looked at
//! directly. One Twilio account serves many of ours, so nothing here goes by an id alone: a transcript is an account's
//! when the account asked for it, or when it is of a recording of the account's.

mod ask;
mod direct;
mod fetch;
mod request;
mod sentences;
mod webhook;

pub(crate) use ask::create_job;
pub(crate) use fetch::fetch_job;

use crate::{ControlApi, error::ApiError};
use casp_twilio::{
    TranscriptSid,
    rest::{TwilioClient, TwilioError},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Jobs that ask for a transcript of a recording.
pub(crate) const CREATE_JOB: &str = "create-transcript";
/// Jobs that fetch what was announced.
pub(crate) const FETCH_JOB: &str = "fetch-transcript";

/// Voice Intelligence.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(request::create_with_media_url))
        .routes(routes!(request::create_with_participants))
        .routes(routes!(webhook::transcript_ready))
        .routes(routes!(direct::list_direct))
        .routes(routes!(direct::show_direct, direct::delete_direct))
        .routes(routes!(direct::show_of_recording))
        .routes(routes!(fetch::store_transcript))
}

fn client(api: &ControlApi) -> Result<&TwilioClient, ApiError> {
    api.twilio.as_ref().ok_or(ApiError::Unavailable(
        "Twilio is not configured: TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.",
    ))
}

/// The id as Twilio's client takes it; what is none is not found.
fn twilio_sid(sid: &str) -> Result<TranscriptSid, ApiError> {
    TranscriptSid::new(sid).map_err(|_| super::NO_TRANSCRIPT)
}

fn failed(error: &TwilioError) -> ApiError {
    if error.is_not_found() {
        return super::NO_TRANSCRIPT;
    }
    tracing::warn!(%error, "Voice Intelligence");
    match error {
        TwilioError::Refused(_) => {
            ApiError::BadGateway("Twilio refused. See its console for the reason.")
        }
        _ => ApiError::BadGateway("Twilio does not answer. Try again soon."),
    }
}
