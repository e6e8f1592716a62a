//! Twilio's webhooks of a phone call.

mod answer;
mod answered_by;
mod outgoing;
mod owner;
mod resume;
mod signed_form;
mod status;
mod voice;

use crate::ControlApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The webhooks.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(voice::answer_call))
        .routes(routes!(resume::resume_call))
        .routes(routes!(status::update_status))
        .routes(routes!(outgoing::answer_outgoing_call))
        .routes(routes!(answered_by::note_who_answered))
}

/// Id of a phone call's session.
pub(crate) fn phone_session_id(call_sid: &casp_twilio::CallSid) -> String {
    format!("phone-{call_sid}")
}
