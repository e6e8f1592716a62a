//! `POST /twilio/voice`: a call comes in.

use super::{answer::TwiMl, owner::Owner, phone_session_id, signed_form::SignedForm};
use crate::{
    ControlApi,
    clock::now_ms,
    error::{ApiError, SignedProblem},
    state::STALE_AFTER_MS,
};
use axum::extract::State;
use casp_room::{RoomError, admin::CreateRoom};
use casp_store::{
    StoreError,
    sessions::{self, NewSession, Session, SessionKind, SessionState},
};
use casp_twilio::CallSid;
use std::time::Duration;

/// A call whose stream never comes leaves its room after this.
const EMPTY_TIMEOUT: Duration = Duration::from_mins(1);
/// A caller whose bridge died has this long to come back into the room.
const DEPARTURE_TIMEOUT: Duration = Duration::from_secs(30);
/// The bridge looks after the agent from here; nobody else sends for one until then.
const DISPATCH_LEASE_MS: i64 = 2_000;

/// A call comes in
///
/// Makes session `phone-{CallSid}` and room `twilio-{CallSid}`, and joins the call to the bridge's media stream. When
/// every agent is taken, the caller hears the busy tone.
#[utoipa::path(
    post, path = "/twilio/voice", tag = "twilio",
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "Twilio's voice webhook: `CallSid`, `From`, `To`, …",
        example = "CallSid=CA0123456789abcdef0123456789abcdef&From=%2B15551230001&To=%2B15551230002"),
    responses((status = 200, description = "TwiML", content_type = "text/xml", body = String), SignedProblem),
    security(("twilio_signature" = []))
)]
pub(crate) async fn answer_call(
    State(api): State<ControlApi>,
    form: SignedForm,
) -> Result<TwiMl, ApiError> {
    let call = form.call_sid()?;
    let store = &api.config.store;
    let session_id = phone_session_id(&call);
    let Some(owner) = Owner::of(&api, &form).await? else {
        return Ok(TwiMl::apologize("This number is not in service. Goodbye."));
    };
    match sessions::get(store, &session_id).await? {
        Some(session) if session.state == SessionState::Ended => return Ok(TwiMl::hang_up()),
        // Delivered twice: the same session, one more token.
        Some(_) => return TwiMl::stream(&api, &call, &session_id).await,
        None => {}
    }
    let new = new_session(&form, &call, owner);
    let session = match sessions::admit(store, &new, now_ms(), STALE_AFTER_MS).await {
        Ok(Some(session)) => session,
        Ok(None) => {
            metrics::counter!("casp_calls_refused_total", "reason" => "busy").increment(1);
            return Ok(TwiMl::busy());
        }
        Err(StoreError::SessionEnded) => return Ok(TwiMl::hang_up()),
        Err(error) => return Err(error.into()),
    };
    let (room, twiml) = tokio::join!(
        open_room(&api, &session),
        TwiMl::stream(&api, &call, &session_id)
    );
    if let Err(error) = room {
        tracing::error!(%error, session = session_id, "no room could be made for the call");
        sessions::end(
            store,
            &session_id,
            "LiveKit did not make the room",
            now_ms(),
        )
        .await?;
        return Ok(TwiMl::apologize(
            "We cannot take your call right now. Please call again later. Goodbye.",
        ));
    }
    twiml
}

fn new_session(form: &SignedForm, call: &CallSid, owner: Owner) -> NewSession {
    NewSession {
        id: phone_session_id(call),
        account: owner.account,
        kind: SessionKind::Phone,
        room_name: format!("twilio-{call}"),
        from: form.text("From"),
        to: form.text("To"),
        assistant: owner.assistant,
        overrides: serde_json::json!({}),
    }
}

/// The room, and an agent for it. Workers without a name take a new room by themselves.
pub(super) async fn open_room(api: &ControlApi, session: &Session) -> Result<(), RoomError> {
    let config = &api.config;
    let room = CreateRoom {
        name: session.room_name.clone(),
        empty_timeout: EMPTY_TIMEOUT,
        departure_timeout: DEPARTURE_TIMEOUT,
    };
    config.livekit.create_room(&room).await?;
    let lease =
        sessions::lease_dispatch(&config.store, &session.id, now_ms(), DISPATCH_LEASE_MS).await;
    if !config.agent_name.is_empty() && matches!(lease, Ok(true)) {
        config
            .livekit
            .dispatch_agent(&session.room_name, &config.agent_name, &session.id)
            .await?;
    }
    Ok(())
}
