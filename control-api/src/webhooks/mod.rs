//! Outgoing webhooks: an account's backend is told of what happens, signed, and again until it has taken it.
//!
//! Messages, headers and signatures are those of Standard Webhooks (<https://www.standardwebhooks.com>), for which
//! there are libraries in most languages.

mod deliveries;
mod delivery;
mod emit;
mod endpoint;
mod signature;

pub(crate) use delivery::{TenantTurns, deliver};
#[allow(
    unused_imports,
    reason = "events come with the resources that they are of"
)]
pub(crate) use emit::emit;

use crate::ControlApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Where to send, and what was sent.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(
            endpoint::set_webhook,
            endpoint::show_webhook,
            endpoint::remove_webhook
        ))
        .routes(routes!(deliveries::list_deliveries))
        .routes(routes!(deliveries::retry_delivery))
}
