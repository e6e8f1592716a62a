//! A thousand connections whose tokens are due at once, renewed by two instances at a provider that takes 50 ms, on SQLite
//! and on PostgreSQL.
//!
//! The provider's refresh tokens are good once, so that one that is presented twice is an error. The run fails when it
//! takes 30 seconds or longer, or when any is.

use anyhow::{Context as _, ensure};
use axum::{Form, Json, Router, extract::State, routing::post};
use casp_actions::{
    Endpoints, Owner, Provider,
    connections::{
        Connections, ConnectionsConfig, OAuthClient, OAuthClients, OAuthRoots, Registration,
    },
    sealing::Keyring,
};
use casp_store::{AccountId, Store, accounts};
use casp_testkit::PostgresServer;
use clap::Parser;
use secrecy::SecretString;
use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection as _, Executor as _, Row as _};
use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;
use url::Url;

const MOST: Duration = Duration::from_secs(30);

#[derive(Debug, Parser)]
struct Args {
    /// Connections that are due.
    #[arg(long, default_value_t = 1_000)]
    count: u32,
    /// How long the provider takes, milliseconds.
    #[arg(long, default_value_t = 50)]
    provider_ms: u64,
    /// Processes that look for what is due.
    #[arg(long, default_value_t = 2)]
    instances: u32,
    /// Databases: `sqlite`, `postgres`.
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    databases: Vec<String>,
}

/// A token endpoint whose refresh tokens are good once.
#[derive(Clone, Default)]
struct Login {
    takes: Duration,
    spent: Arc<Mutex<HashSet<String>>>,
    twice: Arc<AtomicU64>,
}

async fn token(
    State(login): State<Login>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Json<Value> {
    let refresh_token = form.get("refresh_token").cloned().unwrap_or_default();
    let is_new = login
        .spent
        .lock()
        .is_ok_and(|mut spent| spent.insert(refresh_token.clone()));
    if !is_new {
        login.twice.fetch_add(1, Ordering::Relaxed);
    }
    sleep(login.takes).await;
    Json(json!({
        "access_token": format!("access-{refresh_token}"), "refresh_token": format!("{refresh_token}+"),
        "expires_in": 3_600, "token_type": "Bearer",
    }))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    for name in &args.databases {
        let url = match name.as_str() {
            "sqlite" => format!("sqlite://{}/bench.db", folder.path().display()),
            "postgres" => postgres().await?,
            other => anyhow::bail!("no such database: {other}"),
        };
        let figures = measure(name, &url, &args).await.context(name.clone())?;
        println!("{figures}");
    }
    Ok(())
}

async fn postgres() -> anyhow::Result<String> {
    let server = tokio::task::spawn_blocking(PostgresServer::shared).await?;
    sqlx::any::install_default_drivers();
    let mut admin = AnyConnection::connect(&server.url("postgres")).await?;
    admin
        .execute("CREATE DATABASE bench TEMPLATE template0")
        .await?;
    Ok(server.url("bench"))
}

async fn measure(name: &str, url: &str, args: &Args) -> anyhow::Result<Value> {
    let store = Store::connect(url).await?;
    store.migrate().await?;
    let account = accounts::ensure(&store, "bench@example.org", None, false)
        .await?
        .id;
    let login = Login {
        takes: Duration::from_millis(args.provider_ms),
        ..Login::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let root: Url = format!("http://{}", listener.local_addr()?).parse()?;
    let routes = Router::new()
        .route("/token", post(token))
        .with_state(login.clone());
    let server = tokio::spawn(async move { axum::serve(listener, routes).await });

    let first = instance(url, &root).await?;
    for number in 0..args.count {
        register(&first, account, number).await?;
    }
    let mut outside = AnyConnection::connect(url).await?;
    outside
        .execute("UPDATE connections SET refresh_due_at_ms = 1")
        .await?;

    let stop = CancellationToken::new();
    let mut instances = JoinSet::new();
    let begun = Instant::now();
    for _ in 0..args.instances {
        let (one, stop) = (instance(url, &root).await?, stop.clone());
        instances.spawn(async move { one.keep_fresh(&stop).await });
    }
    while renewed(&mut outside).await? < i64::from(args.count) {
        ensure!(begun.elapsed() < 2 * MOST, "they are never all renewed");
        sleep(Duration::from_millis(20)).await;
    }
    let took = begun.elapsed();
    stop.cancel();
    while instances.join_next().await.is_some() {}
    server.abort();
    let twice = login.twice.load(Ordering::Relaxed);
    ensure!(twice == 0, "{twice} refresh tokens were presented twice");
    ensure!(took < MOST, "it took {took:?}");
    Ok(json!({
        "database": name, "connections": args.count, "instances": args.instances,
        "provider_ms": args.provider_ms, "seconds": (took.as_secs_f64() * 100.0).round() / 100.0, "twice": twice,
    }))
}

/// What one process has.
async fn instance(url: &str, root: &Url) -> anyhow::Result<Connections> {
    let client = OAuthClient {
        id: "bench".into(),
        secret: SecretString::from("bench"),
    };
    Ok(Connections::new(ConnectionsConfig {
        store: Store::connect(url).await?,
        keyring: Keyring::derived(&SecretString::from("a secret key of the bench")),
        clients: OAuthClients {
            google: Some(client),
            ..OAuthClients::default()
        },
        roots: OAuthRoots {
            google: root.clone(),
            ..OAuthRoots::default()
        },
        endpoints: Endpoints::default(),
    })?)
}

async fn register(of: &Connections, account: AccountId, number: u32) -> anyhow::Result<()> {
    let owner = Owner {
        account,
        resource: format!("user-{number}"),
    };
    of.register(&Registration {
        owner,
        provider: Provider::Gmail,
        access_token: format!("access-{number}").into(),
        refresh_token: Some(format!("refresh-{number}").into()),
        expires_in: Some(Duration::from_hours(1)),
        user_email: None,
        scopes: Vec::new(),
    })
    .await?;
    Ok(())
}

async fn renewed(outside: &mut AnyConnection) -> anyhow::Result<i64> {
    let row = sqlx::query("SELECT COUNT(*) FROM connections WHERE version = 2")
        .fetch_one(outside)
        .await?;
    Ok(row.try_get(0)?)
}
