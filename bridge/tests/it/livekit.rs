//! A `livekit-server` of one's own, on free loopback ports; killed when dropped.

use casp_room::admin::LiveKit;
use std::{
    net::{TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tokio::process::{Child, Command};

const KEY: &str = "testkey";
const SECRET: &str = "testsecrettestsecrettestsecret00";

/// A running server.
pub(crate) struct LiveKitServer {
    pub(crate) admin: LiveKit,
    _child: Child,
    _folder: TempDir,
}

impl LiveKitServer {
    pub(crate) async fn start() -> Self {
        // Shown by the test harness when a test fails.
        let _ = tracing_subscriber::fmt()
            .with_env_filter("casp_bridge=debug,casp_room=debug")
            .with_test_writer()
            .try_init();
        let folder = tempfile::tempdir().unwrap();
        let port = free_tcp_port();
        let config = format!(
            "port: {port}\nbind_addresses: [\"127.0.0.1\"]\nrtc:\n  tcp_port: {}\n  udp_port: {}\n  node_ip: 127.0.0.1\n  \
             use_external_ip: false\n  enable_loopback_candidate: true\n  ips:\n    includes: [\"127.0.0.1/32\"]\n\
             keys:\n  {KEY}: {SECRET}\nlogging:\n  level: error\n",
            free_tcp_port(),
            free_udp_port(),
        );
        let path = folder.path().join("livekit.yaml");
        std::fs::write(&path, config).unwrap();
        let binary = binary();
        let child = Command::new(&binary)
            .arg("--config")
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "{}: {error}; run `make setup`, or set LIVEKIT_SERVER_BIN",
                    binary.display()
                )
            });
        let admin = LiveKit::new(&format!("ws://127.0.0.1:{port}"), KEY, SECRET).unwrap();
        let is_up = async {
            while admin.room_names().await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), is_up)
            .await
            .expect("livekit-server did not start");
        Self {
            admin,
            _child: child,
            _folder: folder,
        }
    }

    /// Waits until the room is gone.
    pub(crate) async fn is_rid_of(&self, room: &str) {
        let gone = async {
            while self.admin.participants(room).await.unwrap().is_some() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), gone)
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

fn binary() -> PathBuf {
    if let Some(binary) = std::env::var_os("LIVEKIT_SERVER_BIN") {
        return binary.into();
    }
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/bin/livekit-server");
    if tools.exists() {
        tools
    } else {
        "livekit-server".into()
    }
}

fn free_tcp_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn free_udp_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
