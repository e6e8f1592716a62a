//! A bridge under test, served on a free port, with its store and the sessions that webhooks would announce.

use crate::{PATIENCE, caller::Caller, livekit::LiveKitServer};
use casp_bridge::{BridgeConfig, BridgeState, router};
use casp_providers::{ProviderError, SpeechRequest, SpeechStream, TextToSpeech};
use casp_room::admin::{CreateRoom, LiveKit};
use casp_store::{
    AccountId, Store,
    accounts::{self, KeyKind},
    sessions::{self, NewSession, Session, SessionKind, SessionState},
    stream_tokens,
};
use futures_util::{StreamExt as _, stream};
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;
use tokio::task::JoinHandle;

pub(crate) const API_KEY: &str = "sk_test_key";
/// The discard port: nobody listens there.
const NOWHERE: &str = "ws://127.0.0.1:9";
/// Half a second of this sample is the apology.
pub(crate) const APOLOGY_SAMPLE: i16 = 7_000;

#[derive(Debug)]
struct Voice;

#[async_trait::async_trait]
impl TextToSpeech for Voice {
    fn name(&self) -> &'static str {
        "test"
    }
    async fn synthesize(&self, _: SpeechRequest) -> Result<SpeechStream, ProviderError> {
        let chunks = stream::iter([Ok(vec![APOLOGY_SAMPLE; 4_000])]).boxed();
        Ok(SpeechStream {
            sample_rate_hz: 8_000,
            chunks,
        })
    }
}

pub(crate) struct Bridge {
    pub(crate) state: BridgeState,
    pub(crate) store: Store,
    pub(crate) account: AccountId,
    livekit: LiveKit,
    address: SocketAddr,
    server: JoinHandle<()>,
    _folder: TempDir,
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Bridge {
    pub(crate) async fn start(livekit: &LiveKitServer) -> Self {
        Self::start_with(livekit.admin.clone(), |_| {}).await
    }

    /// Without a media server: for calls that must not get that far.
    pub(crate) async fn start_alone(change: impl FnOnce(&mut BridgeConfig)) -> Self {
        let nowhere =
            LiveKit::new(NOWHERE, "key", "a secret of more than 32 bytes, at last").unwrap();
        Self::start_with(nowhere, change).await
    }

    pub(crate) async fn start_with(
        livekit: LiveKit,
        change: impl FnOnce(&mut BridgeConfig),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::connect(&format!("sqlite://{}/casp.db", folder.path().display()))
            .await
            .unwrap();
        store.migrate().await.unwrap();
        let account = accounts::ensure(&store, "test@casp.local", None, false)
            .await
            .unwrap()
            .id;
        accounts::ensure_key(&store, account, KeyKind::Secret, API_KEY)
            .await
            .unwrap();
        let mut config = BridgeConfig::new(livekit.clone(), store.clone(), Arc::new(Voice), "");
        change(&mut config);
        let state = BridgeState::new(config);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = router(state.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let server = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self {
            state,
            store,
            account,
            livekit,
            address,
            server,
            _folder: folder,
        }
    }

    /// What the webhook does for a call: session, room, token.
    pub(crate) async fn announce(&self, call_sid: &str) -> String {
        self.announce_of(self.account, call_sid, "default").await
    }

    /// The same for an account and its assistant.
    pub(crate) async fn announce_of(
        &self,
        account: AccountId,
        call_sid: &str,
        assistant: &str,
    ) -> String {
        let new = NewSession {
            id: format!("phone-{call_sid}"),
            account,
            kind: SessionKind::Phone,
            room_name: format!("twilio-{call_sid}"),
            from: "+14155550123".into(),
            to: "+15551234567".into(),
            assistant: assistant.into(),
            overrides: serde_json::json!({}),
        };
        sessions::announce(&self.store, &new, now_ms())
            .await
            .unwrap();
        self.token(call_sid).await
    }

    pub(crate) async fn token(&self, call_sid: &str) -> String {
        stream_tokens::issue(&self.store, &format!("phone-{call_sid}"), now_ms(), 60_000)
            .await
            .unwrap()
    }

    pub(crate) async fn create_room(&self, call_sid: &str) {
        let room = CreateRoom {
            name: format!("twilio-{call_sid}"),
            empty_timeout: Duration::from_secs(30),
            departure_timeout: Duration::from_secs(30),
        };
        self.livekit.create_room(&room).await.unwrap();
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    /// A socket that has not said anything.
    pub(crate) async fn open(&self, path: &str) -> Caller {
        Caller::connect(&self.url(path), &[]).await.unwrap()
    }

    /// A phone call, from the webhook to `start`.
    pub(crate) async fn call(&self, call_sid: &str) -> Caller {
        let token = self.announce(call_sid).await;
        self.create_room(call_sid).await;
        let mut caller = self.open(&format!("/twilio/stream/{call_sid}")).await;
        caller.start(call_sid, &token).await;
        caller
    }

    pub(crate) async fn session(&self, call_sid: &str) -> Session {
        sessions::get(&self.store, &format!("phone-{call_sid}"))
            .await
            .unwrap()
            .unwrap()
    }

    /// Waits until the session has ended; returns why.
    pub(crate) async fn ended(&self, call_sid: &str) -> String {
        let ended = async {
            loop {
                let session = self.session(call_sid).await;
                if session.state == SessionState::Ended {
                    return session.end_reason.unwrap();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ended)
            .await
            .expect("the session lives")
    }
}

pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis() as i64
}
