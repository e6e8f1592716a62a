//! A real LiveKit server, and what it says of its rooms.

use casp_room::admin::LiveKit;
use std::time::Duration;

pub(crate) struct LiveKitServer {
    pub(crate) admin: LiveKit,
    _server: casp_testkit::LiveKitServer,
}

impl LiveKitServer {
    pub(crate) async fn start() -> Self {
        // Shown by the test harness when a test fails.
        let _ = tracing_subscriber::fmt()
            .with_env_filter("casp_bridge=debug,casp_room=debug")
            .with_test_writer()
            .try_init();
        let server = casp_testkit::LiveKitServer::start().await;
        let (key, secret) = (
            casp_testkit::LiveKitServer::KEY,
            casp_testkit::LiveKitServer::SECRET,
        );
        Self {
            admin: LiveKit::new(&server.url(), key, secret).unwrap(),
            _server: server,
        }
    }

    /// Waits until the room is gone, sooner than the server gives up an empty one by itself.
    pub(crate) async fn is_rid_of(&self, room: &str) {
        let gone = async {
            while self.admin.participants(room).await.unwrap().is_some() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone)
            .await
            .expect("the room is still there");
    }

    /// Identities in the room.
    pub(crate) async fn identities(&self, room: &str) -> Vec<String> {
        let participants = self
            .admin
            .participants(room)
            .await
            .unwrap()
            .unwrap_or_default();
        participants
            .into_iter()
            .map(|participant| participant.identity)
            .collect()
    }
}
