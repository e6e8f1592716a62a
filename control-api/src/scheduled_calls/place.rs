//! What happens when a scheduled call's time has come.

use crate::{ControlApi, background::JobFailure, clock::now_ms};
use casp_store::{
    jobs::ClaimedJob,
    scheduled_calls::{self, Ending, ScheduledCall, ScheduledCallState},
};

/// Later than this nobody expects the call any more.
const LATEST_MS: i64 = 15 * 60 * 1_000;

/// Does a `scheduled-call` job.
pub(crate) async fn place(api: &ControlApi, job: &ClaimedJob) -> Result<(), JobFailure> {
    let Some(id) = job.payload["scheduled_call"].as_str() else {
        return Err(JobFailure::Dead("the payload names no call".into()));
    };
    let store = &api.config.store;
    let Some(call) = scheduled_calls::get(store, id).await? else {
        return Err(JobFailure::Dead("the scheduled call is gone".into()));
    };
    let now = now_ms();
    let is_late = now - call.scheduled_at_ms > LATEST_MS;
    let ending = match call.state {
        ScheduledCallState::Scheduled if is_late => Ending::Missed,
        // It was begun before, and whether Twilio got it is not known: never call twice.
        ScheduledCallState::Placing if is_late => Ending::Failed("it was not placed in time"),
        ScheduledCallState::Scheduled | ScheduledCallState::Placing => {
            if !scheduled_calls::begin_placing(store, id).await? {
                return Ok(());
            }
            let sid = place_now(api, &call)?;
            return end(api, job, id, Ending::Placed(&sid)).await;
        }
        // It came to its end in another attempt.
        _ => return Ok(()),
    };
    end(api, job, id, ending).await
}

async fn end(
    api: &ControlApi,
    job: &ClaimedJob,
    id: &str,
    ending: Ending<'_>,
) -> Result<(), JobFailure> {
    scheduled_calls::finish(&api.config.store, &job.lease, id, ending, now_ms()).await?;
    Ok(())
}

/// Places the call; its `CallSid`.
fn place_now(_: &ControlApi, _: &ScheduledCall) -> Result<String, JobFailure> {
    Err(JobFailure::Dead("Twilio is not configured".into()))
}
