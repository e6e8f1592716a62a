//! What Twilio tells of calls that we placed.

use super::dial::ringing_ms;
use crate::{ControlApi, clock::now_ms};
use casp_store::{
    StoreError,
    calls::{self, Call, CallStatus},
};
use casp_twilio::{CallSid, rest};

/// While people talk, Twilio is asked this rarely.
const TALKING_MS: i64 = 10 * 60_000;

/// Notes a status. Of other calls, and out of order, it changes nothing.
pub(crate) async fn note(
    api: &ControlApi,
    call_sid: &CallSid,
    status: rest::CallStatus,
) -> Result<(), StoreError> {
    let Some(status) = ours(status) else {
        return Ok(());
    };
    let now = now_ms();
    let silence_ms = match status {
        CallStatus::InProgress => TALKING_MS,
        _ => ringing_ms(api),
    };
    let store = &api.config.store;
    calls::progress(store, call_sid.as_str(), status, now, now + silence_ms).await?;
    Ok(())
}

/// Notes that a webhook with our id of a call told Twilio's id of it: it may come before the answer to the placing,
/// and where that was lost it is the first that we hear.
pub(crate) async fn note_sid(
    api: &ControlApi,
    id: &str,
    call_sid: &CallSid,
) -> Result<Option<Call>, StoreError> {
    if id.contains(char::is_control) {
        return Ok(None);
    }
    let now = now_ms();
    let check_at_ms = now + ringing_ms(api);
    let store = &api.config.store;
    calls::placed(store, id, call_sid.as_str(), now, check_at_ms).await
}

fn ours(status: rest::CallStatus) -> Option<CallStatus> {
    Some(match status {
        rest::CallStatus::Queued | rest::CallStatus::Initiated => CallStatus::Initiated,
        rest::CallStatus::Ringing => CallStatus::Ringing,
        rest::CallStatus::InProgress => CallStatus::InProgress,
        rest::CallStatus::Completed => CallStatus::Completed,
        rest::CallStatus::Busy => CallStatus::Busy,
        rest::CallStatus::Failed => CallStatus::Failed,
        rest::CallStatus::NoAnswer => CallStatus::NoAnswer,
        rest::CallStatus::Canceled => CallStatus::Canceled,
        rest::CallStatus::Other => return None,
    })
}
