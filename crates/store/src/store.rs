//! The connection pool.

use crate::{
    StoreError, ceilings::SpendingRules, database_url::DatabaseUrl, migrations::MIGRATIONS,
    transcripts,
};
use sqlx::{
    Connection as _, Executor as _,
    any::{AnyConnectOptions, AnyPoolOptions},
    migrate::MigrateError,
};
use std::{future::Future, str::FromStr as _, sync::Arc, time::Duration};

/// Longest wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time of a call, the wait for a connection included.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// SQLite has one writer at a time; more connections would only queue at its lock.
const SQLITE_CONNECTIONS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;
/// How often a migration that another process got in the way of is tried again.
const MIGRATION_ATTEMPTS: u32 = 20;

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pool: sqlx::AnyPool,
    dialect: Dialect,
    spending_rules: Arc<SpendingRules>,
}

/// Which engine it is; full-text search alone needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Store {
    /// Opens `sqlite://…` or `postgres://…` (also the forms of the seeds: `sqlite:///./sql_app.db`, `postgresql://…`).
    /// A SQLite file is made if there is none, with its folder.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let folder = std::env::current_dir()?;
        let (url, options, dialect) = match DatabaseUrl::parse(url, &folder)? {
            DatabaseUrl::SqliteFile { path, url } => {
                if let Some(parent) = path.parent() {
                    tokio::fs::create_dir_all(parent).await?;
                }
                // A local file does not go away: no ping before each use.
                let options = AnyPoolOptions::new().test_before_acquire(false);
                let options = options.max_connections(SQLITE_CONNECTIONS);
                (url, options, Dialect::Sqlite)
            }
            // The data lives as long as the one connection does.
            DatabaseUrl::SqliteMemory => (
                "sqlite::memory:".to_owned(),
                AnyPoolOptions::new()
                    .test_before_acquire(false)
                    .idle_timeout(None)
                    .max_lifetime(None)
                    .min_connections(1)
                    .max_connections(1),
                Dialect::Sqlite,
            ),
            DatabaseUrl::Postgres { url } => (
                url,
                AnyPoolOptions::new().max_connections(POSTGRES_CONNECTIONS),
                Dialect::Postgres,
            ),
        };
        let connect_options = AnyConnectOptions::from_str(&url)
            .map_err(|_| StoreError::BadUrl("it cannot be read".into()))?;
        let pool = options
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    connection
                        .execute(session_settings(connection.backend_name()))
                        .await?;
                    Ok(())
                })
            })
            .connect_with(connect_options)
            .await?;
        Ok(Self {
            pool,
            dialect,
            spending_rules: Arc::default(),
        })
    }

    /// The same database under these rules of what accounts may spend.
    #[must_use]
    pub fn with_spending_rules(mut self, rules: SpendingRules) -> Self {
        self.spending_rules = Arc::new(rules);
        self
    }

    pub(crate) fn spending_rules(&self) -> &SpendingRules {
        &self.spending_rules
    }

    /// Runs the migrations; safe from several processes at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        // PostgreSQL has an advisory lock for this. SQLite has none: each migration is a transaction that also
        // writes its number, so the slower of two processes fails as a whole and finds it done the next time.
        let mut attempt = 1;
        loop {
            match MIGRATIONS.run(&self.pool).await {
                Ok(()) => return transcripts::prepare_search(self).await,
                Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..))
                    if attempt < MIGRATION_ATTEMPTS =>
                {
                    tokio::time::sleep(Duration::from_millis(25)).await;
                    attempt += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Answers a trivial query: the database is there.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.timed(async { self.pool.acquire().await?.ping().await })
            .await
    }

    /// Closes every connection; calls after this fail. Waits until those under way are done.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(crate) fn pool(&self) -> &sqlx::AnyPool {
        &self.pool
    }

    /// Bounds a call in time.
    pub(crate) async fn timed<T>(
        &self,
        call: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(CALL_TIMEOUT, call).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(StoreError::Timeout),
        }
    }
}

/// What each new connection is told.
fn session_settings(backend_name: &str) -> &'static str {
    if backend_name == "PostgreSQL" {
        // Milliseconds; below the bound of a call, so that the server gives up first and the connection stays good.
        "SET statement_timeout = 8000"
    } else {
        // The wait comes first: switching to WAL needs the lock that another process may hold.
        // NORMAL: in WAL a power cut may take the last moments, never the file.
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
         PRAGMA foreign_keys = ON"
    }
}
