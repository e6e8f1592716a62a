//! Calls that are placed at a time of the caller's choice.

mod create;
mod list;
mod place;

pub(crate) use place::place;

use crate::{ControlApi, clock::rfc3339};
use casp_store::scheduled_calls::ScheduledCall;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Scheduling, looking, cancelling.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(create::schedule_call))
        .routes(routes!(list::list_scheduled_calls))
        .routes(routes!(list::cancel_scheduled_call))
}

/// A scheduled call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScheduledCallView {
    /// For cancelling it.
    #[schema(example = "sched_0123456789abcdef01234567")]
    id: String,
    /// Whom to call.
    #[schema(example = "+1234567890")]
    phone_number: String,
    /// Who calls.
    #[schema(example = "sales")]
    scenario: String,
    /// When, RFC 3339.
    #[schema(example = "2030-01-15T14:00:00Z")]
    scheduled_time: String,
    /// `scheduled`, `placing`, `placed`, `failed`, `missed` (nobody was there to place it until 15 minutes after its
    /// time) or `cancelled`.
    #[schema(example = "scheduled")]
    status: &'static str,
    /// The call that came of it.
    #[schema(example = "CA0123456789abcdef0123456789abcdef")]
    call_sid: Option<String>,
    /// Why none did.
    error: Option<String>,
    /// RFC 3339.
    #[schema(example = "2026-01-02T03:04:05.678Z")]
    created_at: String,
}

fn view(call: ScheduledCall) -> ScheduledCallView {
    ScheduledCallView {
        status: call.state.name(),
        id: call.id,
        phone_number: call.phone_number,
        scenario: call.scenario,
        scheduled_time: rfc3339(call.scheduled_at_ms),
        call_sid: call.call_sid,
        error: call.last_error,
        created_at: rfc3339(call.created_at_ms),
    }
}
