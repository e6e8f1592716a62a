//! `GET /v1/models`: what can be named as `model`.

use super::error::{OpenAiError, OpenAiProblem};
use crate::{ControlApi, auth::Caller, path::PathValue};
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// What a model can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ability {
    Chat,
    Transcription,
    Speech,
}

/// CASP's own model: the assistant, and the providers that are configured for it.
const CASP: &str = "casp-realtime";
/// OpenAI's names of models for sound: programs that name them get the configured providers.
const NAMES: [(&str, &[Ability]); 7] = [
    (
        CASP,
        &[Ability::Chat, Ability::Transcription, Ability::Speech],
    ),
    ("gpt-4o-transcribe", &[Ability::Transcription]),
    ("gpt-4o-mini-transcribe", &[Ability::Transcription]),
    ("whisper-1", &[Ability::Transcription]),
    ("gpt-4o-mini-tts", &[Ability::Speech]),
    ("tts-1", &[Ability::Speech]),
    ("tts-1-hd", &[Ability::Speech]),
];
/// When CASP's model came to be, Unix seconds: the same for all, so that listings are steady.
const CREATED: i64 = 1_748_736_000;

pub(super) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
}

/// A model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModelView)]
pub(crate) struct Model {
    #[schema(example = "casp-realtime")]
    id: &'static str,
    /// `model`
    #[schema(example = "model")]
    object: &'static str,
    /// Unix seconds.
    created: i64,
    #[schema(example = "casp")]
    owned_by: &'static str,
}

/// All of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelList {
    /// `list`
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<Model>,
}

/// The models
///
/// `casp-realtime` does everything; the others are OpenAI's names for the configured speech providers.
#[utoipa::path(
    get, path = "/v1/models", tag = "chat",
    responses((status = 200, description = "The models", body = ModelList), OpenAiProblem),
    security(("api_key" = []))
)]
pub(crate) async fn list(_: Caller) -> Json<ModelList> {
    Json(ModelList {
        object: "list",
        data: NAMES.iter().map(|(name, _)| model(name)).collect(),
    })
}

/// A model
#[utoipa::path(
    get, path = "/v1/models/{id}", tag = "chat",
    params(("id" = String, Path, example = "casp-realtime")),
    responses((status = 200, description = "The model", body = Model), OpenAiProblem),
    security(("api_key" = []))
)]
pub(crate) async fn show(
    _: Caller,
    PathValue(id): PathValue<String>,
) -> Result<Json<Model>, OpenAiError> {
    let known = NAMES.iter().find(|(name, _)| *name == id);
    known
        .map(|(name, _)| Json(model(name)))
        .ok_or_else(|| unknown(&id))
}

/// The model of that name, if it can do this; 404.
pub(super) fn require(name: &str, ability: Ability) -> Result<&'static str, OpenAiError> {
    let known = NAMES
        .iter()
        .find(|(known, abilities)| *known == name && abilities.contains(&ability));
    known.map(|(name, _)| *name).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> OpenAiError {
    let shown: String = name.chars().take(64).collect();
    OpenAiError::not_found(
        "model",
        "model_not_found",
        format!(
            "The model `{shown}` does not exist here, or not for this; GET /v1/models lists those there are."
        ),
    )
}

fn model(id: &'static str) -> Model {
    Model {
        id,
        object: "model",
        created: CREATED,
        owned_by: "casp",
    }
}
