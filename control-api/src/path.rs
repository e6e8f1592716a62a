//! The variable parts of a path, as checked types.

use crate::error::{ApiError, FieldError};
use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use std::fmt::Display;

/// The path's parameter: 422 when it is not a `T`.
pub(crate) struct PathValue<T>(pub(crate) T);

/// The path's two parameters, likewise.
pub(crate) struct PathPair<A, B>(pub(crate) A, pub(crate) B);

impl<S, T> FromRequestParts<S> for PathValue<T>
where
    S: Send + Sync,
    T: TryFrom<String, Error: Display> + Send,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = read(parts, state).await?;
        value(&params, 0).map(Self)
    }
}

impl<S, A, B> FromRequestParts<S> for PathPair<A, B>
where
    S: Send + Sync,
    A: TryFrom<String, Error: Display> + Send,
    B: TryFrom<String, Error: Display> + Send,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = read(parts, state).await?;
        Ok(Self(value(&params, 0)?, value(&params, 1)?))
    }
}

const UNREADABLE: ApiError = ApiError::Malformed("The path cannot be read.");

async fn read<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<RawPathParams, ApiError> {
    RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| UNREADABLE)
}

fn value<T: TryFrom<String, Error: Display>>(
    params: &RawPathParams,
    place: usize,
) -> Result<T, ApiError> {
    let (name, value) = params.iter().nth(place).ok_or(UNREADABLE)?;
    T::try_from(value.to_owned())
        .map_err(|error| ApiError::Invalid(vec![FieldError::new("path", name, error.to_string())]))
}
