//! Identities: which address on which channel is which end user (resource) of an account.
//!
//! A link counts only once a code that was sent to the address came back. The same address may be linked in several
//! accounts; each knows its own links alone.

mod codes;

pub use codes::{Attempt, confirm, count_sent_code, purge_sent_codes, set_code, take_attempt};

use crate::{
    AccountId, Store, StoreError,
    sessions::{Direction, Session, SessionKind},
};
use sqlx::{Row as _, any::AnyRow};

/// A channel by whose address somebody is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// A telephone that calls.
    Phone,
    /// A telephone that writes.
    Sms,
    /// A WhatsApp number.
    Whatsapp,
    /// An e-mail address.
    Email,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 4] = [Self::Phone, Self::Sms, Self::Whatsapp, Self::Email];

    /// `phone`, `sms`, …
    pub fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Sms => "sms",
            Self::Whatsapp => "whatsapp",
            Self::Email => "email",
        }
    }

    /// By its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

/// An address and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `idn_…`
    pub id: String,
    /// Owner.
    pub account: AccountId,
    /// Channel.
    pub channel: Channel,
    /// E.164 number, or e-mail in lower case.
    pub address: String,
    /// The end user.
    pub resource: String,
    /// When the code came back; `None`: not yet, and the link does not count.
    pub verified_at_ms: Option<i64>,
    /// Unix milliseconds.
    pub created_at_ms: i64,
}

/// Columns of an identity, in the order of [`from_row`].
macro_rules! columns {
    () => {
        "id, account_id, channel, address, resource, verified_at_ms, created_at_ms"
    };
}

/// Links an address to a resource, for now without its counting; or finds the link. One that does not count yet may be
/// pointed at another resource; with one that does, that is [`StoreError::AddressTaken`].
pub async fn add(
    store: &Store,
    account: AccountId,
    channel: Channel,
    address: &str,
    resource: &str,
    now_ms: i64,
) -> Result<Identity, StoreError> {
    let row = store
        .timed(
            // A code that is on its way was asked for in another's name: it is good for nothing now.
            sqlx::query(concat!(
                "INSERT INTO identities (id, account_id, channel, address, resource, created_at_ms) \
                 VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (account_id, channel, address) DO UPDATE SET \
                 resource = excluded.resource, \
                 code_hash = CASE WHEN identities.resource = excluded.resource \
                             THEN identities.code_hash ELSE NULL END \
                 WHERE identities.verified_at_ms IS NULL OR identities.resource = excluded.resource \
                 RETURNING ",
                columns!()
            ))
            .bind(format!("idn_{}", uuid::Uuid::new_v4().simple()))
            .bind(account.0)
            .bind(channel.name())
            .bind(address)
            .bind(resource)
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    from_row(&row.ok_or(StoreError::AddressTaken)?)
}

/// An account's identity by its id.
pub async fn get(
    store: &Store,
    account: AccountId,
    id: &str,
) -> Result<Option<Identity>, StoreError> {
    if id.contains(char::is_control) {
        return Ok(None);
    }
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM identities WHERE account_id = $1 AND id = $2"
            ))
            .bind(account.0)
            .bind(id)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// A page of an account's identities, the newest first; of one resource, if it is given.
pub async fn list(
    store: &Store,
    account: AccountId,
    resource: Option<&str>,
    skip: u32,
    limit: u32,
) -> Result<Vec<Identity>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM identities WHERE account_id = $1 AND ($2 = 1 OR resource = $3) \
                 ORDER BY created_at_ms DESC, id LIMIT $4 OFFSET $5"
            ))
            .bind(account.0)
            .bind(i64::from(resource.is_none()))
            .bind(resource.unwrap_or_default())
            .bind(i64::from(limit))
            .bind(i64::from(skip))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Whose address this is in that account: the resource of a link that counts.
pub async fn resource_of(
    store: &Store,
    account: AccountId,
    channel: Channel,
    address: &str,
) -> Result<Option<String>, StoreError> {
    // Addresses of webhooks may be anything, and PostgreSQL takes no text with NUL in it.
    if address.contains(char::is_control) {
        return Ok(None);
    }
    let row = store
        .timed(
            sqlx::query(
                "SELECT resource FROM identities WHERE account_id = $1 AND channel = $2 \
                 AND address = $3 AND verified_at_ms IS NOT NULL",
            )
            .bind(account.0)
            .bind(channel.name())
            .bind(address)
            .fetch_optional(store.pool()),
        )
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// The telephone that a session talks with, as links name it; `None` when it talks with none.
pub fn telephone_of(session: &Session) -> Option<(Channel, &str)> {
    let channel = match session.kind {
        SessionKind::Phone => Channel::Phone,
        SessionKind::Whatsapp => Channel::Whatsapp,
        _ => return None,
    };
    let address = match session.direction {
        Direction::Inbound => &session.from,
        Direction::Outbound => &session.to,
    };
    let address = address.strip_prefix("whatsapp:").unwrap_or(address);
    Some((channel, address))
}

/// Makes a link count without a code: where the address is known to be the account's own.
pub async fn vouch(
    store: &Store,
    account: AccountId,
    id: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE identities SET verified_at_ms = COALESCE(verified_at_ms, $3), code_hash = NULL \
                 WHERE account_id = $1 AND id = $2",
            )
            .bind(account.0)
            .bind(id)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Cuts a link; whether it was there.
pub async fn delete(store: &Store, account: AccountId, id: &str) -> Result<bool, StoreError> {
    if id.contains(char::is_control) {
        return Ok(false);
    }
    let done = store
        .timed(
            sqlx::query("DELETE FROM identities WHERE account_id = $1 AND id = $2")
                .bind(account.0)
                .bind(id)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

fn from_row(row: &AnyRow) -> Result<Identity, StoreError> {
    let channel: String = row.try_get(2)?;
    Ok(Identity {
        id: row.try_get(0)?,
        account: AccountId(row.try_get(1)?),
        channel: Channel::from_name(&channel)
            .ok_or_else(|| StoreError::Corrupt(format!("identities.channel {channel}")))?,
        address: row.try_get(3)?,
        resource: row.try_get(4)?,
        verified_at_ms: row.try_get(5)?,
        created_at_ms: row.try_get(6)?,
    })
}
