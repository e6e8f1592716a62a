//! A database with connections in it, on either engine, and those who use them.

use super::login::{CLIENT_ID, CLIENT_SECRET, Login};
use casp_actions::{
    AccessToken, Endpoints, Owner, Provider, TokenError, TokenSource as _,
    connections::{
        Connections, ConnectionsConfig, OAuthClient, OAuthClients, OAuthRoots, Registration,
    },
    sealing::Keyring,
};
use casp_store::{AccountId, Store, accounts, connections::Connection};
use casp_testkit::PostgresServer;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use url::Url;

pub(super) struct Vault {
    pub(super) url: String,
    pub(super) store: Store,
    pub(super) account: AccountId,
    _folder: Option<tempfile::TempDir>,
}

impl Vault {
    pub(super) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/casp.db", folder.path().display());
        Self::migrated(url, Some(folder)).await
    }

    pub(super) async fn postgres() -> Self {
        let server = tokio::task::spawn_blocking(PostgresServer::shared)
            .await
            .unwrap();
        let name = format!("t{}", uuid::Uuid::new_v4().simple());
        sqlx::any::install_default_drivers();
        let mut admin = AnyConnection::connect(&server.url("postgres"))
            .await
            .unwrap();
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        admin.execute(sqlx::AssertSqlSafe(create)).await.unwrap();
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
            url,
            store,
            account,
            _folder: folder,
        }
    }

    pub(super) fn owner(&self, resource: &str) -> Owner {
        Owner {
            account: self.account,
            resource: resource.to_owned(),
        }
    }

    /// What one process has of it, with connections to the database of its own.
    pub(super) async fn process(&self, login: &Login) -> Connections {
        connections(&self.url, &login.root, keyring(), ours()).await
    }

    /// A connection to the database beside ours.
    pub(super) async fn outside(&self) -> AnyConnection {
        AnyConnection::connect(&self.url).await.unwrap()
    }

    /// Changes rows behind everybody's back: `connections` says which columns.
    pub(super) async fn set(&self, resource: &str, columns: &str) {
        let sql = format!("UPDATE connections SET {columns} WHERE resource = '{resource}'");
        let done = self.outside().await.execute(sqlx::AssertSqlSafe(sql)).await;
        assert_eq!(done.unwrap().rows_affected(), 1);
    }

    /// Its access token has ended.
    pub(super) async fn expire(&self, resource: &str) {
        let now = now_ms();
        self.set(
            resource,
            &format!("expires_at_ms = {now}, refresh_due_at_ms = {now}"),
        )
        .await;
    }

    pub(super) async fn look(&self, of: &Connections, resource: &str) -> Connection {
        let found = of.connection(&self.owner(resource), Provider::Gmail).await;
        found.unwrap().unwrap()
    }

    /// Registers tokens with Gmail whose access token lasts for `life`.
    pub(super) async fn register(
        &self,
        of: &Connections,
        resource: &str,
        refresh_token: &str,
        life: Duration,
    ) {
        of.register(&Registration {
            owner: self.owner(resource),
            provider: Provider::Gmail,
            access_token: format!("access-of-{resource}").into(),
            refresh_token: Some(refresh_token.to_owned().into()),
            expires_in: Some(life),
            user_email: Some(format!("{resource}@example.com")),
            scopes: vec!["openid".into()],
        })
        .await
        .unwrap();
    }

    /// One whose access token has ended.
    pub(super) async fn connect_expired(&self, of: &Connections, login: &Login, resource: &str) {
        let refresh = login.issued_before(&format!("refresh-of-{resource}"));
        self.register(of, resource, &refresh, Duration::ZERO).await;
    }

    pub(super) async fn token(
        &self,
        of: &Connections,
        resource: &str,
    ) -> Result<String, TokenError> {
        let token = of.token(&self.owner(resource), Provider::Gmail).await?;
        Ok(exposed(&token))
    }
}

pub(super) fn exposed(token: &AccessToken) -> String {
    token.secret.expose_secret().to_owned()
}

pub(super) fn keyring() -> Keyring {
    Keyring::derived(&SecretString::from("the secret key of these tests"))
}

/// A client at every login.
pub(super) fn ours() -> OAuthClients {
    let client = || {
        Some(OAuthClient {
            id: CLIENT_ID.into(),
            secret: CLIENT_SECRET.to_owned().into(),
        })
    };
    OAuthClients {
        google: client(),
        microsoft: client(),
        slack: client(),
        hubspot: client(),
        jira: client(),
    }
}

/// Connections of a process with all logins and APIs at one root.
pub(super) async fn connections(
    database: &str,
    root: &Url,
    keyring: Keyring,
    clients: OAuthClients,
) -> Connections {
    Connections::new(ConnectionsConfig {
        store: Store::connect(database).await.unwrap(),
        keyring,
        clients,
        roots: OAuthRoots {
            google: root.clone(),
            microsoft: root.clone(),
        },
        endpoints: Endpoints {
            google_api: root.clone(),
            microsoft_graph: root.clone(),
            slack: root.clone(),
            hubspot: root.clone(),
            jira: root.clone(),
        },
    })
    .unwrap()
}

pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// Asks again and again until it is so; fails after a minute.
pub(super) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    while !is_so().await {
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Makes of one async function two tests.
macro_rules! on_both {
    ($(async fn $name:ident($vault:ident: Vault) $body:block)*) => {
        $(mod $name {
            #[allow(unused_imports, reason = "some specifications need nothing from around them")]
            use super::*;
            async fn specification($vault: Vault) $body
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                specification(Vault::sqlite().await).await;
            }
            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                specification(Vault::postgres().await).await;
            }
        })*
    };
}
pub(super) use on_both;
