//! `casp dev`: API, bridge and agent in one process, on one port.

use crate::{
    configs,
    livekit_server::LiveKitServer,
    parts::{self, Parts, local_url, with_scheme},
    seed::{self, Printed},
    serve,
    settings::{Settings, Values},
};
use anyhow::Context;
use casp_agent::WorkerStatus;
use casp_bridge::BridgeState;
use casp_control_api::ControlApi;
use casp_room::admin::LiveKit;
use casp_store::Store;
use clap::Args;
use secrecy::ExposeSecret;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How long livekit-server may take to listen, and the agent to register with it.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Flags of `casp dev`.
#[derive(Debug, Clone, Args)]
pub(crate) struct DevArgs {
    /// Port; 0 takes a free one.
    #[arg(long)]
    port: Option<u16>,
    /// Where the database and the secret key are kept.
    #[arg(long, default_value = ".casp", value_name = "FOLDER")]
    data_dir: PathBuf,
}

impl DevArgs {
    /// Puts the flags over the settings.
    pub(crate) fn apply(&self, values: &mut Values) {
        if let Some(port) = self.port {
            values.set("PORT", port.to_string());
        }
    }
}

/// Runs until a signal.
pub(crate) async fn run(args: DevArgs, settings: Settings) -> anyhow::Result<()> {
    let stop = parts::stop_on_signals()?;
    std::fs::create_dir_all(&args.data_dir)
        .with_context(|| format!("cannot make the folder {}", args.data_dir.display()))?;
    let secret_key = match &settings.secret_key {
        Some(key) => key.clone(),
        None => seed::secret_key(&args.data_dir)?,
    };
    let (listener, address) = parts::listen(&settings).await?;
    let store = open_store(&args, &settings).await?;
    let (account, printed) = seed::dev_account(&store, &settings.dev).await?;
    let default_account = serve::named_account(&store, settings.default_account.as_deref())
        .await?
        .unwrap_or(account.id);

    let local = local_url(address);
    let media_stop = CancellationToken::new();
    let (livekit, media) = start_livekit(&settings, &local, &media_stop).await?;
    let public_url = settings
        .public_url
        .as_deref()
        .map_or_else(|| local.clone(), with_scheme);
    let parts = Parts {
        settings: Arc::new(settings),
        store,
        livekit,
        is_dev: true,
        public_url,
        data_dir: args.data_dir.clone(),
    };

    let providers = parts.providers()?;
    providers.warm();
    let metrics = serve::metrics()?;
    measure_timer(&parts.settings, &stop);
    let health = Arc::clone(&providers);
    let config = configs::control_api(
        &parts,
        &providers,
        secret_key,
        Some(default_account),
        metrics,
        Arc::new(move || health.degraded()),
        &stop,
    )?;
    let api = ControlApi::new(config)?;
    let bridge = BridgeState::new(configs::bridge(&parts, &providers, Some(account.id)));
    let actions = api.actions();
    let router = casp_control_api::router(api.clone()).merge(casp_bridge::router(bridge.clone()));
    let status = WorkerStatus::new();
    let agent = configs::agent(&parts, &providers, actions, status.clone());

    let http_stop = CancellationToken::new();
    let server = tokio::spawn(parts::serve(listener, router, http_stop.clone()));
    let background = tokio::spawn(casp_control_api::run_background(api, stop.clone()));
    let worker = tokio::spawn(casp_agent::run(agent, stop.clone()));
    tokio::time::timeout(START_LIMIT, status.registered())
        .await
        .context("the agent could not register with LiveKit; see its messages above")?;
    print_welcome(&account.email, &printed, &local);
    parts::give_back_soon();

    stop.cancelled().await;
    // Calls may finish; then the doors close, and at last the media server.
    let drained = bridge.drain(parts.drain_timeout());
    let (worker, ()) = tokio::join!(worker, drained);
    http_stop.cancel();
    let _ = tokio::time::timeout(Duration::from_secs(3), server).await;
    background.await?;
    media_stop.cancel();
    if let Some(media) = media {
        media.await??;
    }
    worker?.context("agent")
}

async fn open_store(args: &DevArgs, settings: &Settings) -> anyhow::Result<Store> {
    let url = match &settings.database_url {
        Some(url) => url.clone(),
        None => format!("sqlite://{}", args.data_dir.join("casp.db").display()),
    };
    let store = Store::connect(&url)
        .await
        .with_context(|| "cannot open the database")?;
    store.migrate().await.context("migrations")?;
    Ok(store.with_spending_rules(settings.spending.rules(true)))
}

type Media = tokio::task::JoinHandle<anyhow::Result<()>>;

/// The server of the settings, or a child of our own.
async fn start_livekit(
    settings: &Settings,
    local: &str,
    stop: &CancellationToken,
) -> anyhow::Result<(LiveKit, Option<Media>)> {
    if settings.livekit_url.is_some() {
        return Ok((parts::livekit(settings)?, None));
    }
    let key = settings.livekit_api_key.clone().zip(
        settings
            .livekit_api_secret
            .as_ref()
            .map(|secret| secret.expose_secret().to_owned()),
    );
    let server = LiveKitServer::prepare(settings.livekit_server_bin.as_deref(), key)?;
    let livekit = LiveKit::new(&server.url(), &server.api_key, &server.api_secret)?;
    let media = tokio::spawn(
        server
            .clone()
            .run(format!("{local}/webhooks/livekit"), stop.clone()),
    );
    server.wait_ready(START_LIMIT).await?;
    Ok((livekit, Some(media)))
}

/// With `CASP_MEASURE_TIMER`, a bare 20 ms timer whose lateness stands beside the pacer's in the metrics: what of a
/// late frame is the machine's.
fn measure_timer(settings: &Settings, stop: &CancellationToken) {
    if !settings.measures_timer {
        return;
    }
    let stop = stop.clone();
    tokio::spawn(async move {
        let lateness = metrics::histogram!("casp_bare_timer_lateness_seconds");
        let mut due = tokio::time::Instant::now();
        while !stop.is_cancelled() {
            due += Duration::from_millis(20);
            tokio::time::sleep_until(due).await;
            lateness.record(due.elapsed());
        }
    });
}

fn print_welcome(email: &str, printed: &Printed, local: &str) {
    let shown = [
        ("password", &printed.password),
        ("API key", &printed.api_key),
        ("publishable key", &printed.publishable_key),
    ];
    if shown.iter().any(|(_, value)| value.is_some()) {
        println!("account {email}; shown this once:");
        for (what, value) in shown {
            if let Some(value) = value {
                println!("  {what:<16} {value}");
            }
        }
    }
    println!("ready {local}");
}
