//! A fresh, migrated database for each test, on both engines.

use casp_store::{
    AccountId, Store, accounts,
    sessions::{self, NewSession, Session, SessionKind},
};
use casp_testkit::PostgresServer;
use sqlx::{Connection as _, Executor as _};

/// A database. `url` opens further connections, as another process would.
pub(crate) struct TestDatabase {
    pub(crate) store: Store,
    pub(crate) url: String,
    pub(crate) account: AccountId,
    _folder: Option<tempfile::TempDir>,
}

impl TestDatabase {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!(
            "sqlite://{}/made/on/the/way/casp.db",
            folder.path().display()
        );
        Self::migrated(url, Some(folder)).await
    }

    pub(crate) async fn postgres() -> Self {
        let server = PostgresServer::shared();
        let name = format!("t{}", uuid::Uuid::new_v4().simple());
        sqlx::any::install_default_drivers();
        let mut admin = sqlx::AnyConnection::connect(&server.url("postgres"))
            .await
            .unwrap();
        admin
            .execute(sqlx::AssertSqlSafe(format!(
                "CREATE DATABASE {name} TEMPLATE template0"
            )))
            .await
            .unwrap();
        Self::migrated(server.url(&name), None).await
    }

    async fn migrated(url: String, folder: Option<tempfile::TempDir>) -> Self {
        let store = Store::connect(&url).await.unwrap();
        store.migrate().await.unwrap();
        let account = accounts::ensure(&store, "a@example.org", None, false)
            .await
            .unwrap()
            .id;
        Self {
            store,
            url,
            account,
            _folder: folder,
        }
    }

    /// The same database through connections of its own, as another process has them.
    pub(crate) async fn second_process(&self) -> Store {
        Store::connect(&self.url).await.unwrap()
    }

    /// A phone session of the first account.
    pub(crate) fn phone(&self, call: &str) -> NewSession {
        NewSession {
            id: format!("phone-{call}"),
            account: self.account,
            kind: SessionKind::Phone,
            room_name: format!("twilio-{call}"),
            from: "+15551230001".into(),
            to: "+15551230002".into(),
            assistant: "default".into(),
            overrides: serde_json::json!({}),
        }
    }

    /// A web session of the first account.
    pub(crate) fn web(&self, room: &str) -> NewSession {
        NewSession {
            id: format!("web-{room}"),
            kind: SessionKind::Web,
            room_name: room.into(),
            from: String::new(),
            to: String::new(),
            ..self.phone("x")
        }
    }

    /// Announces a phone session at time 0.
    pub(crate) async fn announced(&self, call: &str) -> Session {
        sessions::announce(&self.store, &self.phone(call), 0)
            .await
            .unwrap()
    }
}

/// Makes of one async function two tests.
macro_rules! on_both {
    ($(async fn $name:ident($database:ident: TestDatabase) $body:block)*) => {
        $(mod $name {
            #[allow(unused_imports, reason = "some specifications need nothing from around them")]
            use super::*;
            async fn specification($database: crate::databases::TestDatabase) $body
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                specification(crate::databases::TestDatabase::sqlite().await).await;
            }
            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                specification(crate::databases::TestDatabase::postgres().await).await;
            }
        })*
    };
}
pub(crate) use on_both;
