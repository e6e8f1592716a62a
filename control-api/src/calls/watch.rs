//! Calls that nothing is heard of: whose placing had an unknown outcome, or whose webhooks did not come.

use super::{heard, session};
use crate::{ControlApi, call_end, clock::now_ms, twilio::phone_session_id};
use casp_store::{
    StoreError,
    calls::{self, Call, CallStatus},
    sessions::{self, SessionState},
};
use casp_twilio::{
    CallSid,
    rest::{self, CallFilter, PageRequest, TwilioClient, TwilioError},
};

/// Placing takes a request of some seconds and its repeats; who has not finished by then is dead.
const PLACING_MS: i64 = 90_000;
/// Nobody else looks for a call for this long.
const NEXT_LOOK_MS: i64 = 20_000;
/// Twilio shows a call at once when it has it. One that it does not show for this long was not placed.
const LOST_AFTER_MS: i64 = 120_000;
/// Twilio's clock and ours.
const CLOCKS_DIFFER_MS: i64 = 5_000;
/// Looks a round.
const MOST: u32 = 20;

#[derive(Debug, thiserror::Error)]
pub(super) enum WatchError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Twilio(#[from] TwilioError),
}

pub(super) async fn round(api: &ControlApi, twilio: &TwilioClient) -> Result<(), StoreError> {
    let store = &api.config.store;
    let now = now_ms();
    calls::expire(store, now).await?;
    calls::lose_placing(store, now - PLACING_MS, now).await?;
    for call in calls::take_checks(store, now, now + NEXT_LOOK_MS, MOST).await? {
        let looked = match call.call_sid.clone().map(CallSid::new) {
            Some(Ok(call_sid)) => look_at(api, twilio, &call, &call_sid).await,
            _ => look_for(api, twilio, &call).await,
        };
        if let Err(error) = looked {
            tracing::warn!(%error, call = call.id, "it could not be seen how the call fares");
        }
    }
    Ok(())
}

/// How a call fares whose webhooks do not come.
async fn look_at(
    api: &ControlApi,
    twilio: &TwilioClient,
    call: &Call,
    call_sid: &CallSid,
) -> Result<(), WatchError> {
    match twilio.fetch_call(call_sid).await {
        Ok(seen) => {
            note(api, call_sid, seen.status).await?;
            let session = sessions::get(&api.config.store, &phone_session_id(call_sid)).await?;
            let is_ended = session.is_some_and(|session| session.state == SessionState::Ended);
            if is_ended && !seen.status.is_over() {
                twilio.end_call(call_sid).await?;
            }
            Ok(())
        }
        Err(error) if error.is_not_found() => {
            tracing::warn!(call = call.id, "Twilio does not know the call (any more)");
            Ok(note(api, call_sid, rest::CallStatus::Failed).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// A call whose placing's answer was lost is one that Twilio made since, between the same numbers, and that is no
/// other call of ours.
async fn look_for(api: &ControlApi, twilio: &TwilioClient, call: &Call) -> Result<(), WatchError> {
    let store = &api.config.store;
    let asked_at_ms = call.claimed_at_ms.unwrap_or(call.created_at_ms);
    let filter = CallFilter {
        to: Some(call.to.clone()),
        from: call.from.clone(),
        // No `StartTime`: a call that Twilio has not dialled yet has none.
        ..CallFilter::default()
    };
    let listed = twilio.list_calls(&filter, &PageRequest::default()).await?;
    for seen in listed.entries {
        let is_younger = made_at_ms(&seen).is_some_and(|at| at >= asked_at_ms - CLOCKS_DIFFER_MS);
        if !is_younger || !seen.direction.starts_with("outbound") {
            continue;
        }
        let now = now_ms();
        let found = calls::placed(store, &call.id, seen.sid.as_str(), now, now).await?;
        if let Some(call) = found {
            tracing::info!(call = call.id, "the call was found at Twilio");
            if !seen.status.is_over() {
                session::announce(api, &call, &seen.sid).await?;
            }
            return Ok(note(api, &seen.sid, seen.status).await?);
        }
    }
    if now_ms() - asked_at_ms > LOST_AFTER_MS && call.status == CallStatus::Unknown {
        let text = "Twilio's answer was lost, and Twilio has no such call: it was not placed.";
        calls::fail(store, &call.id, "not_placed", text, now_ms()).await?;
    }
    Ok(())
}

/// Notes a status; an end also ends the session, as the status callback would have.
async fn note(
    api: &ControlApi,
    call_sid: &CallSid,
    status: rest::CallStatus,
) -> Result<(), StoreError> {
    heard::note(api, call_sid, status).await?;
    if status.is_over() {
        let ended = call_end::close(api, &phone_session_id(call_sid), status.name()).await;
        if let Err(error) = ended {
            tracing::warn!(?error, call_sid = %call_sid, "the call's session could not be ended");
        }
    }
    Ok(())
}

fn made_at_ms(call: &rest::Call) -> Option<i64> {
    let text = call.date_created.as_deref()?;
    let made = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(made.timestamp().as_millisecond())
}
