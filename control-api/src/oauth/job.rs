//! Telling providers of tokens that are not wanted any more.

use crate::{ControlApi, background::JobFailure};
use casp_actions::connections::RevokeError;
use casp_store::jobs::ClaimedJob;

/// Does a `revoke-connection` job.
pub(crate) async fn revoke(api: &ControlApi, job: &ClaimedJob) -> Result<(), JobFailure> {
    let Some(id) = job.payload["revocation"].as_str() else {
        return Err(JobFailure::Dead("the payload names no revocation".into()));
    };
    api.connections
        .revoke(id)
        .await
        .map_err(|error| match error {
            RevokeError::Failed(problem) => JobFailure::retry(problem),
            RevokeError::Store(error) => error.into(),
        })
}
