//! Bodies that are forms, or JSON as well.

use crate::{
    ControlApi,
    body::{self, from_form},
    error::ApiError,
};
use axum::{
    extract::{FromRequest, Request},
    http::header,
};
use serde::de::DeserializeOwned;

/// A body of `application/x-www-form-urlencoded`.
pub(super) struct FormBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<ControlApi> for FormBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &ControlApi) -> Result<Self, ApiError> {
        let bytes = body::read(request, api.config.limits.body_bytes).await?;
        from_form(&bytes).map(Self)
    }
}

/// A form of one of our own pages, or JSON from anybody else.
pub(super) struct PageOrJson<T> {
    pub(super) body: T,
    /// A person at a page waits for the answer.
    pub(super) is_page: bool,
}

impl<T: DeserializeOwned> FromRequest<ControlApi> for PageOrJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &ControlApi) -> Result<Self, ApiError> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let is_page = content_type.is_some_and(|content_type| {
            content_type
                .as_bytes()
                .starts_with(b"application/x-www-form-urlencoded")
        });
        let bytes = body::read(request, api.config.limits.body_bytes).await?;
        let body = if is_page {
            from_form(&bytes)?
        } else {
            body::parse(&bytes)?
        };
        Ok(Self { body, is_page })
    }
}
