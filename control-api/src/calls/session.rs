//! The session of a call that we place.

use crate::{ControlApi, call_trace, clock::now_ms, twilio::phone_session_id};
use casp_store::{
    StoreError,
    calls::{self, Call},
    sessions::{self, NewSession, Session, SessionKind},
};
use casp_twilio::CallSid;

/// Announces the session, or finds it: Twilio may ask for TwiML before its answer to the placing is here, so both
/// announce it. `None` when it is over.
pub(crate) async fn announce(
    api: &ControlApi,
    call: &Call,
    call_sid: &CallSid,
) -> Result<Option<Session>, StoreError> {
    let store = &api.config.store;
    let new = NewSession {
        id: phone_session_id(call_sid),
        account: call.account,
        kind: SessionKind::Phone,
        room_name: format!("twilio-{call_sid}"),
        from: call.from.clone().unwrap_or_default(),
        to: call.to.clone(),
        assistant: call.assistant.clone(),
        overrides: call.overrides.clone(),
    };
    let now = now_ms();
    let session = match sessions::announce_outbound(store, &new, now).await {
        Ok(session) => session,
        Err(StoreError::SessionEnded) => return Ok(None),
        Err(error) => return Err(error),
    };
    call_trace::begins(&session, now);
    // The call may have ended in between: its webhook found no session to end then, but had noted the end.
    let now = calls::get(store, &call.id).await?;
    if now.is_some_and(|call| call.status.is_over()) {
        sessions::end(store, &session.id, "completed", now_ms()).await?;
        return Ok(None);
    }
    Ok(Some(session))
}
