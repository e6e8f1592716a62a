//! Every route, and the OpenAPI document that comes of them.

use crate::{
    ControlApi, call_end,
    error::plain,
    layers, livekit_webhook,
    openapi::{self, ApiDoc},
    operations, rooms, rtc, sessions, twilio, web_app,
};
use axum::{Router, http::StatusCode, response::IntoResponse as _, routing::get};
use std::sync::Arc;
use utoipa::OpenApi as _;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes. To be served with `into_make_service_with_connect_info::<std::net::SocketAddr>()`. Other routers (the
/// bridge's) may be merged into it; they must have no fallback of their own.
pub fn router(api: ControlApi) -> Router {
    let (described, document) = described().split_for_parts();
    let document: Arc<str> = document.to_json().unwrap_or_default().into();
    let all = layers::measured(described)
        .route("/", get(web_app::index))
        .route(
            "/openapi.json",
            get(async move || openapi::document(&document)),
        )
        .route("/docs", get(openapi::to_docs))
        .route("/docs/", get(openapi::docs_index))
        .route("/docs/{*path}", get(openapi::docs))
        .fallback(web_app::asset)
        .method_not_allowed_fallback(async || plain(StatusCode::METHOD_NOT_ALLOWED).into_response())
        .with_state(api.clone());
    layers::wrap(all, api)
}

/// The OpenAPI document.
pub fn openapi_document() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}

/// Routes that describe themselves: what is here is in the document, and the other way round.
fn described() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::with_openapi(ApiDoc::openapi())
        .routes(routes!(rooms::join_room))
        .routes(routes!(rooms::create_room))
        .routes(routes!(rooms::issue_token))
        .routes(routes!(rooms::show_room))
        .routes(routes!(rooms::switch_agent))
        .routes(routes!(call_end::end_call))
        .routes(routes!(sessions::list_sessions))
        .routes(routes!(sessions::show_session))
        .routes(routes!(twilio::answer_call))
        .routes(routes!(twilio::resume_call))
        .routes(routes!(twilio::update_status))
        .routes(routes!(livekit_webhook::receive_event))
        .routes(routes!(rtc::signal))
        .routes(routes!(rtc::signal_v1))
        .routes(routes!(rtc::validate))
        .routes(routes!(rtc::validate_v1))
        .routes(routes!(operations::show_health))
        .routes(routes!(operations::show_readiness))
        .routes(routes!(operations::show_metrics))
}
