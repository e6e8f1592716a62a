//! Twilio's webhooks of a phone call, and its REST API as far as calls are ended here.

mod answer;
mod calls_api;
mod resume;
mod signed_form;
mod status;
mod voice;

pub(crate) use calls_api::CallsApi;
pub(crate) use resume::{__path_resume_call, resume_call};
pub(crate) use status::{__path_update_status, update_status};
pub(crate) use voice::{__path_answer_call, answer_call};

/// Id of a phone call's session.
pub(crate) fn phone_session_id(call_sid: &casp_twilio::CallSid) -> String {
    format!("phone-{call_sid}")
}
