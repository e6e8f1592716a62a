//! `call.ended`: told whoever ends the call, in the transaction that ends it.

use super::{Event, deliveries::emit_in};
use crate::AccountId;
use serde_json::json;
use sqlx::{AnyConnection, Row as _};

/// Tells the endpoint of the session's account, if it has one, and the session was a call.
pub(crate) async fn call_ended(
    connection: &mut AnyConnection,
    session_id: &str,
    now_ms: i64,
) -> Result<(), sqlx::Error> {
    let row = sqlx::query(
        "SELECT s.account_id, s.kind, s.from_address, s.to_address, s.assistant, s.end_reason, \
         s.started_at_ms, s.ended_at_ms FROM sessions s \
         JOIN webhook_endpoints e ON e.account_id = s.account_id \
         WHERE s.id = $1 AND s.kind IN ('phone', 'whatsapp')",
    )
    .bind(session_id)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let (started_at_ms, ended_at_ms): (i64, i64) = (row.try_get(6)?, row.try_get(7)?);
    let body = json!({
        "type": "call.ended",
        "timestamp": rfc3339(now_ms),
        "data": {
            "session_id": session_id,
            "call_sid": session_id.split_once('-').map(|(_, sid)| sid),
            "type": row.try_get::<String, _>(1)?,
            "from": row.try_get::<String, _>(2)?,
            "to": row.try_get::<String, _>(3)?,
            "assistant": row.try_get::<String, _>(4)?,
            "reason": row.try_get::<Option<String>, _>(5)?,
            "started_at": rfc3339(started_at_ms),
            "ended_at": rfc3339(ended_at_ms),
            "duration_ms": (ended_at_ms - started_at_ms).max(0),
        },
    });
    let event = Event {
        event_type: "call.ended",
        key: session_id,
        body: body.to_string(),
    };
    emit_in(connection, AccountId(row.try_get(0)?), &event, now_ms).await?;
    Ok(())
}

fn rfc3339(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms)
        .unwrap_or_default()
        .to_string()
}
