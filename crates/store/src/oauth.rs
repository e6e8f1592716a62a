//! Users on their way to a connection: links that an account's backend made for them, consent pages they are at, and
//! where they may be sent afterwards.

mod authorizations;
mod redirect_uris;
mod sessions;

pub use authorizations::{Authorization, NewAuthorization, begin, redeem};
pub use redirect_uris::{redirect_uris, set_redirect_uris};
pub use sessions::{OAuthSession, create_session, redeem_session};

use crate::{Store, StoreError};

/// Takes away what expired before `before_ms`; returns how many rows.
pub async fn purge(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    let mut purged = 0;
    for sql in [
        "DELETE FROM oauth_sessions WHERE expires_at_ms < $1",
        "DELETE FROM oauth_authorizations WHERE expires_at_ms < $1",
    ] {
        let done = store
            .timed(sqlx::query(sql).bind(before_ms).execute(store.pool()))
            .await?;
        purged += done.rows_affected();
    }
    Ok(purged)
}
