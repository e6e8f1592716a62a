//! Whose connections are meant.

use crate::{
    ControlApi,
    error::{ApiError, FieldError},
};
use casp_actions::Owner;
use casp_store::{AccountId, accounts, resources};

/// What a name must be.
pub(crate) const RULE: &str = "must be at most 320 characters, without control characters";

/// An end user of an account; with none given, the account itself, which its own e-mail means too. E-mails are the same
/// in any case.
pub(crate) async fn owner_of(
    api: &ControlApi,
    account: AccountId,
    place: &str,
    resource: Option<&str>,
) -> Result<Owner, ApiError> {
    let given = resource.map(str::trim).filter(|text| !text.is_empty());
    if given.is_some_and(|text| !resources::is_name(text)) {
        return Err(ApiError::Invalid(vec![FieldError::new(
            place, "resource", RULE,
        )]));
    }
    let store = &api.config.store;
    let own = accounts::get(store, account).await?;
    let own = own.ok_or(ApiError::Internal)?.email;
    let resource = match given {
        Some(name) if !name.eq_ignore_ascii_case(&own) => {
            resources::known_as(store, account, name).await?
        }
        _ => own,
    };
    Ok(Owner { account, resource })
}
