//! A real LiveKit server, and what it says of its rooms.

use crate::PATIENCE;
use casp_room::admin::LiveKit;
use std::time::Duration;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

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

    /// The same server behind a door that lets its API pass, and nobody into its rooms: sockets are not answered.
    pub(crate) async fn without_joining(&self) -> LiveKit {
        let server = self.admin.ws_url().replace("ws://", "");
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", door.local_addr().unwrap());
        tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = door.accept().await {
                connections.spawn(pass_api(near, server.clone()));
            }
        });
        let (key, secret) = (
            casp_testkit::LiveKitServer::KEY,
            casp_testkit::LiveKitServer::SECRET,
        );
        LiveKit::new(&url, key, secret).unwrap()
    }

    /// Waits until the room is there.
    pub(crate) async fn has(&self, room: &str) {
        let made = async {
            while self.admin.participants(room).await.unwrap().is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, made)
            .await
            .expect("the room was not made");
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

/// Calls of the API are POSTs, whoever joins begins with a GET.
async fn pass_api(mut near: TcpStream, server: String) {
    let mut method = [0];
    near.peek(&mut method).await.unwrap();
    if method == *b"G" {
        std::future::pending::<()>().await;
    }
    let mut far = TcpStream::connect(server).await.unwrap();
    // However it ends.
    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
}
