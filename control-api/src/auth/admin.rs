//! Routes for administrators.

use super::SignedIn;
use crate::{ControlApi, error::ApiError};
use axum::{extract::FromRequestParts, http::request::Parts};
use casp_store::accounts::Account;

/// An administrator, by access token or API key; 403 for anybody else who is known.
#[derive(Debug, Clone)]
pub(crate) struct Admin {
    pub(crate) account: Account,
}

impl FromRequestParts<ControlApi> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &ControlApi) -> Result<Self, ApiError> {
        let SignedIn { account, .. } = SignedIn::from_request_parts(parts, api).await?;
        if account.is_admin {
            Ok(Self { account })
        } else {
            Err(ApiError::Forbidden("This is for administrators."))
        }
    }
}
