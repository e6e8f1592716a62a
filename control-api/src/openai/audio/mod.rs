//! `/v1/audio/*`: the configured speech providers in OpenAI's shape.

mod speech;
mod transcriptions;

use crate::ControlApi;
use utoipa_axum::router::OpenApiRouter;

pub(super) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .merge(speech::routes())
        .merge(transcriptions::routes())
}
