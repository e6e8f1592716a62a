//! Whether a number may be called now: the account's do-not-call list and calling hours.

use super::hours::CallingHours;
use crate::{ControlApi, error::ApiError};
use casp_store::{AccountId, StoreError, call_settings, do_not_call};

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotAllowed {
    /// The number is on the list.
    DoNotCall,
    /// It is too early or too late there.
    Hours,
}

impl NotAllowed {
    /// For the call's row.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::DoNotCall => "do_not_call",
            Self::Hours => "calling_hours",
        }
    }

    /// For its owner.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::DoNotCall => "This number is on your do-not-call list (/v1/do-not-call).",
            Self::Hours => "It is outside your calling hours for this number (/v1/calling-hours).",
        }
    }
}

impl From<NotAllowed> for ApiError {
    fn from(not_allowed: NotAllowed) -> Self {
        Self::Forbidden(not_allowed.text())
    }
}

/// Refuses a number that the account does not want called, or not at this time (403).
pub(crate) async fn may_call(
    api: &ControlApi,
    account: AccountId,
    to: &str,
) -> Result<(), ApiError> {
    at_this_time(api, account, to)
        .await?
        .map_err(ApiError::from)
}

/// Whether the account wants this number called at this time.
pub(super) async fn at_this_time(
    api: &ControlApi,
    account: AccountId,
    to: &str,
) -> Result<Result<(), NotAllowed>, StoreError> {
    let store = &api.config.store;
    if do_not_call::contains(store, account, to).await? {
        return Ok(Err(NotAllowed::DoNotCall));
    }
    let settings = call_settings::get(store, account).await?;
    let hours = settings.calling_hours.map(CallingHours::from_stored);
    let hours = hours.transpose()?;
    if hours.is_some_and(|hours| !hours.allow(to, jiff::Timestamp::now())) {
        return Ok(Err(NotAllowed::Hours));
    }
    Ok(Ok(()))
}
