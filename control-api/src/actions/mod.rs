//! `/v1/actions`: what CASP does for its users at other services (interface §10).

mod list;
mod log;
mod run;

use crate::ControlApi;
use casp_actions::{ActionContext, Owner, Speaker};
use casp_store::AccountId;
use jiff::tz::TimeZone;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of actions.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(list::list_actions))
        .routes(routes!(log::action_log))
        .routes(routes!(run::run_action))
}

pub(crate) use run::run;

/// Who asks by a request: whoever has the account's key speaks for its end users.
pub(crate) fn speaker(owner: Owner) -> Speaker {
    Speaker {
        identity: format!("api:{}", owner.account.0),
        resource: Some(owner.resource),
        is_verified: true,
    }
}

/// What actions of a request work with.
pub(crate) fn context(api: &ControlApi, account: AccountId, zone: TimeZone) -> ActionContext {
    ActionContext {
        services: api.actions.clone(),
        account,
        zone,
        session: None,
    }
}
