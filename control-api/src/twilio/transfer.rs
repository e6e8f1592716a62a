//! Calls that are put through: the `<Dial>`, and what comes after it.
//!
//! The agent, which has no credentials of Twilio's, writes down whom it wants dialled and has the bridge close the
//! stream. Twilio then asks how the call goes on, as after every stream, and is answered here. When nobody can be
//! reached the call gets a stream again, into the same room, where the agent waits.

use super::{
    answer::{TwiMl, is_number},
    phone_session_id,
    signed_form::SignedForm,
    status::is_over,
};
use crate::{
    ControlApi, call_end, call_trace, calls,
    clock::now_ms,
    error::{ApiError, SignedProblem},
    path::PathValue,
    spending,
};
use axum::extract::State;
use casp_store::{
    StoreError,
    ceilings::{self, Resource},
    sessions::{self, Direction, Session, SessionState},
    transfers::{self, TransferFailure},
};
use casp_twilio::{
    CallSid,
    twiml::{Dial, Response},
};

/// How long it rings. Twilio may take five seconds more; the agent waits for a minute.
const RINGING_S: u16 = 20;
/// What the agent wanted longer ago than this it did not get to: its bridge or its process died.
const WANTED_FOR_MS: i64 = 60_000;
/// The two talk no longer than this: nobody listens who could end it.
const LONGEST_MINUTES: u32 = 60;
const MINUTE_MS: i64 = 60_000;

/// What to tell Twilio when the agent wants somebody dialled; `None` when it does not, or when that is not allowed, which
/// the agent then learns.
pub(super) async fn dial(
    api: &ControlApi,
    call: &CallSid,
    session: &Session,
) -> Result<Option<TwiMl>, StoreError> {
    let (store, now) = (&api.config.store, now_ms());
    let dialing = transfers::dial(store, &session.id, now - WANTED_FOR_MS, now).await?;
    let Some(dialing) = dialing else {
        return Ok(None);
    };
    // Twilio asks once more when our answer was lost: that is one call, not two.
    if dialing.is_first
        && let Err(error) = admit(api, session, &dialing.number).await
    {
        tracing::warn!(session = session.id, ?error, "a call is not put through");
        fail(api, session, TransferFailure::NotAllowed).await?;
        return Ok(None);
    }
    let left = ceilings::left(store, session.account, Resource::Minutes, now).await?;
    let minutes = left.map_or(LONGEST_MINUTES, |left| left.clamp(1, LONGEST_MINUTES));
    let dial = Dial {
        caller_id: caller_id(session),
        timeout_s: Some(RINGING_S),
        time_limit_s: Some(minutes * 60),
        action: Some(format!(
            "{}/twilio/transferred/{call}",
            api.config.public_url.http()
        )),
        ..Dial::new(dialing.number)
    };
    tracing::info!(session = session.id, "a call is put through");
    Ok(Some(TwiMl::of(Response::new().with(dial))))
}

/// It is a call like any that we place: the do-not-call list, the calling hours, the ranges of numbers that the account
/// may call and its day's ceilings hold.
async fn admit(api: &ControlApi, session: &Session, number: &str) -> Result<(), ApiError> {
    calls::may_call(api, session.account, number).await?;
    spending::admit_call(api, session.account, number).await
}

/// Whoever is called sees who it is: the caller, or our own number where the caller has none that can be shown.
fn caller_id(session: &Session) -> Option<String> {
    let (first, second) = match session.direction {
        Direction::Inbound => (&session.from, &session.to),
        Direction::Outbound => (&session.from, &session.from),
    };
    let shown = [first, second].into_iter().find(|number| is_number(number));
    shown.cloned()
}

async fn fail(
    api: &ControlApi,
    session: &Session,
    failure: TransferFailure,
) -> Result<(), StoreError> {
    if transfers::fail(&api.config.store, &session.id, failure).await? {
        metrics::counter!("casp_calls_transferred_total", "outcome" => failure.name()).increment(1);
    }
    Ok(())
}

/// The call is over: if it was put through, the minutes that no session covered are counted. Says whether it was.
pub(super) async fn settle(api: &ControlApi, session: &Session) -> Result<bool, StoreError> {
    let store = &api.config.store;
    let Some(dialed_at_ms) = transfers::finish(store, &session.id).await? else {
        return Ok(false);
    };
    metrics::counter!("casp_calls_transferred_total", "outcome" => "talked").increment(1);
    let now = now_ms();
    let covered_until = session.ended_at_ms.unwrap_or(now).max(dialed_at_ms);
    let uncovered = (now - covered_until + MINUTE_MS - 1).div_euclid(MINUTE_MS);
    let minutes = u32::try_from(uncovered).unwrap_or(0);
    if minutes > 0 {
        ceilings::record(store, session.account, Resource::Minutes, minutes, now).await?;
    }
    Ok(true)
}

/// A call was put through
///
/// The `action` of `<Dial>`: when the two have talked, the call is over; when nobody could be reached, it gets a stream
/// into its room again, where the agent says so and goes on.
#[utoipa::path(
    post, path = "/twilio/transferred/{call_sid}", tag = "twilio",
    params(("call_sid" = String, Path, description = "The call", example = "CA0123456789abcdef0123456789abcdef")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "Twilio's webhook: `CallSid`, `CallStatus`, `DialCallStatus`, …",
        example = "CallSid=CA0123456789abcdef0123456789abcdef&CallStatus=in-progress&DialCallStatus=no-answer"),
    responses((status = 200, description = "TwiML", content_type = "text/xml", body = String), SignedProblem),
    security(("twilio_signature" = []))
)]
pub(crate) async fn call_transferred(
    State(api): State<ControlApi>,
    PathValue(call): PathValue<CallSid>,
    form: SignedForm,
) -> Result<TwiMl, ApiError> {
    let session_id = phone_session_id(&call);
    let Some(session) = sessions::get(&api.config.store, &session_id).await? else {
        return Ok(TwiMl::hang_up());
    };
    call_trace::joins(&session);
    let failure = match form.text("DialCallStatus").as_str() {
        "completed" | "answered" => {
            settle(&api, &session).await?;
            call_end::close(&api, &session_id, "transferred").await?;
            return Ok(TwiMl::hang_up());
        }
        "busy" | "no-answer" | "canceled" => TransferFailure::NobodyThere,
        _ => TransferFailure::Undialable,
    };
    fail(&api, &session, failure).await?;
    if session.state == SessionState::Ended || is_over(&form.text("CallStatus")) {
        return Ok(TwiMl::hang_up());
    }
    TwiMl::stream_again(&api, &call, &session_id).await
}
