//! Twilio's webhooks of a phone call, and its REST API as far as calls are ended here.

mod answer;
mod calls_api;
mod owner;
mod resume;
mod signed_form;
mod status;
mod voice;

pub(crate) use calls_api::CallsApi;

use crate::ControlApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The webhooks.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(voice::answer_call))
        .routes(routes!(resume::resume_call))
        .routes(routes!(status::update_status))
}

/// Id of a phone call's session.
pub(crate) fn phone_session_id(call_sid: &casp_twilio::CallSid) -> String {
    format!("phone-{call_sid}")
}
