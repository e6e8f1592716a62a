//! `casp migrate` on several machines at once: five processes migrate one new database.

use casp_store::{Store, accounts};
use casp_testkit::PostgresServer;
use sqlx::{Connection as _, Executor as _};
use std::process::{Command, Stdio};

const DATABASE: &str = "CASP_TEST_DATABASE";

/// What `casp migrate` does.
#[tokio::test]
#[ignore = "a process that the other tests start"]
async fn migrating_process() {
    let Ok(url) = std::env::var(DATABASE) else {
        return;
    };
    Store::connect(&url).await.unwrap().migrate().await.unwrap();
}

async fn five_processes_migrate(url: &str) {
    let processes: Vec<_> = (0..5)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "migrating::migrating_process", "--ignored"])
                .env(DATABASE, url)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for process in processes {
        let output = process.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}");
        assert!(said.contains("1 passed"), "{said}");
    }
    let store = Store::connect(url).await.unwrap();
    accounts::ensure(&store, "a@example.org", None, false)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_is_migrated_by_five_processes_at_once() {
    let folder = tempfile::tempdir().unwrap();
    five_processes_migrate(&format!("sqlite://{}/casp.db", folder.path().display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_migrated_by_five_processes_at_once() {
    let server = PostgresServer::shared();
    let name = format!("t{}", uuid::Uuid::new_v4().simple());
    sqlx::any::install_default_drivers();
    let mut admin = sqlx::AnyConnection::connect(&server.url("postgres"))
        .await
        .unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0"));
    admin.execute(create).await.unwrap();
    five_processes_migrate(&server.url(&name)).await;
}
