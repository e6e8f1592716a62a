//! Twilio's webhooks of a phone call.

mod answer;
mod answered_by;
mod inbound;
mod incoming;
mod menu;
mod outgoing;
mod owner;
mod recording;
mod resume;
mod room;
mod signed_form;
mod spoken_input;
mod status;
mod transfer;
mod voice;

use crate::ControlApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The webhooks.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(voice::answer_call))
        .routes(routes!(menu::route_call))
        .routes(routes!(incoming::incoming_call))
        .routes(routes!(incoming::incoming_call_webhook))
        .routes(routes!(incoming::incoming_custom_call))
        .routes(routes!(spoken_input::handle_user_input))
        .routes(routes!(recording::recording_callback))
        .routes(routes!(resume::resume_call))
        .routes(routes!(transfer::call_transferred))
        .routes(routes!(status::update_status))
        .routes(routes!(outgoing::answer_outgoing_call))
        .routes(routes!(answered_by::note_who_answered))
        .routes(routes!(status::twilio_callback))
}

/// Id of a phone call's session.
pub(crate) fn phone_session_id(call_sid: &casp_twilio::CallSid) -> String {
    format!("phone-{call_sid}")
}
