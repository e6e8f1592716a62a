//! The routes that OpenAI's clients call unchanged, with this server as their `base_url`: chat completions, models,
//! audio. Their shapes, errors included, are those of OpenAI's API reference.

mod audio;
mod chat;
mod error;
mod models;
mod places;

pub(crate) use chat::Memory;
pub(crate) use error::{OpenAiErrorBody, reshape};
pub(crate) use places::Places;

use crate::ControlApi;
use utoipa_axum::router::OpenApiRouter;

/// Everything OpenAI-shaped.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .merge(chat::routes())
        .merge(models::routes())
        .merge(audio::routes())
}

/// Whether errors at this path have OpenAI's shape, whoever makes them.
pub(crate) fn is_openai_path(path: &str) -> bool {
    path == "/v1/models"
        || ["/v1/models/", "/v1/chat/", "/v1/audio/"]
            .iter()
            .any(|prefix| path.starts_with(prefix))
}
