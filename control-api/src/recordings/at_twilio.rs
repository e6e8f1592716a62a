//! Job: Twilio's copy of a recording goes, because the recording is erased, or because it is kept here and nobody has
//! anything left to read there.

use super::fetch::failure;
use crate::{ControlApi, background::JobFailure, clock::now_ms};
use casp_store::{
    AccountId, StoreError,
    jobs::{ClaimedJob, NewJob},
    recordings::{self, RecordingStatus},
};
use casp_twilio::RecordingSid;
use serde_json::json;

/// Its kind.
pub(crate) const DELETE_JOB: &str = "delete-recording";
/// Tries, over hours.
const ATTEMPTS: u32 = 12;

/// Why Twilio's copy goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Nothing of the recording is to be left.
    Erased,
    /// It is kept here; not before it is.
    Kept,
}

/// Asks for it. One that is not there (any more) is deleted.
pub(crate) async fn delete_at_twilio(
    api: &ControlApi,
    account: AccountId,
    sid: &str,
    reason: Reason,
) -> Result<(), StoreError> {
    if api.twilio.is_none() {
        return Ok(());
    }
    let job = NewJob {
        kind: DELETE_JOB,
        account: Some(account),
        // An erasure is never taken for one before it, which may have come before Twilio knew of the recording.
        key: (reason == Reason::Kept).then(|| format!("{sid}/kept")),
        payload: json!({"recording_sid": sid, "is_erased": reason == Reason::Erased}),
        run_at_ms: now_ms(),
        max_attempts: ATTEMPTS,
    };
    api.enqueue(&job).await?;
    Ok(())
}

/// Does it.
pub(crate) async fn delete_job(api: &ControlApi, job: &ClaimedJob) -> Result<(), JobFailure> {
    let Some(twilio) = &api.twilio else {
        return Err(JobFailure::Dead("Twilio is not configured".into()));
    };
    let sid = job.payload["recording_sid"].as_str().unwrap_or_default();
    let is_erased = job.payload["is_erased"].as_bool() == Some(true);
    if !is_erased {
        let recording = recordings::get(&api.config.store, sid).await?;
        if recording.is_some_and(|recording| recording.status != RecordingStatus::Stored) {
            return Err(JobFailure::retry("it is not kept here yet"));
        }
    }
    let sid = RecordingSid::new(sid).map_err(|error| JobFailure::Dead(error.to_string()))?;
    let deleted = twilio.delete_recording(&sid).await;
    deleted.map_err(|error| {
        if is_erased {
            // Nothing else leads to it any more, so a refusal is not believed at once.
            JobFailure::retry(error.to_string())
        } else {
            failure(error)
        }
    })
}
