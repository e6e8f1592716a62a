//! `POST /phone/end/{callSid}`, and how a session is closed.

use crate::{
    ControlApi,
    auth::Caller,
    clock::now_ms,
    error::{ApiError, Problem},
    path::PathValue,
    twilio::phone_session_id,
};
use axum::{Json, extract::State};
use casp_store::sessions::{self, SessionState};
use casp_twilio::CallSid;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

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
    if session.is_none() {
        return Err(ApiError::NotFound("There is no such call."));
    }
    close(&api, &session_id, "ended by the API").await?;
    if let Some(calls) = &api.calls
        && let Err(error) = calls.complete(&call).await
    {
        // The call ends all the same: its stream is closed with the room, and `/twilio/resume` then hangs up.
        tracing::warn!(error = %error.without_url(), session = session_id, "Twilio did not end the call");
    }
    Ok(Json(EndAnswer {
        call_sid: call.to_string(),
        status: "completed",
    }))
}

/// Ends a session and closes its room; nothing happens when there is no such session, or it is over.
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
        api.config.livekit.delete_room(&session.room_name).await?;
    }
    Ok(())
}
