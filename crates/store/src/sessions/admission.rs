//! Calls and the agents' free places: one call a place, however many come at once.

use super::{
    Direction, NewSession, Session, SessionState,
    announcing::{insert, made_or_found},
    get,
};
use crate::{Store, StoreError, workers};
use sqlx::AnyConnection;

/// What becomes of a call that comes in.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "it lives for one match")]
pub enum Admission {
    /// There is a place for it, or it had one before.
    Admitted(Session),
    /// Every place is taken; nothing was written.
    Full,
}

/// Announces a session, but only when an agent has a free place for it (see [`workers::capacity`]). Places are counted
/// by one at a time. One that was announced before keeps its place; errors are as of [`super::announce`].
pub async fn admit(
    store: &Store,
    new: &NewSession,
    now_ms: i64,
    stale_after_ms: i64,
) -> Result<Admission, StoreError> {
    match get(store, &new.id).await? {
        Some(session) if session.state == SessionState::Ended => {
            return Err(StoreError::SessionEnded);
        }
        Some(session) => return Ok(Admission::Admitted(session)),
        None => {}
    }
    let made = store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            take_turn(&mut transaction).await?;
            let capacity = workers::capacity_in(&mut transaction, now_ms, stale_after_ms).await?;
            if capacity.free == 0 {
                return Ok(None);
            }
            let made = insert(&mut transaction, new, Direction::Inbound, now_ms).await?;
            transaction.commit().await?;
            Ok(Some(made))
        })
        .await;
    match made {
        Ok(None) => Ok(Admission::Full),
        Ok(Some(row)) => made_or_found(store, new, Ok(row))
            .await
            .map(Admission::Admitted),
        Err(error) => made_or_found(store, new, Err(error))
            .await
            .map(Admission::Admitted),
    }
}

/// Waits until nobody else counts places; the right to count ends with the transaction. It is the first statement of
/// that: PostgreSQL then sees what those before it wrote, and SQLite has its one writer.
pub(crate) async fn take_turn(transaction: &mut AnyConnection) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE admission SET turn = turn + 1 WHERE id = 1")
        .execute(transaction)
        .await?;
    Ok(())
}
