//! A worker with everything it needs.

use crate::{livekit::Server, openai::OpenAi};
use casp_agent::{AgentConfig, AgentError, Liveness, WorkerStatus, turn::TurnSettings};
use casp_providers::{OpenAiSettings, ProviderSettings, Providers};
use casp_room::admin::LiveKit;
use casp_store::{
    Store, accounts,
    sessions::{self, NewSession, SessionKind},
};
use std::{
    future::Future,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// When a silent worker is taken for dead: no machine stands still for so long.
pub(crate) const STALE_AFTER: Duration = Duration::from_secs(30);
/// Silence that ends a turn.
pub(crate) const MIN_SILENCE: Duration = Duration::from_secs(1);
/// Nothing here takes longer on an idle machine than a tenth of this.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let in_time = tokio::time::timeout(PATIENCE, future).await;
    in_time.unwrap_or_else(|_| panic!("never came: {what}"))
}

/// Asks again and again until there is an answer.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    within(what, async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

pub(crate) fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_millis() as i64
}

/// A store of its own and stand-in providers.
pub(crate) struct Rig {
    pub(crate) openai: OpenAi,
    pub(crate) store: Store,
    providers: Providers,
    _folder: tempfile::TempDir,
}

impl Rig {
    pub(crate) async fn new() -> Self {
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let openai = OpenAi::start().await;
        let providers = Providers::new(&ProviderSettings {
            openai: OpenAiSettings {
                base_url: Some(openai.url.clone()),
                ..OpenAiSettings::default()
            },
            ..ProviderSettings::default()
        })
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/casp.db", folder.path().display());
        let store = Store::connect(&url).await.unwrap();
        store.migrate().await.unwrap();
        Self {
            openai,
            store,
            providers,
            _folder: folder,
        }
    }

    pub(crate) fn config(&self, livekit: LiveKit, worker_id: &str) -> AgentConfig {
        AgentConfig {
            livekit,
            store: self.store.clone(),
            speech_to_text: self.providers.stt(),
            language_model: self.providers.llm(),
            text_to_speech: self.providers.tts(),
            actions: None,
            agent_name: String::new(),
            max_jobs: 8,
            drain_timeout: Duration::from_secs(30),
            // A busy machine makes pauses in a sentence that people do not make.
            turn: TurnSettings {
                min_silence: MIN_SILENCE,
                ..TurnSettings::default()
            },
            cleanup: None,
            liveness: Liveness {
                interval: Duration::from_millis(100),
                stale_after: STALE_AFTER,
                dispatch_lease: Duration::from_secs(5),
            },
            worker_id: worker_id.into(),
            status: WorkerStatus::new(),
        }
    }

    /// A session of the default assistant in a room.
    pub(crate) async fn announce(&self, kind: SessionKind, room: &str) -> String {
        self.announce_with(kind, room, "default").await
    }

    /// A session of that assistant in a room.
    pub(crate) async fn announce_with(
        &self,
        kind: SessionKind,
        room: &str,
        assistant: &str,
    ) -> String {
        let account = accounts::ensure(&self.store, "dev@casp.local", None, true)
            .await
            .unwrap();
        let new = NewSession {
            id: format!("{}-{room}", kind.name()),
            account: account.id,
            kind,
            room_name: room.into(),
            from: String::new(),
            to: String::new(),
            assistant: assistant.into(),
            overrides: serde_json::json!({}),
        };
        sessions::announce(&self.store, &new, unix_ms())
            .await
            .unwrap()
            .id
    }
}

/// A worker that runs.
pub(crate) struct Running {
    pub(crate) status: WorkerStatus,
    pub(crate) shutdown: CancellationToken,
    pub(crate) task: JoinHandle<Result<(), AgentError>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Running {
    pub(crate) fn begin(config: AgentConfig) -> Self {
        let status = config.status.clone();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(casp_agent::run(config, shutdown.clone()));
        Self {
            status,
            shutdown,
            task,
        }
    }

    /// Registered with the server.
    pub(crate) async fn registered(config: AgentConfig) -> Self {
        let running = Self::begin(config);
        within("registration", running.status.registered()).await;
        running
    }
}

/// A server, a rig and a worker that takes its jobs.
pub(crate) async fn everything() -> (Server, Rig, Running) {
    let (server, rig) = (Server::start().await, Rig::new().await);
    let worker = Running::registered(rig.config(server.livekit(), "w1")).await;
    (server, rig, worker)
}
