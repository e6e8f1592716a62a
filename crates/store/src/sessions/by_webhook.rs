//! Sessions that webhooks carry on, before or without an agent.

use crate::{Store, StoreError};

/// Changes who answers, as long as nobody does. False when somebody does, or it is over.
pub async fn choose_assistant(
    store: &Store,
    id: &str,
    assistant: &str,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE sessions SET assistant = $2 \
                 WHERE id = $1 AND state = 'announced' AND agent_epoch = 0",
            )
            .bind(id)
            .bind(assistant)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes the next exchange of a conversation that goes by webhooks (one that wants no agent), as an agent takes a
/// session: the epoch grows by one, and turns are written under the new one alone. `exchange` is the epoch as the
/// webhook knows it; `false` when it was taken before (delivered twice), or the session is over.
pub async fn claim_exchange(store: &Store, id: &str, exchange: i64) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE sessions SET agent_epoch = agent_epoch + 1, state = 'active' \
                 WHERE id = $1 AND agent_epoch = $2 AND wants_agent = 0 AND state <> 'ended'",
            )
            .bind(id)
            .bind(exchange)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}
