//! `/rtc/validate`: LiveKit's clients ask here why a WebSocket failed.

use super::{forwarded, pass_on};
use crate::{
    ControlApi,
    error::{ApiError, ErrorBody},
};
use axum::{
    extract::{OriginalUri, State},
    http::{HeaderMap, Uri, header},
    response::Response,
};
use futures_util::StreamExt as _;

/// LiveKit's answers here are a word or a sentence.
const MOST_BYTES: usize = 16 * 1024;

/// LiveKit's check of a token
#[utoipa::path(
    get, path = "/rtc/validate", tag = "rtc",
    responses(
        (status = 200, description = "The token is good", body = String, content_type = "text/plain"),
        (status = 401, description = "LiveKit's answer to a bad token", body = String, content_type = "text/plain"),
        (status = 503, description = "LiveKit cannot be reached", body = ErrorBody)
    )
)]
pub(crate) async fn validate(
    State(api): State<ControlApi>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    ask(&api, &uri, &headers).await
}

/// LiveKit's check of a token, for newer clients
#[utoipa::path(
    get, path = "/rtc/v1/validate", tag = "rtc",
    responses(
        (status = 200, description = "The token is good", body = String, content_type = "text/plain"),
        (status = 401, description = "LiveKit's answer to a bad token", body = String, content_type = "text/plain"),
        (status = 503, description = "LiveKit cannot be reached", body = ErrorBody)
    )
)]
pub(crate) async fn validate_v1(
    State(api): State<ControlApi>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    ask(&api, &uri, &headers).await
}

async fn ask(api: &ControlApi, uri: &Uri, headers: &HeaderMap) -> Result<Response, ApiError> {
    const UNREACHABLE: ApiError =
        ApiError::Unavailable("LiveKit cannot be reached. Try again soon.");
    let path = uri
        .path_and_query()
        .map_or("/rtc/validate", |path| path.as_str());
    let url = format!(
        "{}{path}",
        api.config.livekit.http_url().trim_end_matches('/')
    );
    let request = api.http.get(url).headers(forwarded(headers).collect());
    let response = request.send().await.map_err(|error| {
        tracing::warn!(error = %error.without_url(), "LiveKit cannot be reached");
        UNREACHABLE
    })?;
    let status = response.status();
    let content_type = response.headers().get(header::CONTENT_TYPE).cloned();
    let mut body = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        body.extend_from_slice(&chunk.map_err(|_| UNREACHABLE)?);
        if body.len() > MOST_BYTES {
            return Err(UNREACHABLE);
        }
    }
    Ok(pass_on(status, content_type, body))
}
