//! The connection pool.

use crate::StoreError;

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {}

impl Store {
    /// Opens `sqlite://…` or `postgres://…` (also the forms of the seeds: `sqlite:///./sql_app.db`, `postgresql://…`).
    pub async fn connect(_url: &str) -> Result<Self, StoreError> {
        unimplemented!()
    }
    /// Runs the migrations; safe from several processes at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        unimplemented!()
    }
    /// Answers a trivial query: the database is there.
    pub async fn ping(&self) -> Result<(), StoreError> {
        unimplemented!()
    }
}
