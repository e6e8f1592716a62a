//! Who sends a user to connect something.

use super::resource::owner_of;
use crate::{
    ControlApi,
    auth::{Caller, RoomVisitor},
    clock::now_ms,
    error::ApiError,
    query::QueryParams,
};
use axum::{extract::FromRequestParts, http::request::Parts};
use casp_store::{AccountId, oauth};

/// Who sends a user, for whom, and where the user goes afterwards.
pub(super) struct Connector {
    pub(super) account: AccountId,
    /// `None`: the e-mail that the provider vouches for.
    pub(super) resource: Option<String>,
    /// As it was given; a session's was checked when it was made.
    pub(super) redirect_uri: String,
}

/// Reads the request: a session's token, a page's key, or an account's own credentials.
pub(super) async fn read(
    api: &ControlApi,
    parts: &mut Parts,
    query: &QueryParams,
    provider: &str,
) -> Result<Connector, ApiError> {
    if let Some(token) = query.text("session")? {
        let session = oauth::redeem_session(&api.config.store, token, provider, now_ms()).await?;
        let session = session.ok_or(ApiError::Unauthorized(
            "This link has been used, or is over. Ask for another one.",
        ))?;
        return Ok(Connector {
            account: session.account,
            resource: Some(session.resource),
            redirect_uri: session.redirect_uri,
        });
    }
    let redirect_uri = query.text("redirect_uri")?;
    let redirect_uri =
        redirect_uri.ok_or_else(|| ApiError::invalid_query("redirect_uri", "it is required"))?;
    let redirect_uri = redirect_uri.to_owned();
    match RoomVisitor::from_request_parts(parts, api).await? {
        RoomVisitor::Page { account, address } => {
            api.rate_limits.guest_joins.count((
                "oauth",
                account,
                address.map(crate::auth::network),
            ))?;
            // A page's key is everybody's: whoever holds it must not choose whose connection it becomes.
            Ok(Connector {
                account,
                resource: None,
                redirect_uri,
            })
        }
        RoomVisitor::Caller(Caller { account, .. }) => {
            let owner = owner_of(api, account, "query", query.text("resource")?).await?;
            Ok(Connector {
                account,
                resource: Some(owner.resource),
                redirect_uri,
            })
        }
        RoomVisitor::Stranger { .. } => Err(ApiError::Unauthorized(
            "Send an access token or an API key, a session (`session=`, of POST /v1/oauth/sessions), or a publishable \
             key (`key=pk_…`).",
        )),
    }
}
