//! What happens when a scheduled call's time has come.

use crate::{
    ControlApi,
    background::JobFailure,
    calls::{self, Placed, ToNumber, Wish},
    clock::now_ms,
    error::ApiError,
};
use casp_store::{
    calls as begun,
    jobs::ClaimedJob,
    scheduled_calls::{self, Ending, ScheduledCall, ScheduledCallState},
};
use std::time::Duration;

/// Later than this nobody expects the call any more.
const LATEST_MS: i64 = 15 * 60 * 1_000;
/// A call that waits in its account's queue is looked at this often.
const ITS_TURN: Duration = Duration::from_secs(1);

/// Does a `scheduled-call` job.
pub(crate) async fn place(api: &ControlApi, job: &ClaimedJob) -> Result<(), JobFailure> {
    let Some(id) = job.payload["scheduled_call"].as_str() else {
        return Err(JobFailure::Dead("the payload names no call".into()));
    };
    let store = &api.config.store;
    let Some(call) = scheduled_calls::get(store, id).await? else {
        return Err(JobFailure::Dead("the scheduled call is gone".into()));
    };
    let is_late = now_ms() - call.scheduled_at_ms > LATEST_MS;
    let is_begun = begun::by_request(store, &request_key(&call))
        .await?
        .is_some();
    let ending = match call.state {
        // What was begun is seen to its end: asked for again by its name, nothing new is placed.
        ScheduledCallState::Scheduled | ScheduledCallState::Placing if is_begun || !is_late => {
            if !scheduled_calls::begin_placing(store, id).await? {
                return Ok(());
            }
            let sid = place_now(api, &call).await?;
            return end(api, job, id, Ending::Placed(&sid)).await;
        }
        ScheduledCallState::Scheduled => Ending::Missed,
        ScheduledCallState::Placing => Ending::Failed("it was not placed in time"),
        // It came to its end in another attempt.
        _ => return Ok(()),
    };
    end(api, job, id, ending).await
}

/// The name that the call is placed by.
fn request_key(call: &ScheduledCall) -> String {
    format!("scheduled-call/{}", call.id)
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

/// Places the call, once by its name; its `CallSid`. One that has to wait for its turn is asked for again later.
async fn place_now(api: &ControlApi, call: &ScheduledCall) -> Result<String, JobFailure> {
    let to = ToNumber::try_from(call.phone_number.clone())
        .map_err(|problem| JobFailure::Dead(problem.into()))?;
    let wish = Wish {
        request_key: Some(request_key(call)),
        is_scheduled: true,
        give_up_at_ms: Some(call.scheduled_at_ms.saturating_add(LATEST_MS)),
        ..Wish::new(to, call.scenario.clone())
    };
    let placed = calls::place(api, call.account, wish).await;
    match placed.map_err(failure)? {
        Placed {
            call_sid: Some(sid),
            ..
        } => Ok(sid),
        Placed { status, .. } if status.is_over() => Err(JobFailure::Dead(format!(
            "the call is {}; GET /v1/calls says why",
            status.name()
        ))),
        _ => Err(JobFailure::Later(ITS_TURN)),
    }
}

/// What cannot be done now may be done later; what is refused stays so.
fn failure(error: ApiError) -> JobFailure {
    match error {
        ApiError::Unavailable(text) => JobFailure::retry(text),
        ApiError::Internal => JobFailure::retry("something went wrong on our side"),
        ApiError::Forbidden(text) => JobFailure::Dead(text.into()),
        ApiError::Invalid(errors) => {
            JobFailure::Dead(errors.into_iter().map(|error| error.msg).collect())
        }
        _ => JobFailure::Dead("the call was refused".into()),
    }
}
