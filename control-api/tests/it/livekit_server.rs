//! One livekit-server for this test binary, on free loopback ports.

use casp_room::admin::LiveKit;
use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

pub(crate) const API_KEY: &str = "testkey";
pub(crate) const API_SECRET: &str = "testsecrettestsecrettestsecret00";

/// Runs the server and stops it by its id when standard input closes, which happens at the end of the test process,
/// however it ends.
const SUPERVISOR: &str =
    r#""$1" --config "$2" >"$2.log" 2>&1 & server=$!; cat >/dev/null; kill $server; wait $server"#;

/// A running server.
pub(crate) struct LiveKitServer {
    port: u16,
    _supervisor: Child,
    _folder: tempfile::TempDir,
}

impl LiveKitServer {
    /// The server of this process, started by the first who asks.
    pub(crate) fn shared() -> &'static Self {
        static SERVER: OnceLock<LiveKitServer> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    /// `http://127.0.0.1:…`
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn client(&self) -> LiveKit {
        LiveKit::new(&self.url(), API_KEY, API_SECRET).unwrap()
    }

    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (port, tcp_port, udp_port) = (free_port(), free_port(), free_port());
        let config = folder.path().join("livekit.yaml");
        let mut text = format!("port: {port}\nbind_addresses: [\"127.0.0.1\"]\n");
        let _ = write!(
            text,
            "rtc:\n  tcp_port: {tcp_port}\n  udp_port: {udp_port}\n  node_ip: 127.0.0.1\n  use_external_ip: false\n  \
             enable_loopback_candidate: true\n  ips:\n    includes: [\"127.0.0.1/32\"]\nkeys:\n  {API_KEY}: {API_SECRET}\n\
             room:\n  auto_create: false\nlogging:\n  level: warn\n"
        );
        std::fs::write(&config, text).unwrap();
        let supervisor = Command::new("sh")
            .args(["-c", SUPERVISOR, "supervisor"])
            .arg(program())
            .arg(&config)
            .stdin(Stdio::piped())
            .spawn()
            .expect("sh starts");
        let server = Self {
            port,
            _supervisor: supervisor,
            _folder: folder,
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while !server.answers() {
            let log =
                std::fs::read_to_string(config.with_extension("yaml.log")).unwrap_or_default();
            assert!(
                Instant::now() < deadline,
                "livekit-server did not start: {log}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else {
            return false;
        };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
        let mut answer = [0; 12];
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").is_ok()
            && stream.read_exact(&mut answer).is_ok()
            && answer.ends_with(b"200")
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// `LIVEKIT_SERVER_BIN`, else `.tools/bin` of the workspace, else the one on `PATH`.
fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("LIVEKIT_SERVER_BIN") {
        return program.into();
    }
    let local = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.tools/bin/livekit-server");
    if local.exists() {
        local
    } else {
        "livekit-server".into()
    }
}
