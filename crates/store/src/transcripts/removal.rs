//! Transcripts that go: because their owner says so, because somebody wants to be forgotten, because they are old.
//!
//! A row that is deleted or erased stays, empty, so that the calls of a day stay counted.

use super::first_id_at;
use crate::{AccountId, Store, StoreError, resources};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

/// Whom to forget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Whoever called from there or was called there, by telephone or WhatsApp. E.164.
    Number(String),
    /// An end user of the account.
    Resource(String),
}

/// The conversations of somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Those that are over: number and session.
    pub over: Vec<(i64, String)>,
    /// How many go on; they can be erased when they have ended.
    pub still_live: i64,
}

/// One conversation.
struct Conversation {
    id: i64,
    session_id: String,
    incarnation: i64,
    account: i64,
}

impl Conversation {
    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get(0)?,
            session_id: row.try_get(1)?,
            incarnation: row.try_get(2)?,
            account: row.try_get(3)?,
        })
    }

    /// Turns, words for search, Voice Intelligence's sentences.
    async fn delete_words(
        &self,
        connection: &mut AnyConnection,
        store: &Store,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM turns WHERE session_id = $1 AND incarnation = $2")
            .bind(&self.session_id)
            .bind(self.incarnation)
            .execute(&mut *connection)
            .await?;
        super::words::remove(connection, store.dialect(), self.id).await?;
        if let Some((_, call_sid)) = self.session_id.split_once('-') {
            sqlx::query("DELETE FROM twilio_transcripts WHERE account_id = $1 AND call_sid = $2")
                .bind(self.account)
                .bind(call_sid)
                .execute(connection)
                .await?;
        }
        Ok(())
    }
}

/// Deletes a conversation that is over; false when it is not there, or goes on.
pub async fn remove(store: &Store, account: AccountId, id: i64) -> Result<bool, StoreError> {
    store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            let row = sqlx::query(
                "UPDATE transcripts SET is_deleted = 1, is_shown = 0, notes = NULL \
                 WHERE account_id = $1 AND id = $2 AND is_shown = 1 AND ended_at_ms IS NOT NULL \
                 RETURNING id, session_id, incarnation, account_id",
            )
            .bind(account.0)
            .bind(id)
            .fetch_optional(&mut *transaction)
            .await?;
            let Some(row) = row else { return Ok(false) };
            Conversation::from_row(&row)?
                .delete_words(&mut transaction, store)
                .await?;
            transaction.commit().await?;
            Ok(true)
        })
        .await
}

/// Whether the conversation of a session, the newest of its lives, was deleted or erased.
pub async fn is_deleted(
    store: &Store,
    account: AccountId,
    session_id: &str,
) -> Result<bool, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "SELECT is_deleted FROM transcripts WHERE account_id = $1 AND session_id = $2 \
                 ORDER BY incarnation DESC LIMIT 1",
            )
            .bind(account.0)
            .bind(session_id)
            .fetch_optional(store.pool()),
        )
        .await?;
    Ok(match row {
        Some(row) => row.try_get::<i64, _>(0)? != 0,
        None => false,
    })
}

/// At most `limit` conversations of somebody that were not erased yet, those that are over first.
pub async fn about(
    store: &Store,
    account: AccountId,
    subject: &Subject,
    limit: u32,
) -> Result<Found, StoreError> {
    let (sql, value, other) = match subject {
        Subject::Number(number) => (
            "SELECT id, session_id, ended_at_ms FROM transcripts WHERE account_id = $1 \
             AND (from_address IN ($2, $4) OR to_address IN ($2, $4)) \
             ORDER BY ended_at_ms IS NULL, id LIMIT $3",
            number,
            format!("whatsapp:{number}"),
        ),
        Subject::Resource(resource) => (
            "SELECT id, session_id, ended_at_ms FROM transcripts WHERE account_id = $1 \
             AND (resource = $2 OR (resource LIKE '%@%' AND lower(resource) = $4)) ORDER BY ended_at_ms IS NULL, id LIMIT $3",
            resource,
            resources::folded(resource),
        ),
    };
    let query = sqlx::query(sql)
        .bind(account.0)
        .bind(value)
        .bind(i64::from(limit))
        .bind(other);
    let rows = store.timed(query.fetch_all(store.pool())).await?;
    let mut found = Found::default();
    for row in &rows {
        if row.try_get::<Option<i64>, _>(2)?.is_some() {
            found.over.push((row.try_get(0)?, row.try_get(1)?));
        } else {
            found.still_live += 1;
        }
    }
    Ok(found)
}

/// Erases words, notes and addresses of a conversation that is over; false when that was done before.
pub async fn erase(store: &Store, account: AccountId, id: i64) -> Result<bool, StoreError> {
    store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            let row = sqlx::query(
                "UPDATE transcripts SET is_deleted = 1, is_shown = 0, notes = NULL, resource = NULL, \
                 from_address = '', to_address = '' WHERE account_id = $1 AND id = $2 \
                 AND ended_at_ms IS NOT NULL \
                 AND (from_address <> '' OR to_address <> '' OR resource IS NOT NULL) \
                 RETURNING id, session_id, incarnation, account_id",
            )
            .bind(account.0)
            .bind(id)
            .fetch_optional(&mut *transaction)
            .await?;
            let Some(row) = row else { return Ok(false) };
            let conversation = Conversation::from_row(&row)?;
            conversation.delete_words(&mut transaction, store).await?;
            sqlx::query(
                "UPDATE sessions SET from_address = '', to_address = '', overrides = '{}' \
                 WHERE id = $1 AND incarnation = $2 AND state = 'ended'",
            )
            .bind(&conversation.session_id)
            .bind(conversation.incarnation)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(true)
        })
        .await
}

/// Deletes at most `limit` conversations, with their sessions, that ended before `before_ms`; returns how many. Call
/// it until there are none.
pub async fn remove_old(store: &Store, before_ms: i64, limit: u32) -> Result<usize, StoreError> {
    store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            let rows = sqlx::query(
                "SELECT id, session_id, incarnation, account_id FROM transcripts \
                 WHERE id < $1 AND ended_at_ms < $2 ORDER BY id LIMIT $3",
            )
            .bind(first_id_at(before_ms))
            .bind(before_ms)
            .bind(i64::from(limit))
            .fetch_all(&mut *transaction)
            .await?;
            for row in &rows {
                let conversation = Conversation::from_row(row)?;
                conversation.delete_words(&mut transaction, store).await?;
                sqlx::query("DELETE FROM transcripts WHERE id = $1")
                    .bind(conversation.id)
                    .execute(&mut *transaction)
                    .await?;
                for delete in [
                    "DELETE FROM stream_tokens WHERE session_id = $1 AND EXISTS (SELECT 1 FROM sessions s \
                     WHERE s.id = $1 AND s.incarnation = $2 AND s.state = 'ended')",
                    "DELETE FROM recording_consents WHERE session_id = $1 AND EXISTS (SELECT 1 FROM sessions s \
                     WHERE s.id = $1 AND s.incarnation = $2 AND s.state = 'ended')",
                    "DELETE FROM sessions WHERE id = $1 AND incarnation = $2 AND state = 'ended' \
                     AND NOT EXISTS (SELECT 1 FROM turns WHERE turns.session_id = $1)",
                ] {
                    sqlx::query(delete)
                        .bind(&conversation.session_id)
                        .bind(conversation.incarnation)
                        .execute(&mut *transaction)
                        .await?;
                }
            }
            transaction.commit().await?;
            Ok(rows.len())
        })
        .await
}
