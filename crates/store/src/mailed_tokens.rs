//! Single-use tokens in links that are mailed or handed over. Stored hashed.

use crate::{
    Store, StoreError,
    secret_hash::{random_token, secret_hash},
};
use sqlx::Row as _;

/// What a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Shows that an e-mail is the account's own.
    VerifyEmail,
    /// Sets a new password.
    ResetPassword,
    /// Lets one e-mail register.
    Invitation,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify-email",
            Self::ResetPassword => "reset-password",
            Self::Invitation => "invitation",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::VerifyEmail => "ve_",
            Self::ResetPassword => "rp_",
            Self::Invitation => "in_",
        }
    }
}

/// Makes a token for an e-mail (lower case).
pub async fn issue(
    store: &Store,
    purpose: Purpose,
    email: &str,
    now_ms: i64,
    ttl_ms: i64,
) -> Result<String, StoreError> {
    let token = random_token(purpose.prefix());
    store
        .timed(
            sqlx::query(
                "INSERT INTO mailed_tokens (token_hash, purpose, email, expires_at_ms) \
                 VALUES ($1, $2, $3, $4)",
            )
            .bind(secret_hash(&token))
            .bind(purpose.name())
            .bind(email)
            .bind(now_ms.saturating_add(ttl_ms))
            .execute(store.pool()),
        )
        .await?;
    Ok(token)
}

/// Whose token it is, without spending it; `None` for an unknown, spent or expired one.
pub async fn email_of(
    store: &Store,
    purpose: Purpose,
    token: &str,
    now_ms: i64,
) -> Result<Option<String>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "SELECT email FROM mailed_tokens WHERE token_hash = $1 AND purpose = $2 \
                 AND used_at_ms IS NULL AND expires_at_ms > $3",
            )
            .bind(secret_hash(token))
            .bind(purpose.name())
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Spends a token: its e-mail, once. The e-mail's other tokens of this purpose are spent with it.
pub async fn redeem(
    store: &Store,
    purpose: Purpose,
    token: &str,
    now_ms: i64,
) -> Result<Option<String>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "UPDATE mailed_tokens SET used_at_ms = $3 WHERE token_hash = $1 AND purpose = $2 \
                 AND used_at_ms IS NULL AND expires_at_ms > $3 RETURNING email",
            )
            .bind(secret_hash(token))
            .bind(purpose.name())
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let email: String = row.try_get(0)?;
    store
        .timed(
            sqlx::query(
                "UPDATE mailed_tokens SET used_at_ms = $3 \
                 WHERE email = $1 AND purpose = $2 AND used_at_ms IS NULL",
            )
            .bind(&email)
            .bind(purpose.name())
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(Some(email))
}

/// How many tokens of a purpose an e-mail has been sent that have not expired, spent ones too.
pub async fn recent(
    store: &Store,
    purpose: Purpose,
    email: &str,
    now_ms: i64,
) -> Result<i64, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "SELECT COUNT(*) FROM mailed_tokens \
                 WHERE email = $1 AND purpose = $2 AND expires_at_ms > $3",
            )
            .bind(email)
            .bind(purpose.name())
            .bind(now_ms)
            .fetch_one(store.pool()),
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Takes away the tokens that expired before `before_ms`; returns how many.
pub async fn purge(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query("DELETE FROM mailed_tokens WHERE expires_at_ms < $1")
                .bind(before_ms)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}
