//! Errors of the store.

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database said no, or was not there.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The migrations failed.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A row holds what no code writes.
    #[error("corrupt row: {0}")]
    Corrupt(String),
    /// The session ended before; it is never revived.
    #[error("the session has ended")]
    SessionEnded,
}
