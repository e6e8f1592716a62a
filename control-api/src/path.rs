//! The one variable part of a path, as a checked type.

use crate::error::{ApiError, FieldError};
use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use std::fmt::Display;

/// The path's parameter: 422 when it is not a `T`.
pub(crate) struct PathValue<T>(pub(crate) T);

impl<S, T> FromRequestParts<S> for PathValue<T>
where
    S: Send + Sync,
    T: TryFrom<String, Error: Display> + Send,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let unreadable = ApiError::Malformed("The path cannot be read.");
        let Ok(params) = RawPathParams::from_request_parts(parts, state).await else {
            return Err(unreadable);
        };
        let Some((name, value)) = params.iter().next() else {
            return Err(unreadable);
        };
        T::try_from(value.to_owned()).map(Self).map_err(|error| {
            ApiError::Invalid(vec![FieldError::new("path", name, error.to_string())])
        })
    }
}
