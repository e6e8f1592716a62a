//! Whose call it is: the owner of the number of ours that it came to.

use super::signed_form::SignedForm;
use crate::ControlApi;
use casp_store::{AccountId, StoreError, numbers};

/// An account and who answers for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) account: AccountId,
    /// An assistant's name.
    pub(super) assistant: String,
}

impl Owner {
    /// Of the number that was called, or, of a call that we placed, of the number it came from. A number that nobody
    /// owns is `DEFAULT_ACCOUNT`'s; `None` when there is no such account either.
    pub(super) async fn of(
        api: &ControlApi,
        form: &SignedForm,
    ) -> Result<Option<Self>, StoreError> {
        let is_outbound = form.text("Direction").starts_with("outbound");
        let ours = form.text(if is_outbound { "From" } else { "To" });
        let number = numbers::owner(&api.config.store, &ours).await?;
        Ok(match number {
            Some(number) => Some(Self {
                account: number.account,
                assistant: number.assistant,
            }),
            None => api.config.default_account.map(|account| Self {
                account,
                assistant: "default".to_owned(),
            }),
        })
    }
}
