//! `/v1/api-keys`

use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    clock::{now_ms, rfc3339},
    error::{ApiError, Problem},
    names::DisplayName,
    path::PathValue,
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use casp_store::accounts::{self, ApiKey, KeyKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Keys that one account has at most.
const MOST_KEYS: i64 = 100;

/// What a key is good for.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// `sk_…`: for servers; all that the account may do.
    #[default]
    Secret,
    /// `pk_…`: for pages; joining rooms and connecting accounts of users.
    Publishable,
}

/// A key to make.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewKeyRequest {
    /// To know it again.
    #[schema(value_type = Option<String>, max_length = 128, example = "my server")]
    name: Option<DisplayName>,
    /// `secret` when it is left out.
    #[serde(default)]
    kind: Kind,
}

/// A key, without the key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyView {
    /// To delete it by.
    #[schema(example = "key_0123456789abcdef01234567")]
    id: String,
    /// As it was called.
    #[schema(example = "my server")]
    name: String,
    /// What it is good for.
    kind: Kind,
    /// Its beginning and end.
    #[schema(example = "sk_…x7Qa")]
    hint: String,
    /// RFC 3339.
    #[schema(example = "2026-01-31T12:00:00Z")]
    created_at: String,
    /// RFC 3339, to the minute; null when it never was.
    last_used_at: Option<String>,
}

/// A key that was made now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedKey {
    /// The key itself. It is not shown again.
    #[schema(example = "sk_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG")]
    key: String,
    #[serde(flatten)]
    record: KeyView,
}

/// List API keys
///
/// Without the keys themselves, which nobody can show any more.
#[utoipa::path(
    get, path = "/v1/api-keys", tag = "accounts",
    responses((status = 200, description = "The keys, the newest first", body = Vec<KeyView>), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn list_keys(
    State(api): State<ControlApi>,
    caller: Caller,
) -> Result<Json<Vec<KeyView>>, ApiError> {
    let keys = accounts::list_keys(&api.config.store, caller.account).await?;
    Ok(Json(keys.into_iter().map(KeyView::from).collect()))
}

/// Make an API key
///
/// The answer is the only place where the key stands: only its hash is kept.
#[utoipa::path(
    post, path = "/v1/api-keys", tag = "accounts",
    request_body = NewKeyRequest,
    responses((status = 201, description = "The key", body = CreatedKey), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn create_key(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(request): JsonBody<NewKeyRequest>,
) -> Result<Response, ApiError> {
    let kind = match request.kind {
        Kind::Secret => KeyKind::Secret,
        Kind::Publishable => KeyKind::Publishable,
    };
    let name = request.name.as_ref().map_or("", DisplayName::as_str);
    let store = &api.config.store;
    let made = accounts::create_key(store, caller.account, kind, name, MOST_KEYS, now_ms()).await?;
    let made = made.ok_or(ApiError::Rejected(
        "An account has at most 100 keys. Delete one first.",
    ))?;
    let created = CreatedKey {
        key: made.key,
        record: made.record.into(),
    };
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, no_store, Json(created)).into_response())
}

/// Delete an API key
///
/// It is refused from now on.
#[utoipa::path(
    delete, path = "/v1/api-keys/{id}", tag = "accounts",
    params(("id" = String, Path, description = "The key's id", example = "key_0123456789abcdef01234567")),
    responses((status = 204, description = "Deleted"), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn delete_key(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(KeyId(id)): PathValue<KeyId>,
) -> Result<StatusCode, ApiError> {
    let no_such = ApiError::NotFound("There is no such key.");
    // A zero byte is no text to PostgreSQL.
    if !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(no_such);
    }
    if accounts::delete_key(&api.config.store, caller.account, &id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(no_such)
    }
}

/// Any text: what is no key's id is not found.
pub(crate) struct KeyId(String);

impl From<String> for KeyId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            kind: match key.kind {
                KeyKind::Secret => Kind::Secret,
                KeyKind::Publishable => Kind::Publishable,
            },
            hint: format!("{}…{}", key.kind.prefix(), key.hint),
            created_at: rfc3339(key.created_at_ms),
            last_used_at: key.last_used_at_ms.map(rfc3339),
        }
    }
}
