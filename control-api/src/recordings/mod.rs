//! Recordings: what there is, and its sound. They are fetched from Twilio by a job, as a stream.

mod at_twilio;
mod fetch;
mod files;
mod range;
mod show;

pub(crate) use at_twilio::{DELETE_JOB, Reason, delete_at_twilio, delete_job};
pub(crate) use fetch::{FETCH_JOB, fetch_job};
pub use files::{RecordingFiles, RecordingsError};

use crate::ControlApi;
use casp_store::{
    StoreError,
    recordings::{self, Recording},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Looking at recordings and hearing them.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(show::list_recordings))
        .routes(routes!(show::play_recording))
}

/// Why a recording could not be erased.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EraseError {
    #[error(transparent)]
    Files(#[from] RecordingsError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Erases a recording: the sound first, so that nothing is left that nobody knows of. Twilio's copy goes in the
/// background.
pub(crate) async fn erase(api: &ControlApi, recording: &Recording) -> Result<(), EraseError> {
    if recording.source == "twilio" {
        delete_at_twilio(api, recording.account, &recording.sid, Reason::Erased).await?;
    }
    if let Some(key) = &recording.object_key {
        api.config.recordings.files.delete(key).await?;
    }
    recordings::remove(&api.config.store, recording.id).await?;
    Ok(())
}
