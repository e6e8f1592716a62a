//! A LiveKit server.

use crate::supervisor::Supervisor;
use rand::RngExt as _;
use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The server is killed, not asked to go: a test that stops it means a crash.
const SCRIPT: &str = r#""$1" --config "$2" >"$2.log" 2>&1 & server=$!; cat >/dev/null; kill -9 $server; wait $server"#;
/// On an idle machine it takes less than a hundredth of this.
const PATIENCE: Duration = Duration::from_mins(2);

/// How a server differs from the usual one.
#[derive(Debug, Clone, Copy, Default)]
pub struct LiveKitConfig {
    /// No media over UDP.
    pub is_tcp_only: bool,
    /// PCMU is not among its codecs.
    pub is_opus_only: bool,
    /// Only rooms that were created can be joined.
    pub needs_created_rooms: bool,
}

/// A running server, killed when dropped. Its program is `LIVEKIT_SERVER_BIN`, else `.tools/bin/livekit-server` of
/// the workspace, else the one on `PATH`.
#[derive(Debug)]
pub struct LiveKitServer {
    supervisor: Option<Supervisor>,
    address: SocketAddr,
    file: PathBuf,
    _folder: TempDir,
}

impl LiveKitServer {
    /// The name of its one API key.
    pub const KEY: &str = "testkey";
    /// The secret of its one API key.
    pub const SECRET: &str = "a test secret of more than thirty-two bytes";

    /// The usual one, once it answers.
    pub async fn start() -> Self {
        Self::with(LiveKitConfig::default()).await
    }

    /// Another than the usual one, once it answers.
    pub async fn with(config: LiveKitConfig) -> Self {
        off_the_runtime(move || Self::start_blocking(config)).await
    }

    /// The same, for where no runtime is.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_blocking(config: LiveKitConfig) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("livekit.yaml");
        std::fs::write(&file, config.yaml(address)).expect("the folder can be written to");
        let mut server = Self {
            supervisor: None,
            address,
            file,
            _folder: folder,
        };
        server.spawn();
        wait_until_up(address, &server.log_file());
        server
    }

    /// One for the whole test process, started by the first who asks. `config` is the same everywhere.
    pub fn shared(config: LiveKitConfig) -> &'static Self {
        static SERVER: OnceLock<LiveKitServer> = OnceLock::new();
        SERVER.get_or_init(|| Self::start_blocking(config))
    }

    /// `ws://127.0.0.1:…`
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// `http://127.0.0.1:…`
    pub fn http_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it takes signalling and API calls.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it without a word to anybody.
    pub fn kill(&mut self) {
        self.supervisor = None;
    }

    /// Starts it again on the same ports, and waits until it answers.
    pub async fn restart(&mut self) {
        self.kill();
        self.spawn();
        let (address, log) = (self.address, self.log_file());
        off_the_runtime(move || wait_until_up(address, &log)).await;
    }

    fn spawn(&mut self) {
        self.supervisor = Some(Supervisor::spawn(
            Command::new("sh")
                .args(["-c", SCRIPT, "supervisor"])
                .arg(program())
                .arg(&self.file)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        ));
    }

    fn log_file(&self) -> PathBuf {
        self.file.with_extension("yaml.log")
    }
}

impl LiveKitConfig {
    fn yaml(self, address: SocketAddr) -> String {
        let ip = address.ip();
        let udp = if self.is_tcp_only {
            // A port that nothing listens on would still be announced: forbid UDP altogether.
            "force_tcp: true".to_owned()
        } else {
            format!("udp_port: {}", free_port())
        };
        let mut room = String::new();
        if self.is_opus_only {
            room.push_str("  enabled_codecs:\n    - mime: audio/opus\n");
        }
        if self.needs_created_rooms {
            room.push_str("  auto_create: false\n");
        }
        if !room.is_empty() {
            room.insert_str(0, "room:\n");
        }
        format!(
            "port: {}\nbind_addresses: [\"{ip}\"]\nrtc:\n  tcp_port: {}\n  {udp}\n  node_ip: \"{ip}\"\n  \
             use_external_ip: false\n  enable_loopback_candidate: true\n  ips:\n    includes: [\"{ip}/32\"]\n\
             {room}keys:\n  {}: {}\nlogging:\n  level: warn\n",
            address.port(),
            free_port(),
            LiveKitServer::KEY,
            LiveKitServer::SECRET,
        )
    }
}

async fn off_the_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn wait_until_up(address: SocketAddr, log: &Path) {
    let deadline = Instant::now() + PATIENCE;
    while !answers(address) {
        assert!(
            Instant::now() < deadline,
            "{} does not answer (set LIVEKIT_SERVER_BIN to where it is): {}",
            program().display(),
            std::fs::read_to_string(log).unwrap_or_default()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An open port is not enough: it listens a moment before it serves.
fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    let mut answer = [0; 12];
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && answer.ends_with(b"200")
}

/// Below the ports that systems hand out by themselves, and never twice, so that nobody is given it before the server,
/// at its start or a later one, takes it.
fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut rng = rand::rng();
    loop {
        let port = rng.random_range(10_000..32_768);
        let address = (Ipv4Addr::LOCALHOST, port);
        let is_free = TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok();
        let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
        if is_free && given.insert(port) {
            return port;
        }
    }
}

fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("LIVEKIT_SERVER_BIN") {
        return program.into();
    }
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/bin/livekit-server");
    if tools.exists() {
        tools
    } else {
        "livekit-server".into()
    }
}
