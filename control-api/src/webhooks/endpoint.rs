//! `/v1/webhooks`: where an account wants to be told.

use super::signature;
use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    clock::{now_ms, rfc3339},
    error::{ApiError, Problem},
};
use axum::{Json, extract::State, http::StatusCode};
use casp_actions::sealing::webhook_place;
use casp_store::webhooks;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where messages go when the URL has no path.
const DEFAULT_PATH: &str = "/webhooks/oauth/refresh";
const NO_ENDPOINT: ApiError = ApiError::NotFound("The account has no webhook URL.");

/// Where to send.
#[derive(Deserialize, ToSchema)]
pub(crate) struct WebhookRequest {
    /// https, to a public address. Without a path it is `/webhooks/oauth/refresh` on that host.
    #[schema(
        max_length = 2048,
        example = "https://backend.example.com/webhooks/oauth/refresh"
    )]
    url: String,
    /// Make a new secret; messages are signed with it from now on.
    #[serde(default)]
    #[schema(example = false)]
    rotate_secret: bool,
}

/// Where messages go, and what they are signed with.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookAnswer {
    /// As it will be called.
    #[schema(example = "https://backend.example.com/webhooks/oauth/refresh")]
    url: String,
    /// Checks the messages' signatures, with any Standard Webhooks library.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")]
    secret: String,
}

/// Where messages go.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookView {
    /// As it is called.
    #[schema(example = "https://backend.example.com/webhooks/oauth/refresh")]
    url: String,
    /// RFC 3339.
    #[schema(example = "2026-01-02T03:04:05.678Z")]
    created_at: String,
    /// RFC 3339.
    #[schema(example = "2026-01-02T03:04:05.678Z")]
    updated_at: String,
}

/// Set the webhook URL
///
/// Events (`oauth.refreshed`, `call.ended`, `transcript.ready`) are posted there as `{"type", "timestamp", "data"}`,
/// signed as Standard Webhooks has it (`webhook-id`, `webhook-timestamp`, `webhook-signature`), and again with backoff
/// for about a day until the answer is 2xx. Redirects are not followed. Setting another URL keeps the secret.
#[utoipa::path(
    put, path = "/v1/webhooks", tag = "outgoing webhooks",
    request_body = WebhookRequest,
    responses((status = 200, description = "It is set", body = WebhookAnswer), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn set_webhook(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(request): JsonBody<WebhookRequest>,
) -> Result<Json<WebhookAnswer>, ApiError> {
    let url = api.tenant_urls.check(&request.url).await;
    let url = url
        .map_err(|error| ApiError::invalid_body("url", error.to_string()))?
        .with_default_path(DEFAULT_PATH);
    let (store, place) = (&api.config.store, webhook_place(caller.account));
    let kept = match webhooks::endpoint(store, caller.account).await? {
        // A secret that cannot be opened any more (SECRET_KEY was changed) is lost, and a new one takes its place.
        Some(endpoint) if !request.rotate_secret => api.keyring.open(&endpoint.secret, &place).ok(),
        _ => None,
    };
    let secret = kept.unwrap_or_else(signature::new_secret);
    let sealed = api.keyring.seal(&secret, &place);
    webhooks::set_endpoint(store, caller.account, url.as_str(), &sealed, now_ms()).await?;
    Ok(Json(WebhookAnswer {
        url: url.as_str().to_owned(),
        secret: secret.expose_secret().to_owned(),
    }))
}

/// Show the webhook URL
#[utoipa::path(
    get, path = "/v1/webhooks", tag = "outgoing webhooks",
    responses((status = 200, description = "Where messages go", body = WebhookView), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn show_webhook(
    State(api): State<ControlApi>,
    caller: Caller,
) -> Result<Json<WebhookView>, ApiError> {
    let endpoint = webhooks::endpoint(&api.config.store, caller.account).await?;
    let endpoint = endpoint.ok_or(NO_ENDPOINT)?;
    Ok(Json(WebhookView {
        url: endpoint.url,
        created_at: rfc3339(endpoint.created_at_ms),
        updated_at: rfc3339(endpoint.updated_at_ms),
    }))
}

/// Remove the webhook URL
///
/// Messages that are on their way are given up.
#[utoipa::path(
    delete, path = "/v1/webhooks", tag = "outgoing webhooks",
    responses((status = 204, description = "Nothing is sent any more"), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn remove_webhook(
    State(api): State<ControlApi>,
    caller: Caller,
) -> Result<StatusCode, ApiError> {
    if webhooks::remove_endpoint(&api.config.store, caller.account).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(NO_ENDPOINT)
    }
}
