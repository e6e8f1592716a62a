//! Which number a call comes from, and which ones when that one does not do.

use crate::{ControlApi, error::ApiError};
use casp_store::{AccountId, StoreError, numbers};

/// The numbers to try, in order: the one that was asked for, the account's, or, where it has none, the house's; then
/// the house's fallback numbers. None that is another account's.
pub(super) async fn candidates(
    api: &ControlApi,
    account: AccountId,
    wanted: Option<&str>,
) -> Result<Vec<String>, ApiError> {
    let store = &api.config.store;
    let twilio = &api.config.twilio;
    let own = numbers::list(store, Some(account)).await?;
    let own: Vec<String> = own.into_iter().map(|number| number.number).collect();
    let mut candidates = Vec::new();
    if let Some(wanted) = wanted {
        let is_own = own.iter().any(|number| number == wanted);
        if !is_own && (!own.is_empty() || is_anothers(api, account, wanted).await?) {
            return Err(ApiError::invalid_body(
                "from",
                "this is not one of your numbers; GET /v1/numbers lists them",
            ));
        }
        candidates.push(wanted.to_owned());
    }
    let house = twilio.phone_number.iter().filter(|_| own.is_empty());
    for number in own.iter().chain(house).chain(&twilio.fallback_numbers) {
        if !candidates.contains(number) && !is_anothers(api, account, number).await? {
            candidates.push(number.clone());
        }
    }
    if candidates.is_empty() {
        return Err(ApiError::Unavailable(
            "There is no number to call from: TWILIO_PHONE_NUMBER is not set.",
        ));
    }
    Ok(candidates)
}

async fn is_anothers(
    api: &ControlApi,
    account: AccountId,
    number: &str,
) -> Result<bool, StoreError> {
    let owner = numbers::owner(&api.config.store, number).await?;
    Ok(owner.is_some_and(|number| number.account != account))
}
