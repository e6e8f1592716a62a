//! The API on a port of its own, with a database of its own and two accounts: ours, and the tenant next door.

use crate::livekit_server;
use casp_actions::sealing::Keyring;
use casp_control_api::{
    AccountSettings, ControlApi, ControlApiConfig, Limits, OAuthSettings, RecordingFiles,
    RecordingSettings, TwilioSettings, router, run_background,
};
use casp_providers::builtin::assistant::RuleBased;
use casp_store::{
    AccountId, Store,
    accounts::{self, KeyKind},
    sessions::{self, NewSession, Session, SessionKind},
    workers::{self, Heartbeat},
};
use casp_testkit::PostgresServer;
use reqwest::{RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) const KEY: &str = "sk_ours";
pub(crate) const PAGE_KEY: &str = "pk_ours";
pub(crate) const NEIGHBOURS_KEY: &str = "sk_neighbours";
pub(crate) const PUBLIC_URL: &str = "https://voice.example.com";
pub(crate) const OUR_NUMBER: &str = "+15017122661";
pub(crate) const TWILIO_TOKEN: &str = "twilio-auth-token";

/// A running API.
pub(crate) struct TestApp {
    pub(crate) store: Store,
    pub(crate) account: AccountId,
    pub(crate) neighbour: AccountId,
    pub(crate) address: SocketAddr,
    pub(crate) draining: CancellationToken,
    pub(crate) shutdown: CancellationToken,
    pub(crate) http: reqwest::Client,
    _stop: DropGuard,
    folder: tempfile::TempDir,
}

/// What comes back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The body, laid out, with the values of these fields replaced by `[…]`.
    pub(crate) fn redacted(&self, fields: &[&str]) -> String {
        let mut body = self.json();
        for field in fields {
            *body
                .pointer_mut(field)
                .unwrap_or_else(|| panic!("no {field}: {self:?}")) = "[…]".into();
        }
        serde_json::to_string_pretty(&body).unwrap()
    }
}

impl TestApp {
    /// As `casp dev` runs it: open from this machine, no Twilio token.
    pub(crate) async fn dev() -> Self {
        Self::with(|config| {
            config.is_dev = true;
            config.twilio.auth_token = None;
        })
        .await
    }

    /// As it runs in production: keys and signatures are needed.
    pub(crate) async fn production() -> Self {
        Self::with(|_| {}).await
    }

    /// Production, but for what `change` changes.
    pub(crate) async fn with(change: impl FnOnce(&mut ControlApiConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/casp.db", folder.path().display());
        Self::on(&url, folder, change).await
    }

    /// Production on PostgreSQL, with a database of its own: what runs in the background takes whatever work it finds.
    pub(crate) async fn on_postgres() -> Self {
        Self::on_postgres_with(|_| {}).await
    }

    /// Production on PostgreSQL, but for what `change` changes.
    pub(crate) async fn on_postgres_with(change: impl FnOnce(&mut ControlApiConfig)) -> Self {
        let url = tokio::task::spawn_blocking(|| PostgresServer::shared().new_database())
            .await
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self::on(&url, folder, change).await
    }

    async fn on(
        database_url: &str,
        folder: tempfile::TempDir,
        change: impl FnOnce(&mut ControlApiConfig),
    ) -> Self {
        not_just_before_midnight().await;
        let store = Store::connect(database_url).await.unwrap();
        store.migrate().await.unwrap();
        let account = accounts::ensure(&store, "ours@example.org", None, false)
            .await
            .unwrap()
            .id;
        let neighbour = accounts::ensure(&store, "next@example.org", None, false)
            .await
            .unwrap()
            .id;
        for (account, kind, key) in [
            (account, KeyKind::Secret, KEY),
            (account, KeyKind::Publishable, PAGE_KEY),
            (neighbour, KeyKind::Secret, NEIGHBOURS_KEY),
        ] {
            accounts::ensure_key(&store, account, kind, key)
                .await
                .unwrap();
        }
        let livekit = tokio::task::spawn_blocking(livekit_server::client)
            .await
            .unwrap();
        let stop = CancellationToken::new();
        let mut config = ControlApiConfig {
            store: store.clone(),
            livekit,
            is_dev: false,
            language_model: Arc::new(RuleBased::new()),
            public_url: PUBLIC_URL.parse().unwrap(),
            livekit_public_url: None,
            bridge_public_url: PUBLIC_URL.parse().unwrap(),
            twilio: TwilioSettings {
                account_sid: None,
                auth_token: Some(TWILIO_TOKEN.to_owned().into()),
                api_base_url: "http://127.0.0.1:1".into(),
                intelligence_base_url: "http://127.0.0.1:1".into(),
                phone_number: Some(OUR_NUMBER.into()),
                whatsapp_number: None,
                fallback_numbers: Vec::new(),
            },
            speech_to_text: None,
            text_to_speech: None,
            recordings: RecordingSettings {
                files: RecordingFiles::folder(&folder.path().join("recordings")).unwrap(),
                is_deleted_at_twilio: false,
            },
            voice_intelligence: None,
            retention: None,
            secret_key: "a secret key that is long enough".to_owned().into(),
            keyring: Keyring::derived(&"a secret key that is long enough".to_owned().into()),
            oauth: OAuthSettings::default(),
            metrics_token: None,
            metrics: None,
            cors_origins: Vec::new(),
            frontend_url: None,
            agent_name: String::new(),
            default_account: Some(account),
            has_security_headers: true,
            allows_private_urls: false,
            trusted_proxies: Vec::new(),
            accounts: AccountSettings::default(),
            limits: Limits {
                // The tests of them set them.
                auth_per_minute: 0,
                scenarios_per_minute: 0,
                ..Limits::default()
            },
            degraded: Arc::new(Vec::new),
            draining: CancellationToken::new(),
            shutdown: CancellationToken::new(),
        };
        change(&mut config);
        let (draining, shutdown) = (config.draining.clone(), config.shutdown.clone());
        let api = ControlApi::new(config).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = router(api.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let stopped = stop.clone();
        tokio::spawn(async move {
            stopped
                .run_until_cancelled(async { axum::serve(listener, routes).await.unwrap() })
                .await
        });
        tokio::spawn(run_background(api, stop.clone()));
        Self {
            store,
            account,
            neighbour,
            address,
            draining,
            shutdown,
            http: reqwest::Client::builder()
                .timeout(Duration::from_mins(1))
                .build()
                .unwrap(),
            _stop: stop.drop_guard(),
            folder,
        }
    }

    /// Where the sound of recordings lies.
    pub(crate) fn recordings_folder(&self) -> PathBuf {
        self.folder.path().join("recordings")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A GET without a key.
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.url(path))
    }

    /// A POST without a key.
    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(self.url(path))
    }

    /// A POST of JSON with our key.
    pub(crate) async fn post_ours(&self, path: &str, body: &Value) -> Answer {
        send(self.post(path).bearer_auth(KEY).json(body)).await
    }

    /// A GET with our key.
    pub(crate) async fn get_ours(&self, path: &str) -> Answer {
        send(self.get(path).bearer_auth(KEY)).await
    }

    /// A worker with that many free places, alive for longer than any test takes.
    pub(crate) async fn worker(&self, free: i64) {
        let beat = Heartbeat {
            worker_id: "w1".into(),
            jobs: 0,
            max_jobs: free,
            is_draining: false,
        };
        // Of itself a sign of life is good for two seconds, in which a busy machine may do nothing.
        workers::heartbeat(&self.store, &beat, now_ms() + 600_000)
            .await
            .unwrap();
    }

    /// A session as its webhook announces it.
    pub(crate) async fn session(
        &self,
        kind: SessionKind,
        account: AccountId,
        name: &str,
    ) -> Session {
        let (prefix, room_prefix) = match kind {
            SessionKind::Phone => ("phone", "twilio-"),
            _ => (kind.name(), ""),
        };
        let new = NewSession {
            id: format!("{prefix}-{name}"),
            account,
            kind,
            room_name: format!("{room_prefix}{name}"),
            from: if kind == SessionKind::Phone {
                "+15551230001".into()
            } else {
                String::new()
            },
            to: if kind == SessionKind::Phone {
                "+15551230002".into()
            } else {
                String::new()
            },
            assistant: "default".into(),
            overrides: serde_json::json!({}),
        };
        sessions::announce(&self.store, &new, now_ms())
            .await
            .unwrap()
    }
}

/// Sends, and reads what comes back.
pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

/// A room's name that no other test has: they share the LiveKit server.
pub(crate) fn unique(name: &str) -> String {
    format!("{name}-{:08x}", rand::random::<u32>())
}

pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis() as i64
}

/// Ceilings are those of a day (UTC): in its last minute nothing begins that counts.
async fn not_just_before_midnight() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    let left_ms = DAY_MS - now_ms().rem_euclid(DAY_MS);
    if left_ms < 60_000 {
        tokio::time::sleep(Duration::from_millis(left_ms.unsigned_abs())).await;
    }
}

/// Asks again and again until it is so; fails after a minute.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    while !is_so().await {
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
