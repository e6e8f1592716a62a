//! `transcript.ready`: told when a conversation is over and its last words are written.

use super::view;
use crate::{ControlApi, background::JobFailure, clock::now_ms, webhooks};
use casp_store::{jobs::ClaimedJob, transcripts};

/// Job: tells the account. A conversation in which nothing was said, or whose transcript was deleted, is not told of.
pub(crate) async fn ready_job(api: &ControlApi, job: &ClaimedJob) -> Result<(), JobFailure> {
    let (Some(account), Some(sid)) = (job.account, job.payload["transcript"].as_str()) else {
        return Err(JobFailure::Dead(
            "it does not say of which transcript".into(),
        ));
    };
    let Some(transcript) = transcripts::get(&api.config.store, account, sid).await? else {
        return Ok(());
    };
    let session_id = transcript.session_id.clone();
    let row = view::row(transcript, now_ms());
    let mut data = serde_json::to_value(row)
        .map_err(|_| JobFailure::Dead("the transcript cannot be written as JSON".into()))?;
    data["session_id"] = session_id.into();
    webhooks::emit(api, account, "transcript.ready", sid, &data).await?;
    Ok(())
}
