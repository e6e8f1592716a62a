//! `/v1/oauth`: users connect what the agent may use for them.
//!
//! A user is sent to the provider's consent page with a state, which is good once, for ten minutes and in the browser
//! that was sent (a cookie says which), and comes back to a URI that is on the account's list.

mod begin;
mod browser;
mod callback;
mod connect;
mod connector;
mod disconnect;
mod job;
mod problem;
mod redirect_uris;
mod register;
mod resource;
mod return_to;
mod session;
mod status;

pub(crate) use begin::{Wish, begin};
pub(crate) use browser::{Browser, set_cookie};
pub(crate) use callback::came_back;
pub(crate) use connect::AuthorizationUrl;
pub(crate) use job::revoke;
pub(crate) use resource::{RULE as RESOURCE_RULE, owner_of};
pub(crate) use return_to::with_query;

use crate::{ControlApi, error::ApiError};
use casp_actions::Provider;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of connections.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(connect::connect))
        .routes(routes!(session::create_oauth_session))
        .routes(routes!(callback::callback))
        .routes(routes!(
            redirect_uris::list_redirect_uris,
            redirect_uris::set_redirect_uris
        ))
        .routes(routes!(register::register))
        .routes(routes!(status::status))
        .routes(routes!(disconnect::disconnect))
}

/// A provider from the path. What is none is not found.
struct PathProvider(Option<Provider>);

impl From<String> for PathProvider {
    fn from(name: String) -> Self {
        Self(name.parse().ok())
    }
}

impl PathProvider {
    fn known(self) -> Result<Provider, ApiError> {
        self.0.ok_or(ApiError::NotFound(
            "There is no such provider; see /docs for those there are.",
        ))
    }
}
