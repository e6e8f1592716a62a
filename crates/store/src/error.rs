//! Errors of the store.

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address is not one of a database that is supported.
    #[error(
        "not a database URL ({0}); use sqlite:///./casp.db or postgresql://user:password@host/name"
    )]
    BadUrl(String),
    /// The folder of a SQLite file could not be made.
    #[error("cannot make the folder of the database file: {0}")]
    Folder(#[from] std::io::Error),
    /// The database said no, or was not there.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The migrations failed.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database did not answer in time.
    #[error("the database did not answer in time")]
    Timeout,
    /// A row holds what no code writes.
    #[error("corrupt row: {0}")]
    Corrupt(String),
    /// The session ended before; it is never revived.
    #[error("the session has ended")]
    SessionEnded,
    /// Another live session has this room.
    #[error("another live session has this room")]
    RoomTaken,
    /// The key belongs to another account.
    #[error("the key belongs to another account")]
    KeyTaken,
    /// The account holds as many custom scenarios as it may.
    #[error("the account holds as many custom scenarios as it may")]
    ScenarioLimit,
    /// Something else of the account's has this name.
    #[error("something else of the account's has this name")]
    NameTaken,
    /// The address is linked to another end user of the account.
    #[error("the address is linked to another end user of the account")]
    AddressTaken,
}

impl StoreError {
    /// Whether a `UNIQUE` constraint stood in the way.
    pub(crate) fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }
}
