//! Making sessions.

use super::{Direction, NewSession, Session, SessionState, from_row, get};
use crate::{Store, StoreError, transcripts};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

/// Makes the row, or returns the live one of that id. `SessionEnded` when it ended before
/// (web rooms alone may be made again: their row begins anew), `RoomTaken` when another live session has the room.
/// The row that is returned may be another account's: look at `account`.
pub async fn announce(store: &Store, new: &NewSession, now_ms: i64) -> Result<Session, StoreError> {
    announce_as(store, new, Direction::Inbound, now_ms).await
}

/// The same of a call that we place. Its room is made when it is answered, so it may be without one for as long as
/// it rings.
pub async fn announce_outbound(
    store: &Store,
    new: &NewSession,
    now_ms: i64,
) -> Result<Session, StoreError> {
    announce_as(store, new, Direction::Outbound, now_ms).await
}

async fn announce_as(
    store: &Store,
    new: &NewSession,
    direction: Direction,
    now_ms: i64,
) -> Result<Session, StoreError> {
    let made = store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            let made = insert(&mut transaction, new, direction, now_ms).await?;
            transaction.commit().await?;
            Ok(made)
        })
        .await;
    made_or_found(store, new, made).await
}

/// The row, if it is a new one; within a transaction, so that no session is without its transcript.
pub(super) async fn insert(
    transaction: &mut AnyConnection,
    new: &NewSession,
    direction: Direction,
    now_ms: i64,
) -> Result<Option<AnyRow>, sqlx::Error> {
    let made = sqlx::query(concat!(
        "INSERT INTO sessions (id, account_id, kind, room_name, from_address, to_address, \
         assistant, overrides, state, incarnation, agent_epoch, wants_agent, next_turn, \
         started_at_ms, direction) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'announced', 1, 0, 1, 0, $9, $10) \
         ON CONFLICT (id) DO UPDATE SET account_id = excluded.account_id, \
         room_name = excluded.room_name, from_address = excluded.from_address, \
         to_address = excluded.to_address, assistant = excluded.assistant, \
         overrides = excluded.overrides, state = 'announced', \
         incarnation = sessions.incarnation + 1, agent_epoch = sessions.agent_epoch + 1, \
         worker_id = NULL, claimed_at_ms = NULL, wants_agent = 1, \
         dispatch_lease_until_ms = 0, next_turn = 0, started_at_ms = excluded.started_at_ms, \
         ended_at_ms = NULL, end_reason = NULL \
         WHERE sessions.kind = 'web' AND sessions.state = 'ended' RETURNING ",
        columns!(),
        ", incarnation"
    ))
    .bind(&new.id)
    .bind(new.account.0)
    .bind(new.kind.name())
    .bind(&new.room_name)
    .bind(&new.from)
    .bind(&new.to)
    .bind(&new.assistant)
    .bind(new.overrides.to_string())
    .bind(now_ms)
    .bind(direction.name())
    .fetch_optional(&mut *transaction)
    .await?;
    if let Some(row) = &made {
        let resource = new.overrides.get("resource");
        let beginning = transcripts::Beginning {
            account: new.account,
            session_id: &new.id,
            incarnation: row.try_get("incarnation")?,
            channel: new.kind.name(),
            direction: direction.name(),
            scenario: &new.assistant,
            from: &new.from,
            to: &new.to,
            resource: resource.and_then(serde_json::Value::as_str),
            started_at_ms: now_ms,
        };
        transcripts::begin(transaction, &beginning).await?;
    }
    Ok(made)
}

pub(super) async fn made_or_found(
    store: &Store,
    new: &NewSession,
    made: Result<Option<AnyRow>, StoreError>,
) -> Result<Session, StoreError> {
    let (made, is_room_taken) = match made {
        Ok(made) => (made, false),
        // The room's index may speak up before the id's does, when the very same session is announced twice.
        Err(error) if error.is_unique_violation() => (None, true),
        Err(error) => return Err(error),
    };
    if let Some(row) = made {
        return from_row(&row);
    }
    match get(store, &new.id).await? {
        Some(session) if session.state != SessionState::Ended => Ok(session),
        _ if is_room_taken => Err(StoreError::RoomTaken),
        _ => Err(StoreError::SessionEnded),
    }
}
