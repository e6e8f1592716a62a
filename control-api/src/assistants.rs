//! The assistant that a request's body names.

use crate::{ControlApi, error::ApiError};
use casp_conversation::Assistant;
use casp_store::AccountId;

/// The assistant that an account means by `assistant` in its body: a built-in one, or one of its own by any of its
/// names; the default one when nothing is said. 422 when there is none. What rows keep of it is its `name`.
pub(crate) async fn named(
    api: &ControlApi,
    account: AccountId,
    assistant: Option<&str>,
) -> Result<Assistant, ApiError> {
    let name = assistant.unwrap_or("default");
    let found = casp_assistants::find(&api.config.store, account, name).await?;
    found.ok_or_else(|| {
        let known = Assistant::builtin_names().collect::<Vec<_>>().join(", ");
        ApiError::invalid_body(
            "assistant",
            format!(
                "there is no such assistant; there are {known} and your own (GET /custom-scenarios)"
            ),
        )
    })
}
