//! `POST /webhooks/livekit`: rooms and participants come and go.

use crate::{
    ControlApi, body,
    clock::now_ms,
    error::{ApiError, SignedProblem},
    recorder,
    rooms::AGENT_IDENTITY,
};
use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
};
use casp_store::sessions::{self, SessionKind};
use livekit_protocol::{ParticipantInfo, WebhookEvent, participant_info::Kind};
use utoipa_axum::{router::OpenApiRouter, routes};

/// LiveKit's webhook.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new().routes(routes!(receive_event))
}

/// LiveKit's events
///
/// Signed by LiveKit with the API key. A participant who joins makes the session active; a room that is closed ends
/// the session of a room for people (calls end by their own status).
#[utoipa::path(
    post, path = "/webhooks/livekit", tag = "webhooks",
    request_body(content = String, content_type = "application/webhook+json", description = "LiveKit's `WebhookEvent`"),
    responses((status = 204, description = "Noted"), SignedProblem),
    security(("livekit_signature" = []))
)]
pub(crate) async fn receive_event(
    State(api): State<ControlApi>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    const BAD: ApiError = ApiError::Forbidden("The signature is missing or wrong.");
    let authorization = request.headers().get(header::AUTHORIZATION);
    let authorization = authorization
        .and_then(|value| value.to_str().ok())
        .ok_or(BAD)?
        .to_owned();
    let bytes = body::read(request, api.config.limits.body_bytes).await?;
    let text = str::from_utf8(&bytes).map_err(|_| ApiError::Malformed("The body is not text."))?;
    let event = api
        .config
        .livekit
        .receive_webhook(text, &authorization)
        .map_err(|error| {
            tracing::warn!(%error, "a webhook that is not LiveKit's");
            BAD
        })?;
    follow(&api, event).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A webhook may come twice, late or out of order: each event is only a reason to look how things are now.
async fn follow(api: &ControlApi, event: WebhookEvent) -> Result<(), ApiError> {
    let Some(room) = event.room else {
        return Ok(());
    };
    let store = &api.config.store;
    match event.event.as_str() {
        "participant_joined" if event.participant.as_ref().is_some_and(is_human) => {
            if let Some(session) = sessions::live_by_room(store, &room.name).await? {
                sessions::activate(store, &session.id).await?;
            }
        }
        "room_finished" => {
            let Some(session) = sessions::live_by_room(store, &room.name).await? else {
                return Ok(());
            };
            let is_call = matches!(
                session.kind,
                SessionKind::Phone | SessionKind::Whatsapp | SessionKind::Api
            );
            // The room may have been made anew since.
            if !is_call && api.config.livekit.participants(&room.name).await?.is_none() {
                sessions::end(store, &session.id, "everybody left", now_ms()).await?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn is_human(participant: &ParticipantInfo) -> bool {
    participant.identity != AGENT_IDENTITY
        && recorder::recording_of(&participant.identity).is_none()
        && matches!(participant.kind(), Kind::Standard | Kind::Sip)
}
