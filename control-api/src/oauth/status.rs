//! `GET /v1/oauth/status`

use super::resource::owner_of;
use crate::{
    ControlApi,
    auth::Caller,
    clock::rfc3339,
    error::{ApiError, Problem},
    query::QueryParams,
};
use axum::{Json, extract::State};
use casp_actions::Provider;
use casp_store::connections::Connection;
use serde::Serialize;
use utoipa::ToSchema;

/// What an end user has connected.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConnectionView {
    /// What.
    #[schema(example = "gmail")]
    provider: &'static str,
    /// Whether it is, and can be used: not when `needs_reauth`.
    connected: bool,
    /// Whose.
    #[schema(example = "ann@example.org")]
    resource: String,
    /// Whose account at the provider it is.
    #[schema(example = "ann@gmail.com")]
    user_email: Option<String>,
    /// What the user granted.
    #[schema(example = json!(["https://www.googleapis.com/auth/gmail.send"]))]
    scopes: Vec<String>,
    /// When the access token ends, RFC 3339; it is renewed before that.
    #[schema(example = "2026-01-02T03:04:05Z")]
    expires_at: Option<String>,
    /// It was connected, and the grant has ended: the user has to connect again.
    needs_reauth: bool,
    /// Whether it can be connected at this server.
    available: bool,
}

impl ConnectionView {
    pub(super) fn of(
        api: &ControlApi,
        provider: Provider,
        resource: &str,
        found: Option<Connection>,
    ) -> Self {
        let view = Self {
            provider: provider.name(),
            connected: false,
            resource: resource.to_owned(),
            user_email: None,
            scopes: Vec::new(),
            expires_at: None,
            needs_reauth: false,
            available: api.connections.is_configured(provider),
        };
        match found {
            None => view,
            Some(found) => Self {
                connected: !found.needs_reauth,
                user_email: found.user_email,
                scopes: found.scopes,
                expires_at: found.expires_at_ms.map(rfc3339),
                needs_reauth: found.needs_reauth,
                ..view
            },
        }
    }
}

/// One provider's, or all.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum StatusAnswer {
    /// With `provider`.
    One(ConnectionView),
    /// Without it.
    All(Vec<ConnectionView>),
}

/// Show what is connected
///
/// One provider's object; without `provider`, a list of all.
#[utoipa::path(
    get, path = "/v1/oauth/status", tag = "connections",
    params(
        ("provider" = Option<String>, Query, description = "Only this one", example = "gmail"),
        ("resource" = Option<String>, Query, description = "Of this end user; of the account itself without it", example = "ann@example.org"),
    ),
    responses((status = 200, description = "What is connected", body = StatusAnswer), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn status(
    State(api): State<ControlApi>,
    caller: Caller,
    query: QueryParams,
) -> Result<Json<StatusAnswer>, ApiError> {
    let owner = owner_of(&api, caller.account, "query", query.text("resource")?).await?;
    if let Some(name) = query.text("provider")? {
        let provider: Provider = name
            .parse()
            .map_err(|error| ApiError::invalid_query("provider", format!("{error}")))?;
        let found = api.connections.connection(&owner, provider).await?;
        let view = ConnectionView::of(&api, provider, &owner.resource, found);
        return Ok(Json(StatusAnswer::One(view)));
    }
    let mut found = api
        .connections
        .connections(owner.account, &owner.resource)
        .await?;
    let views: Vec<ConnectionView> = Provider::ALL
        .into_iter()
        .map(|provider| {
            let place = found
                .iter()
                .position(|connection| connection.provider == provider.name());
            let one = place.map(|place| found.swap_remove(place));
            ConnectionView::of(&api, provider, &owner.resource, one)
        })
        .collect();
    Ok(Json(StatusAnswer::All(views)))
}
