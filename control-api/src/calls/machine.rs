//! What is done when a machine answers: a request's choice, and the account's.

use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    error::{ApiError, Problem},
};
use axum::{Json, extract::State};
use casp_store::{call_settings, calls::Machine};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is done when a machine answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MachineChoice {
    /// The call is ended.
    HangUp,
    /// It is told something after its greeting.
    LeaveMessage,
    /// Nobody looks whether it is one.
    Continue,
}

impl From<MachineChoice> for Machine {
    fn from(choice: MachineChoice) -> Self {
        match choice {
            MachineChoice::HangUp => Self::HangUp,
            MachineChoice::LeaveMessage => Self::LeaveMessage,
            MachineChoice::Continue => Self::Continue,
        }
    }
}

impl From<Machine> for MachineChoice {
    fn from(machine: Machine) -> Self {
        match machine {
            Machine::HangUp => Self::HangUp,
            Machine::LeaveMessage => Self::LeaveMessage,
            Machine::Continue => Self::Continue,
        }
    }
}

/// What holds for all calls of the account that say nothing else.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct CallSettings {
    /// What is done when a machine answers.
    machine: MachineChoice,
}

/// See what holds for your calls
#[utoipa::path(
    get, path = "/v1/call-settings", tag = "phone",
    responses((status = 200, description = "What holds", body = CallSettings), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn show_settings(
    State(api): State<ControlApi>,
    caller: Caller,
) -> Result<Json<CallSettings>, ApiError> {
    let kept = call_settings::get(&api.config.store, caller.account).await?;
    let machine = kept.machine.unwrap_or(Machine::Continue).into();
    Ok(Json(CallSettings { machine }))
}

/// Set what holds for your calls
#[utoipa::path(
    put, path = "/v1/call-settings", tag = "phone",
    request_body = CallSettings,
    responses((status = 200, description = "What holds now", body = CallSettings), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn set_settings(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(body): JsonBody<CallSettings>,
) -> Result<Json<CallSettings>, ApiError> {
    let machine = body.machine.into();
    call_settings::set_machine(&api.config.store, caller.account, machine).await?;
    Ok(Json(body))
}
