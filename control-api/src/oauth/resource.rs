//! Whose connections are meant.

use crate::{
    ControlApi,
    error::{ApiError, FieldError},
};
use casp_actions::Owner;
use casp_store::{AccountId, accounts};

/// Longest name of an end user, characters: an e-mail fits.
const LONGEST: usize = 320;

/// An end user of an account; with none given, the account itself, which its own e-mail means too.
pub(crate) async fn owner_of(
    api: &ControlApi,
    account: AccountId,
    place: &str,
    resource: Option<&str>,
) -> Result<Owner, ApiError> {
    let given = resource.map(str::trim).filter(|text| !text.is_empty());
    if let Some(text) = given
        && (text.chars().count() > LONGEST || text.contains(char::is_control))
    {
        return Err(ApiError::Invalid(vec![FieldError::new(
            place,
            "resource",
            "must be at most 320 characters, without control characters",
        )]));
    }
    let own = accounts::get(&api.config.store, account).await?;
    let own = own.ok_or(ApiError::Internal)?.email;
    let resource = given
        .filter(|text| !text.eq_ignore_ascii_case(&own))
        .map_or(own.clone(), str::to_owned);
    Ok(Owner { account, resource })
}
