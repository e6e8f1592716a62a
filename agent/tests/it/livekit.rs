//! A real LiveKit server on free ports, ended with the test.

use casp_room::admin::{LiveKit, TokenOptions};
use std::{
    net::{TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

const KEY: &str = "testkey";
const SECRET: &str = "a test secret of more than thirty-two bytes";

pub(crate) struct Server {
    process: Child,
    _folder: tempfile::TempDir,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("LIVEKIT_SERVER_BIN") {
        return path.into();
    }
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/bin/livekit-server");
    if tools.exists() {
        tools
    } else {
        "livekit-server".into()
    }
}

fn free_tcp() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn free_udp() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

impl Server {
    pub(crate) async fn start() -> Self {
        let (port, tcp, udp) = (free_tcp(), free_tcp(), free_udp());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("livekit.yaml");
        let yaml = format!(
            "port: {port}\nbind_addresses: [\"127.0.0.1\"]\nrtc:\n  tcp_port: {tcp}\n  \
             udp_port: {udp}\n  node_ip: 127.0.0.1\n  use_external_ip: false\n  \
             enable_loopback_candidate: true\n  ips:\n    includes: [\"127.0.0.1/32\"]\n\
             keys:\n  {KEY}: {SECRET}\nlogging:\n  level: error\n"
        );
        std::fs::write(&file, yaml).unwrap();
        let process = Command::new(binary())
            .arg("--config")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("livekit-server; set LIVEKIT_SERVER_BIN to where it is");
        let server = Self {
            process,
            _folder: folder,
            port,
        };
        let up = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .is_err()
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), up)
            .await
            .expect("livekit-server does not answer");
        server
    }

    pub(crate) fn livekit(&self) -> LiveKit {
        LiveKit::new(&self.url(), KEY, SECRET).unwrap()
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    pub(crate) fn token(&self, room: &str, identity: &str) -> String {
        self.livekit()
            .participant_token(&TokenOptions {
                room: room.into(),
                identity: identity.into(),
                name: identity.into(),
                can_update_own_metadata: true,
                ..TokenOptions::default()
            })
            .unwrap()
    }
}

/// For a server that is played by the test.
pub(crate) fn livekit_at(url: &str) -> LiveKit {
    LiveKit::new(url, KEY, SECRET).unwrap()
}
