//! Identities: which address on which channel is which end user of an account. A speaker on a telephone, in WhatsApp or by
//! mail is somebody only by a link that was made and verified before (interface §10).

mod add;
mod address;
mod call_code;
mod code;
mod pin;
mod read;
mod remove;
mod sending;
mod verify;
mod view;

pub(crate) use call_code::send_call_code;
pub(crate) use sending::{SEND_CODE, send_code};

use crate::{ControlApi, error::ApiError, path::PathValue};
use casp_store::{
    AccountId,
    identities::{self, Identity},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of identities.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(read::list_identities, add::add_identity))
        .routes(routes!(remove::delete_identity))
        .routes(routes!(verify::verify_identity))
        .routes(routes!(pin::set_pin))
}

const NO_SUCH_IDENTITY: ApiError = ApiError::NotFound("There is no such identity.");

/// An identity's id from the path. What is none is not found.
pub(crate) struct IdentityId(String);

impl From<String> for IdentityId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

async fn own(
    api: &ControlApi,
    account: AccountId,
    PathValue(IdentityId(id)): PathValue<IdentityId>,
) -> Result<Identity, ApiError> {
    identities::get(&api.config.store, account, &id)
        .await?
        .ok_or(NO_SUCH_IDENTITY)
}
