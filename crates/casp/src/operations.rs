//! `/healthz`, `/readyz` and `/metrics` of a part that serves little else.

use crate::parts::Parts;
use anyhow::Context;
use axum::{
    Json, Router,
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use casp_operations::{Needs, PROMETHEUS_TEXT, may_read_metrics};
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use serde_json::json;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// What they answer from.
#[derive(Clone)]
pub(crate) struct Operations {
    metrics: PrometheusHandle,
    metrics_token: Option<SecretString>,
    needs: Needs,
    stopping: CancellationToken,
    is_registered: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
}

impl Operations {
    /// Of a part that is ready while the database and LiveKit answer, until it stops.
    pub(crate) fn new(
        parts: &Parts,
        metrics: PrometheusHandle,
        stopping: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("HTTP client")?;
        Ok(Self {
            metrics,
            metrics_token: parts.settings.metrics_token.clone(),
            needs: Needs::new(parts.store.clone(), parts.livekit.clone(), http),
            stopping: stopping.clone(),
            is_registered: None,
        })
    }

    /// Of a worker: it is ready when it is registered too.
    pub(crate) fn of_worker(
        self,
        is_registered: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            is_registered: Some(Arc::new(is_registered)),
            ..self
        }
    }

    /// The routes.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/healthz", get(|| async { "ok" }))
            .route("/readyz", get(show_readiness))
            .route("/metrics", get(show_metrics))
            .with_state(self)
    }

    async fn is_ready(&self) -> bool {
        let is_registered = self.is_registered.as_ref().is_none_or(|is| is());
        is_registered && !self.stopping.is_cancelled() && self.needs.look().await.is_all()
    }
}

async fn show_readiness(State(operations): State<Operations>) -> (StatusCode, &'static str) {
    if operations.is_ready().await {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready")
    }
}

async fn show_metrics(
    State(operations): State<Operations>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let token = operations.metrics_token.as_ref();
    if !may_read_metrics(Some(peer.ip()), &headers, token) {
        let status = StatusCode::UNAUTHORIZED;
        let detail = "Send `Authorization: Bearer <METRICS_TOKEN>`.";
        let body = json!({"detail": detail, "status_code": status.as_u16()});
        return (status, Json(body)).into_response();
    }
    let content_type = [(header::CONTENT_TYPE, PROMETHEUS_TEXT)];
    (content_type, operations.metrics.render()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts;
    use casp_room::admin::LiveKit;
    use casp_store::Store;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use tokio::net::TcpListener;

    /// Nothing listens there.
    const NOWHERE: &str = "http://127.0.0.1:1";

    async fn serve(router: Router) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(parts::serve(listener, router, CancellationToken::new()));
        url
    }

    /// Answers at its root as LiveKit does, and counts how often.
    async fn livekit() -> (String, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let root = get(move || {
            counter.fetch_add(1, Ordering::SeqCst);
            std::future::ready("OK")
        });
        (serve(Router::new().route("/", root)).await, asked)
    }

    /// Over a database of its own, which lives as long as the folder.
    async fn operations(livekit: &str) -> (Operations, Store, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("casp.db").display());
        let store = Store::connect(&url).await.unwrap();
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            metrics::counter!("casp_test_total").increment(3);
        });
        let livekit = LiveKit::new(livekit, "key", "secret").unwrap();
        let operations = Operations {
            metrics: recorder.handle(),
            metrics_token: Some(SecretString::from("metrics-token".to_owned())),
            needs: Needs::new(store.clone(), livekit, reqwest::Client::new()),
            stopping: CancellationToken::new(),
            is_registered: None,
        };
        (operations, store, folder)
    }

    async fn readiness(url: &str) -> u16 {
        let answer = reqwest::get(format!("{url}/readyz")).await.unwrap();
        answer.status().as_u16()
    }

    #[tokio::test]
    async fn metrics_are_for_this_machine_and_for_who_has_the_token() {
        let (operations, ..) = operations(NOWHERE).await;
        let url = serve(operations.router()).await;
        let http = reqwest::Client::new();
        let here = http.get(format!("{url}/metrics"));
        let here = here.send().await.unwrap().text().await.unwrap();
        assert!(here.contains("casp_test_total 3"), "{here}");
        for (token, status) in [
            (None, 401),
            (Some("wrong"), 401),
            (Some("metrics-token"), 200),
        ] {
            let mut elsewhere = http
                .get(format!("{url}/metrics"))
                .header("x-forwarded-for", "192.0.2.1");
            if let Some(token) = token {
                elsewhere = elsewhere.bearer_auth(token);
            }
            let answer = elsewhere.send().await.unwrap();
            assert_eq!(answer.status().as_u16(), status, "{token:?}");
            let text = answer.text().await.unwrap();
            assert_eq!(text.contains("casp_test_total"), status == 200, "{text}");
        }
    }

    #[tokio::test]
    async fn ready_while_the_database_and_livekit_answer() {
        let (livekit, asked) = livekit().await;
        let (operations, _store, _folder) = operations(&livekit).await;
        let stopping = operations.stopping.clone();
        let url = serve(operations.router()).await;
        for _ in 0..5 {
            assert_eq!(readiness(&url).await, 200);
        }
        assert!(
            asked.load(Ordering::SeqCst) < 5,
            "LiveKit was asked each time"
        );
        stopping.cancel();
        assert_eq!(readiness(&url).await, 503);
    }

    #[tokio::test]
    async fn not_ready_without_livekit() {
        let (operations, _store, _folder) = operations(NOWHERE).await;
        let url = serve(operations.router()).await;
        assert_eq!(readiness(&url).await, 503);
        let health = reqwest::get(format!("{url}/healthz")).await.unwrap();
        assert_eq!(health.status().as_u16(), 200);
    }

    #[tokio::test]
    async fn not_ready_without_a_database() {
        let (livekit, _) = livekit().await;
        let (operations, store, _folder) = operations(&livekit).await;
        store.close().await;
        let url = serve(operations.of_worker(|| true).router()).await;
        assert_eq!(readiness(&url).await, 503);
    }

    #[tokio::test]
    async fn a_worker_is_ready_when_it_is_registered() {
        let (livekit, _) = livekit().await;
        let (operations, _store, _folder) = operations(&livekit).await;
        let registered = Arc::new(AtomicBool::new(false));
        let is_registered = Arc::clone(&registered);
        let worker = operations.of_worker(move || is_registered.load(Ordering::SeqCst));
        let url = serve(worker.router()).await;
        assert_eq!(readiness(&url).await, 503);
        registered.store(true, Ordering::SeqCst);
        assert_eq!(readiness(&url).await, 200);
    }
}
