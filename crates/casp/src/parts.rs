//! Builds what the parts share from the settings: store, LiveKit, providers.

use crate::settings::Settings;
use anyhow::{Context, bail};
use casp_providers::Providers;
use casp_room::admin::LiveKit;
use casp_store::Store;
use secrecy::ExposeSecret;
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Conversations a CPU core carries at speed, with LiveKit's server and other work beside (benches/README.md).
const JOBS_PER_CORE: usize = 50;

/// What all parts build on.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) settings: Arc<Settings>,
    pub(crate) store: Store,
    pub(crate) livekit: LiveKit,
    pub(crate) is_dev: bool,
    /// Where users reach this server, without a trailing slash.
    pub(crate) public_url: String,
    /// Where files lie that no setting has another place for.
    pub(crate) data_dir: PathBuf,
}

impl Parts {
    pub(crate) fn providers(&self) -> anyhow::Result<Arc<Providers>> {
        Ok(Arc::new(
            Providers::new(&self.settings.providers).context("speech and language providers")?,
        ))
    }

    pub(crate) fn bridge_public_url(&self) -> String {
        self.settings
            .bridge_public_url
            .as_deref()
            .map_or_else(|| self.public_url.clone(), with_scheme)
    }

    pub(crate) fn max_jobs(&self) -> u32 {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        self.settings
            .max_jobs
            .unwrap_or(u32::try_from(cores * JOBS_PER_CORE).unwrap_or(u32::MAX))
    }

    pub(crate) fn drain_timeout(&self) -> Duration {
        let default = Duration::from_secs(if self.is_dev { 5 } else { 600 });
        self.settings.drain_timeout.unwrap_or(default)
    }
}

/// A URL without a trailing slash; a bare host gets `https://`.
pub(crate) fn with_scheme(url: &str) -> String {
    let url = url.trim_end_matches('/');
    if url.contains("://") {
        url.to_owned()
    } else {
        format!("https://{url}")
    }
}

/// The database of a part that runs alone: it must be named and migrated.
pub(crate) async fn store(settings: &Settings) -> anyhow::Result<Store> {
    let Some(url) = &settings.database_url else {
        bail!("DATABASE_URL is not set: sqlite://casp.db or postgres://user:password@host/casp");
    };
    let store = Store::connect(url)
        .await
        .context("cannot open the database (DATABASE_URL)")?;
    Ok(store.with_spending_rules(settings.spending.rules(false)))
}

/// The LiveKit server that the settings name.
pub(crate) fn livekit(settings: &Settings) -> anyhow::Result<LiveKit> {
    let (Some(url), Some(key), Some(secret)) = (
        &settings.livekit_url,
        &settings.livekit_api_key,
        &settings.livekit_api_secret,
    ) else {
        bail!("LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET must be set");
    };
    LiveKit::new(url, key, secret.expose_secret()).context("LIVEKIT_URL")
}

/// Listens on the port of the settings.
pub(crate) async fn listen(settings: &Settings) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let address = SocketAddr::new(settings.bind_address, settings.port);
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!(
            "cannot listen on {address}: is another CASP running? PORT or --port chooses another"
        )
    })?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// What to print and call: the address, with loopback for the unspecified one.
pub(crate) fn local_url(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(a) if a.ip().is_unspecified() => format!("http://127.0.0.1:{}", a.port()),
        SocketAddr::V6(a) if a.ip().is_unspecified() => format!("http://127.0.0.1:{}", a.port()),
        _ => format!("http://{address}"),
    }
}

/// Serves a router until `stop`, then lets what is under way finish.
pub(crate) async fn serve(
    listener: TcpListener,
    router: axum::Router,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    use axum::serve::ListenerExt;
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
        .context("HTTP server")
}

/// Gives back what starting up has thrown away, once everything has settled.
pub(crate) fn give_back_soon() {
    const SETTLED: Duration = Duration::from_secs(3);
    tokio::spawn(async {
        tokio::time::sleep(SETTLED).await;
        casp_heap::give_back();
    });
}

/// Ends on SIGTERM or SIGINT; a second one ends the process at once.
pub(crate) fn stop_on_signals() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = CancellationToken::new();
    let (mut term, mut int) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let token = stop.clone();
    tokio::spawn(async move {
        let mut received = async || {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
        };
        received().await;
        tracing::info!("stopping; once more ends at once");
        token.cancel();
        received().await;
        std::process::exit(130);
    });
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_host_is_https() {
        assert_eq!(with_scheme("casp.example.com"), "https://casp.example.com");
        assert_eq!(
            with_scheme("http://localhost:8080/"),
            "http://localhost:8080"
        );
    }

    #[test]
    fn the_unspecified_address_is_reached_on_loopback() {
        assert_eq!(
            local_url("0.0.0.0:8080".parse().unwrap()),
            "http://127.0.0.1:8080"
        );
        assert_eq!(
            local_url("127.0.0.1:9".parse().unwrap()),
            "http://127.0.0.1:9"
        );
    }
}
