//! `POST /phone/end/{callSid}`, and how a session is closed.

use crate::{
    ControlApi,
    auth::Caller,
    call_trace,
    clock::now_ms,
    error::{ApiError, Problem},
    path::PathValue,
    twilio::phone_session_id,
};
use axum::{Json, extract::State};
use casp_store::sessions::{self, SessionState};
use casp_twilio::CallSid;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Whoever ends a call waits this long for Twilio.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between attempts to end a call, on top of the client's own repeats.
const WAITS: [Duration; 5] = [
    Duration::from_secs(2),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_mins(1),
    Duration::from_mins(2),
];

/// Ending calls.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new().routes(routes!(end_call))
}

/// The call is over.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndAnswer {
    /// The call.
    #[schema(example = "CA0123456789abcdef0123456789abcdef")]
    call_sid: String,
    /// `completed`
    #[schema(example = "completed")]
    status: &'static str,
}

/// End a call
#[utoipa::path(
    post, path = "/phone/end/{call_sid}", tag = "phone",
    params(("call_sid" = String, Path, description = "The call", example = "CA0123456789abcdef0123456789abcdef")),
    responses((status = 200, description = "The call is over, its room gone", body = EndAnswer), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn end_call(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(call): PathValue<CallSid>,
) -> Result<Json<EndAnswer>, ApiError> {
    let session_id = phone_session_id(&call);
    let session = sessions::get(&api.config.store, &session_id).await?;
    let session = session.filter(|s| s.account == caller.account && s.state != SessionState::Ended);
    let session = session.ok_or(ApiError::NotFound("There is no such call."))?;
    call_trace::joins(&session);
    close(&api, &session_id, "ended by the API").await?;
    end_at_twilio(&api, &call).await;
    Ok(Json(EndAnswer {
        call_sid: call.to_string(),
        status: "completed",
    }))
}

/// Has Twilio end a call, and comes back soon: when Twilio is down, it is tried again in the background.
///
/// Should this process end before, the call still does: an answered one when its stream is closed with the room, since
/// `/twilio/resume` then hangs up; one that rings when it is answered, or when it is looked at (`calls::watch`).
pub(crate) async fn end_at_twilio(api: &ControlApi, call: &CallSid) {
    let Some(twilio) = api.twilio.clone() else {
        return;
    };
    let (api, call) = (api.clone(), call.clone());
    let tasks = api.tasks.clone();
    let ending = tasks.spawn(async move {
        for wait in WAITS.map(Some).into_iter().chain([None]) {
            let Err(error) = twilio.end_call(&call).await else {
                return;
            };
            tracing::warn!(%error, call_sid = %call, "Twilio did not end the call");
            let Some(wait) = wait.filter(|_| error.is_passing()) else {
                return;
            };
            let waited = tokio::time::sleep(wait);
            if api
                .config
                .shutdown
                .run_until_cancelled(waited)
                .await
                .is_none()
            {
                return;
            }
        }
    });
    // What takes longer goes on by itself.
    drop(tokio::time::timeout(PATIENCE, ending).await);
}

/// Ends a session and closes its room; nothing happens when there is no such session, or it is over. A room that LiveKit
/// does not close now closes by itself once it is empty: whoever ends a call goes on, so that the telephone is hung up.
pub(crate) async fn close(
    api: &ControlApi,
    session_id: &str,
    reason: &str,
) -> Result<(), ApiError> {
    let store = &api.config.store;
    let Some(session) = sessions::get(store, session_id).await? else {
        return Ok(());
    };
    if sessions::end(store, session_id, reason, now_ms()).await? {
        tracing::info!(session = session_id, reason, "session ended");
        if let Err(error) = api.config.livekit.delete_room(&session.room_name).await {
            tracing::warn!(%error, session = session_id, "the session's room could not be closed");
        }
    }
    Ok(())
}
