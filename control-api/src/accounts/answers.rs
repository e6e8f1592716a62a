//! What the routes of accounts answer with.

use crate::{ControlApi, clock::now_ms, error::ApiError};
use axum::{
    Json,
    http::header,
    response::{IntoResponse as _, Response},
};
use casp_store::accounts::Account;
use serde::Serialize;
use utoipa::ToSchema;

/// An account as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserView {
    /// Number.
    #[schema(example = 1)]
    pub(crate) id: i64,
    /// Lower case.
    #[schema(example = "user@example.com")]
    pub(crate) email: String,
    /// May sign in.
    pub(crate) is_active: bool,
    /// May use the routes for administrators.
    pub(crate) is_admin: bool,
}

impl From<Account> for UserView {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.0,
            email: account.email,
            is_active: account.is_active,
            is_admin: account.is_admin,
        }
    }
}

/// A pair of tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenAnswer {
    /// For `Authorization: Bearer …`.
    #[schema(example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.c2ln")]
    access_token: String,
    /// For `POST /auth/refresh`, once.
    #[schema(example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.c2ln")]
    refresh_token: String,
    /// Always `bearer`.
    #[schema(example = "bearer")]
    token_type: &'static str,
    /// Seconds that the access token lasts.
    #[schema(example = 1800)]
    expires_in: u64,
    /// Who signed in (`/auth/login` alone).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub(super) user: Option<UserView>,
}

impl TokenAnswer {
    /// A new pair of the family, not yet in the store.
    pub(super) fn new(api: &ControlApi, account: &Account, family: &str) -> Result<Self, ApiError> {
        let pair = api.access_tokens.pair(account.id, family, now_ms());
        let pair = pair.ok_or(ApiError::Internal)?;
        Ok(Self {
            access_token: pair.access,
            refresh_token: pair.refresh,
            token_type: "bearer",
            expires_in: api.access_tokens.access_ttl().as_secs(),
            user: None,
        })
    }

    pub(super) fn refresh_token(&self) -> &str {
        &self.refresh_token
    }

    /// Tokens are for nobody's cache (RFC 6749, section 5.1).
    pub(super) fn into_response(self) -> Response {
        ([(header::CACHE_CONTROL, "no-store")], Json(self)).into_response()
    }
}

/// Something for people to read.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Message {
    /// What happened, or will.
    pub(super) message: &'static str,
}
