//! Every route, and the OpenAPI document that comes of them.

use crate::{
    ControlApi, accounts, actions, call_end, calls, debug,
    error::plain,
    google_calendar, guide, identities, layers, livekit_webhook, numbers, oauth, openai,
    openapi::{self, ApiDoc},
    operations, realtime_sessions, recordings, rooms, rtc, scenarios, scheduled_calls, sessions,
    transcripts, twilio, web_app, webhooks, whisper,
};
use axum::{Router, http::StatusCode, response::IntoResponse as _, routing::get};
use std::sync::Arc;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

/// The routes. To be served with `into_make_service_with_connect_info::<std::net::SocketAddr>()`. Other routers (the
/// bridge's) may be merged into it; they must have no fallback of their own.
pub fn router(api: ControlApi) -> Router {
    let (described, document) = described().split_for_parts();
    let document: Arc<str> = document.to_json().unwrap_or_default().into();
    let all = layers::measured(described)
        .route("/", get(web_app::index))
        .route("/connections", get(web_app::index))
        // Where the calendar's consent ends when there is no other frontend.
        .route("/scheduled-meetings", get(web_app::index))
        .route(
            "/openapi.json",
            get(async move || openapi::document(&document)),
        )
        .route("/docs", get(openapi::to_docs))
        .route("/docs/", get(openapi::docs_index))
        .route("/docs/{*path}", get(openapi::docs))
        .route("/guide", get(guide::to_index))
        .route("/guide/", get(guide::index))
        .route("/guide/{page}", get(guide::page))
        .fallback(web_app::asset)
        .method_not_allowed_fallback(async || plain(StatusCode::METHOD_NOT_ALLOWED).into_response())
        .with_state(api.clone());
    layers::wrap(all, api)
}

/// The OpenAPI document.
pub fn openapi_document() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}

/// Routes that describe themselves, by resource: what is here is in the document, and the other way round.
fn described() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::with_openapi(ApiDoc::openapi())
        .merge(accounts::routes())
        .merge(rooms::routes())
        .merge(realtime_sessions::routes())
        .merge(calls::routes())
        .merge(call_end::routes())
        .merge(sessions::routes())
        .merge(numbers::routes())
        .merge(scheduled_calls::routes())
        .merge(webhooks::routes())
        .merge(twilio::routes())
        .merge(livekit_webhook::routes())
        .merge(rtc::routes())
        .merge(scenarios::routes())
        .merge(transcripts::routes())
        .merge(recordings::routes())
        .merge(whisper::routes())
        .merge(openai::routes())
        .merge(identities::routes())
        .merge(debug::routes())
        .merge(oauth::routes())
        .merge(actions::routes())
        .merge(google_calendar::routes())
        .merge(operations::routes())
}
