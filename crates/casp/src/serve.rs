//! The parts as processes of their own.

use crate::{
    configs,
    operations::Operations,
    parts::{self, Parts, local_url, with_scheme},
    secret_key, seed,
    settings::Settings,
};
use anyhow::{Context, bail};
use casp_agent::WorkerStatus;
use casp_bridge::BridgeState;
use casp_control_api::ControlApi;
use casp_store::{AccountId, Store, accounts};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// `casp control-api`
pub(crate) async fn control_api(settings: Settings) -> anyhow::Result<()> {
    let secret_key = secret_key::of(&settings)?;
    if settings.allows_private_urls {
        bail!(
            "ALLOW_PRIVATE_URLS is for `casp dev` alone: with it tenants' URLs reach your own network. Unset it."
        );
    }
    let (listener, address) = parts::listen(&settings).await?;
    let parts = alone(settings, address).await?;
    let stop = parts::stop_on_signals()?;
    let account = default_account(&parts).await?;
    let providers = parts.providers()?;
    let health = Arc::clone(&providers);
    let config = configs::control_api(
        &parts,
        &providers,
        secret_key,
        account,
        metrics()?,
        Arc::new(move || health.degraded()),
        &stop,
    )?;
    let api = ControlApi::new(config)?;
    let background = tokio::spawn(casp_control_api::run_background(api.clone(), stop.clone()));
    println!("ready {}", local_url(address));
    parts::give_back_soon();
    parts::serve(listener, casp_control_api::router(api), stop).await?;
    Ok(background.await?)
}

/// `casp bridge`
pub(crate) async fn bridge(settings: Settings) -> anyhow::Result<()> {
    let (listener, address) = parts::listen(&settings).await?;
    let parts = alone(settings, address).await?;
    default_account(&parts).await?;
    let providers = parts.providers()?;
    let signal = parts::stop_on_signals()?;
    let bridge = BridgeState::new(configs::bridge(&parts, &providers, None));
    let operations = Operations::new(&parts, metrics()?, &signal)?;
    let router = casp_bridge::router(bridge.clone()).merge(operations.router());
    println!("ready {}", local_url(address));
    parts::give_back_soon();
    let stop = CancellationToken::new();
    let server = tokio::spawn(parts::serve(listener, router, stop.clone()));
    signal.cancelled().await;
    bridge.drain(parts.drain_timeout()).await;
    stop.cancel();
    server.await?
}

/// `casp agent`
pub(crate) async fn agent(settings: Settings) -> anyhow::Result<()> {
    let (listener, address) = parts::listen(&settings).await?;
    let parts = alone(settings, address).await?;
    let providers = parts.providers()?;
    providers.warm();
    let signal = parts::stop_on_signals()?;
    let status = WorkerStatus::new();
    let actions = Arc::new(configs::connections(&parts)?.actions(providers.llm())?);
    let config = configs::agent(&parts, &providers, actions, status.clone());
    let operations = Operations::new(&parts, metrics()?, &signal)?;
    let router = operations
        .of_worker(move || status.is_registered())
        .router();
    let stop = CancellationToken::new();
    let server = tokio::spawn(parts::serve(listener, router, stop.clone()));
    println!("ready {}", local_url(address));
    parts::give_back_soon();
    let result = casp_agent::run(config, signal).await;
    stop.cancel();
    server.await??;
    result.context("agent")
}

/// `casp migrate`
pub(crate) async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    let store = parts::store(settings).await?;
    store.migrate().await.context("migrations")?;
    println!("the database has this version's schema");
    Ok(())
}

/// `casp healthcheck`
pub(crate) async fn healthcheck(settings: &Settings) -> anyhow::Result<()> {
    let url = format!("http://127.0.0.1:{}/readyz", settings.port);
    let answer = reqwest::Client::builder()
        .timeout(Duration::from_secs(2))
        .build()?
        .get(&url)
        .send()
        .await?;
    if !answer.status().is_success() {
        bail!(
            "not ready: {} {}",
            answer.status(),
            answer.text().await.unwrap_or_default()
        );
    }
    Ok(())
}

/// What a part that runs alone builds on.
async fn alone(settings: Settings, address: SocketAddr) -> anyhow::Result<Parts> {
    let store = parts::store(&settings).await?;
    let livekit = parts::livekit(&settings)?;
    let public_url = settings
        .public_url
        .as_deref()
        .map_or_else(|| local_url(address), with_scheme);
    Ok(Parts {
        settings: Arc::new(settings),
        store,
        livekit,
        is_dev: false,
        public_url,
        data_dir: PathBuf::from("."),
    })
}

/// The account that calls belong to: `DEFAULT_ACCOUNT`, or the one of the seeded key.
async fn default_account(parts: &Parts) -> anyhow::Result<Option<AccountId>> {
    let seeded = match &parts.settings.dev.api_key {
        Some(_) => Some(
            seed::dev_account(&parts.store, &parts.settings.dev)
                .await?
                .0
                .id,
        ),
        None => None,
    };
    named_account(&parts.store, parts.settings.default_account.as_deref())
        .await
        .map(|named| named.or(seeded))
}

/// The account of an e-mail in the settings; one that is not there is an error.
pub(crate) async fn named_account(
    store: &Store,
    email: Option<&str>,
) -> anyhow::Result<Option<AccountId>> {
    let Some(email) = email else { return Ok(None) };
    let account = accounts::by_email(store, email)
        .await?
        .with_context(|| format!("DEFAULT_ACCOUNT: there is no account {email}"))?;
    Ok(Some(account.id))
}

/// Installs the recorder of metrics; once a process.
pub(crate) fn metrics() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .install_recorder()
        .context("metrics")?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_secs(5));
        loop {
            every.tick().await;
            upkeep.run_upkeep();
        }
    });
    Ok(handle)
}
