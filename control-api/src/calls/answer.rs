//! What whoever asked for a call is told.

use super::place::Placed;
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A call that Twilio has, or that waits in the queue.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallAnswer {
    /// Twilio's id of the call; null while it waits.
    #[schema(example = "CA0123456789abcdef0123456789abcdef")]
    call_sid: Option<String>,
    /// `initiated`: Twilio has it. `queued`: it waits for its turn. `unknown`: Twilio's answer was lost; it is looked
    /// for, and never placed again.
    #[schema(example = "initiated")]
    status: &'static str,
    /// While there is no `callSid`: the id for `GET /v1/calls/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "call_019a0000000070008000000000000000")]
    call_id: Option<String>,
    /// While it waits: its place in the queue, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1)]
    position: Option<i64>,
}

impl From<Placed> for CallAnswer {
    fn from(placed: Placed) -> Self {
        Self {
            call_id: placed.call_sid.is_none().then_some(placed.id),
            call_sid: placed.call_sid,
            status: placed.status.name(),
            position: placed.position,
        }
    }
}

impl IntoResponse for CallAnswer {
    fn into_response(self) -> Response {
        (status_of(self.call_sid.as_deref()), Json(self)).into_response()
    }
}

/// The same in the words of `/make-call/…` and its kin.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MadeCall {
    /// What the route says of a call that Twilio has; `queued` or `unknown` of one that it does not have (yet).
    #[schema(example = "success")]
    status: &'static str,
    /// Twilio's id of the call; null while it waits.
    #[schema(example = "CA0123456789abcdef0123456789abcdef")]
    call_sid: Option<String>,
    /// While there is no `call_sid`: the id for `GET /v1/calls/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "call_019a0000000070008000000000000000")]
    call_id: Option<String>,
    /// While it waits: its place in the queue, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1)]
    position: Option<i64>,
}

impl MadeCall {
    /// `success` is what the route says when Twilio has the call.
    pub(super) fn new(placed: Placed, success: &'static str) -> Self {
        let has_it = placed.call_sid.is_some();
        Self {
            status: if has_it {
                success
            } else {
                placed.status.name()
            },
            call_id: (!has_it).then_some(placed.id),
            call_sid: placed.call_sid,
            position: placed.position,
        }
    }
}

impl IntoResponse for MadeCall {
    fn into_response(self) -> Response {
        (status_of(self.call_sid.as_deref()), Json(self)).into_response()
    }
}

/// The same of a call with the calendar at hand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CalendarCall {
    #[serde(flatten)]
    made: MadeCall,
    #[schema(example = "Calendar call initiated")]
    message: &'static str,
    /// Whom it goes to.
    #[schema(example = "+14155550123")]
    phone_number: String,
}

impl CalendarCall {
    pub(super) fn new(placed: Placed, to: String) -> Self {
        Self {
            made: MadeCall::new(placed, "success"),
            message: "Calendar call initiated",
            phone_number: to,
        }
    }
}

impl IntoResponse for CalendarCall {
    fn into_response(self) -> Response {
        (status_of(self.made.call_sid.as_deref()), Json(self)).into_response()
    }
}

/// 200 when Twilio has the call, 202 when it is still to come.
fn status_of(call_sid: Option<&str>) -> StatusCode {
    match call_sid {
        Some(_) => StatusCode::OK,
        None => StatusCode::ACCEPTED,
    }
}
