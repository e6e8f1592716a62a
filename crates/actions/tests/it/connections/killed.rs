//! A process is killed after a provider has answered, and before the answer is written down.
//!
//! The process is this test binary, started anew with one ignored test to run. The provider has spent the old refresh
//! token and given a new one; the database takes no writes at that moment; then comes SIGKILL.

use super::{
    login::{Fault, Login},
    vault::{Vault, connections, eventually, keyring, now_ms, ours},
};
use casp_actions::{Owner, Provider, TokenError, TokenSource as _};
use casp_store::AccountId;
use sqlx::{AnyConnection, Executor as _};
use std::{process::Stdio, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStderr, Command},
    sync::Semaphore,
};

const DATABASE: &str = "CASP_TEST_DATABASE";
const LOGIN: &str = "CASP_TEST_LOGIN";
const ACCOUNT: &str = "CASP_TEST_ACCOUNT";

/// Asks for Ann's token.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a process that the other tests start"]
async fn renewing_process() {
    let Ok(url) = std::env::var(DATABASE) else {
        return;
    };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let root = std::env::var(LOGIN).unwrap().parse().unwrap();
    let account = std::env::var(ACCOUNT).unwrap().parse().unwrap();
    let here = connections(&url, &root, keyring(), ours()).await;
    let owner = Owner {
        account: AccountId(account),
        resource: "ann".into(),
    };
    here.token(&owner, Provider::Gmail).await.unwrap();
    here.close().await;
}

struct Victim {
    process: Child,
    log: Lines<BufReader<ChildStderr>>,
}

impl Victim {
    fn start(vault: &Vault, login: &Login) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "connections::killed::renewing_process",
                "--ignored",
                "--nocapture",
            ])
            .env(DATABASE, &vault.url)
            .env(LOGIN, login.root.as_str())
            .env(ACCOUNT, vault.account.0.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let log = BufReader::new(process.stderr.take().unwrap()).lines();
        Self { process, log }
    }

    /// Waits for a line of its log.
    async fn says(&mut self, words: &str) {
        let line = async {
            loop {
                let line = self.log.next_line().await.unwrap();
                let line = line.unwrap_or_else(|| panic!("it ended before it said {words:?}"));
                if line.contains(words) {
                    return;
                }
            }
        };
        let said = tokio::time::timeout(Duration::from_mins(1), line).await;
        said.unwrap_or_else(|_| panic!("it never said {words:?}"));
    }
}

/// Keeps everybody from writing connections down.
async fn lock(vault: &Vault) -> AnyConnection {
    let mut outside = vault.outside().await;
    let sql = if vault.url.starts_with("sqlite") {
        "BEGIN IMMEDIATE"
    } else {
        "BEGIN; LOCK TABLE connections IN EXCLUSIVE MODE"
    };
    outside.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
    outside
}

/// Ann's tokens are being renewed by a process that dies with the answer in its hands.
async fn killed_with_the_answer(vault: &Vault, login: &Login) {
    let here = vault.process(login).await;
    vault.connect_expired(&here, login, "ann").await;
    let gate = Arc::new(Semaphore::new(0));
    login.faults([Fault::Held(gate.clone())]);
    let mut victim = Victim::start(vault, login);
    eventually("the login was asked", async || login.presented().len() == 1).await;
    let mut outside = lock(vault).await;
    gate.add_permits(1);
    victim.says("new tokens are not written yet").await;
    victim.process.kill().await.unwrap();
    outside.execute("ROLLBACK").await.unwrap();
    let found = vault.look(&here, "ann").await;
    assert_eq!(found.version, 1, "nothing was written");
    assert!(
        found.lease_until_ms > now_ms(),
        "and the others still wait for it"
    );
    // The lease's time is over.
    vault.set("ann", "lease_until_ms = 1").await;
}

async fn is_survived_where_the_old_token_is_good_for_a_while(vault: Vault) {
    let login = Login::rotating(Duration::from_mins(10)).await;
    killed_with_the_answer(&vault, &login).await;
    let successor = vault.process(&login).await;
    assert_eq!(vault.token(&successor, "ann").await.unwrap(), "access-3");
    assert_eq!(login.presented(), ["refresh-of-ann", "refresh-of-ann"]);
    vault.expire("ann").await;
    vault.token(&successor, "ann").await.unwrap();
    assert_eq!(login.presented()[2], "refresh-4", "the newest goes on");
}

async fn needs_the_user_where_it_is_not(vault: Vault) {
    let login = Login::rotating(Duration::ZERO).await;
    killed_with_the_answer(&vault, &login).await;
    let successor = vault.process(&login).await;
    assert_eq!(successor.refresh_due().await.unwrap(), 1);
    assert!(matches!(
        vault.token(&successor, "ann").await,
        Err(TokenError::NeedsReauth(_))
    ));
    let found = vault.look(&successor, "ann").await;
    assert!(found.needs_reauth);
    assert!(found.problem.unwrap().contains("cut off"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_is_survived_where_the_old_token_is_good_for_a_while() {
    is_survived_where_the_old_token_is_good_for_a_while(Vault::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_survived_where_the_old_token_is_good_for_a_while() {
    is_survived_where_the_old_token_is_good_for_a_while(Vault::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_needs_the_user_where_it_is_not() {
    needs_the_user_where_it_is_not(Vault::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_needs_the_user_where_it_is_not() {
    needs_the_user_where_it_is_not(Vault::postgres().await).await;
}
