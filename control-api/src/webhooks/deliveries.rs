//! `/v1/webhooks/deliveries`: what was sent, and sending it again.

use crate::{
    ControlApi,
    auth::Caller,
    clock::{now_ms, rfc3339},
    error::{ApiError, ErrorBody, Problem},
    path::PathValue,
    query::QueryParams,
};
use axum::{Json, extract::State, http::StatusCode};
use casp_store::webhooks::{self, Delivery, DeliveryState};
use serde::Serialize;
use utoipa::ToSchema;

const NO_DELIVERY: ApiError = ApiError::NotFound("There is no such delivery.");
const ON_ITS_WAY: ApiError = ApiError::Conflict("This delivery is on its way already.");

/// A message to the account's webhook URL.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryView {
    /// The message's `webhook-id`, the same at each attempt.
    #[schema(example = "msg_0123456789abcdef0123456789abcdef")]
    id: String,
    /// What happened.
    #[schema(example = "call.ended")]
    event_type: String,
    /// `pending`, `delivered` or `dead`.
    #[schema(example = "dead")]
    status: &'static str,
    /// How often it was sent.
    #[schema(example = 10)]
    attempts: i64,
    /// What was answered last; null when nothing was.
    #[schema(example = 500)]
    last_status_code: Option<i64>,
    /// Why it was not taken.
    #[schema(example = "it answered 500")]
    last_error: Option<String>,
    /// When it happened, RFC 3339.
    #[schema(example = "2026-01-02T03:04:05.678Z")]
    created_at: String,
    /// When it is sent (again), RFC 3339; null unless it is pending.
    next_attempt_at: Option<String>,
    /// When it was taken, RFC 3339.
    delivered_at: Option<String>,
    /// The message.
    #[schema(value_type = Object, example = json!({"type": "call.ended", "timestamp": "2026-01-02T03:04:05.678Z", "data": {"callSid": "CA0123456789abcdef0123456789abcdef"}}))]
    payload: serde_json::Value,
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryPage {
    /// The newest first.
    deliveries: Vec<DeliveryView>,
}

fn view(delivery: Delivery) -> DeliveryView {
    DeliveryView {
        status: delivery.state.name(),
        payload: serde_json::from_str(&delivery.body).unwrap_or_default(),
        id: delivery.id,
        event_type: delivery.event_type,
        attempts: delivery.attempts,
        last_status_code: delivery.last_status,
        last_error: delivery.last_error,
        created_at: rfc3339(delivery.created_at_ms),
        next_attempt_at: delivery.next_attempt_at_ms.map(rfc3339),
        delivered_at: delivery.delivered_at_ms.map(rfc3339),
    }
}

/// List what was sent
///
/// Deliveries are kept for 30 days. `status=dead` are those that were given up.
#[utoipa::path(
    get, path = "/v1/webhooks/deliveries", tag = "outgoing webhooks",
    params(
        ("status" = Option<String>, Query, description = "`pending`, `delivered` or `dead`", example = "dead"),
        ("skip" = Option<u32>, Query, description = "How many to leave out", example = 0),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "How many at most (10)", example = 10),
    ),
    responses((status = 200, description = "Deliveries", body = DeliveryPage), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn list_deliveries(
    State(api): State<ControlApi>,
    caller: Caller,
    query: QueryParams,
) -> Result<Json<DeliveryPage>, ApiError> {
    let status = query.word("status", &["pending", "delivered", "dead"])?;
    let only = status.as_deref().map(|status| match status {
        "pending" => DeliveryState::Pending,
        "delivered" => DeliveryState::Delivered,
        _ => DeliveryState::Dead,
    });
    let (skip, limit) = query.page()?;
    let found = webhooks::list(&api.config.store, caller.account, only, skip, limit).await?;
    Ok(Json(DeliveryPage {
        deliveries: found.into_iter().map(view).collect(),
    }))
}

/// Send a message again
///
/// One that was given up, or taken before; its `webhook-id` stays the same.
#[utoipa::path(
    post, path = "/v1/webhooks/deliveries/{id}/retry", tag = "outgoing webhooks",
    params(("id" = String, Path, description = "The delivery", example = "msg_0123456789abcdef0123456789abcdef")),
    responses(
        (status = 202, description = "It is sent now", body = DeliveryView),
        (status = 409, description = "It is on its way already", body = ErrorBody),
        Problem
    ),
    security(("api_key" = []))
)]
pub(crate) async fn retry_delivery(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(DeliveryId(id)): PathValue<DeliveryId>,
) -> Result<(StatusCode, Json<DeliveryView>), ApiError> {
    let id = id.ok_or(NO_DELIVERY)?;
    let store = &api.config.store;
    let is_sent = webhooks::resend(store, caller.account, &id, now_ms()).await?;
    let delivery = webhooks::delivery(store, caller.account, &id).await?;
    let delivery = delivery.ok_or(NO_DELIVERY)?;
    if !is_sent {
        return Err(ON_ITS_WAY);
    }
    api.job_bell.ring();
    Ok((StatusCode::ACCEPTED, Json(view(delivery))))
}

/// Any text: what can be no delivery's id is not found.
pub(crate) struct DeliveryId(Option<String>);

impl From<String> for DeliveryId {
    fn from(text: String) -> Self {
        let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        Self(is_plain.then_some(text))
    }
}
