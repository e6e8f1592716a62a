//! The `livekit-server` child of `casp dev`.
//!
//! It must not outlive casp, not even a `kill -9`: it runs under a small shell that holds the reading end of a pipe
//! whose writing end only casp has. However casp ends, the pipe closes, and the shell ends the server.

use anyhow::{Context, bail};
use rand::{
    RngExt as _,
    distr::{Alphanumeric, SampleString},
};
use std::{
    net::{Ipv4Addr, TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

/// Runs `"$@"` until it ends or standard input closes.
const WATCHDOG: &str = r#"exec 3<&0; "$@" </dev/null 3<&- & server=$!
exec 2>/dev/null
(cat <&3 >/dev/null; kill -9 "$server") & watcher=$!
exec 3<&-; wait "$server"; code=$?; kill "$watcher"; exit "$code""#;

/// Where the server listens and the key that opens it.
#[derive(Debug, Clone)]
pub(crate) struct LiveKitServer {
    program: PathBuf,
    http_port: u16,
    tcp_port: u16,
    udp_port: u16,
    pub(crate) api_key: String,
    pub(crate) api_secret: String,
}

impl LiveKitServer {
    /// Chooses free loopback ports; `key` as the settings have it, else a new one.
    pub(crate) fn prepare(
        program: Option<&Path>,
        key: Option<(String, String)>,
    ) -> anyhow::Result<Self> {
        let program = find_program(program)?;
        let (api_key, api_secret) = key.unwrap_or_else(|| {
            let mut rng = rand::rng();
            (
                format!("API{}", Alphanumeric.sample_string(&mut rng, 12)),
                Alphanumeric.sample_string(&mut rng, 43),
            )
        });
        let [http_port, tcp_port, udp_port] = free_ports()?;
        Ok(Self {
            program,
            http_port,
            tcp_port,
            udp_port,
            api_key,
            api_secret,
        })
    }

    /// For clients.
    pub(crate) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.http_port)
    }

    /// `webhook_url` gets the server's events.
    fn config(&self, webhook_url: &str) -> String {
        let Self {
            http_port,
            tcp_port,
            udp_port,
            api_key,
            api_secret,
            ..
        } = self;
        format!(
            r#"{{"port": {http_port}, "bind_addresses": ["127.0.0.1"],
"rtc": {{"tcp_port": {tcp_port}, "udp_port": {udp_port}, "node_ip": "127.0.0.1", "use_external_ip": false,
  "enable_loopback_candidate": true, "ips": {{"includes": ["127.0.0.1/32"]}}}},
"keys": {{"{api_key}": "{api_secret}"}},
"webhook": {{"api_key": "{api_key}", "urls": ["{webhook_url}"]}},
"logging": {{"level": "warn"}}}}"#
        )
    }

    fn spawn(&self, webhook_url: &str) -> anyhow::Result<Child> {
        Command::new("sh")
            .args(["-c", WATCHDOG, "livekit"])
            .arg(&self.program)
            // The configuration holds the secret: by environment, not on the command line that everybody can read.
            .env("LIVEKIT_CONFIG", self.config(webhook_url))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start livekit-server")
    }

    /// Runs the server, again when it dies, until `shutdown`.
    pub(crate) async fn run(
        self,
        webhook_url: String,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let mut pause = Duration::from_millis(200);
        loop {
            let mut child = self.spawn(&webhook_url)?;
            // Taken out, since `wait` would close it.
            let lifeline = child.stdin.take();
            let started = tokio::time::Instant::now();
            tokio::select! {
                status = child.wait() => tracing::warn!(status = %status?, "livekit-server ended; starting it again"),
                () = shutdown.cancelled() => {
                    drop(lifeline); // the watchdog ends the server
                    let _ = tokio::time::timeout(Duration::from_secs(3), child.wait()).await;
                    return Ok(());
                }
            }
            pause = if started.elapsed() > Duration::from_secs(10) {
                Duration::from_millis(200)
            } else {
                (pause * 2).min(Duration::from_secs(5))
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shutdown.cancelled() => return Ok(()),
            }
        }
    }

    /// Until the server answers.
    pub(crate) async fn wait_ready(&self, limit: Duration) -> anyhow::Result<()> {
        let answers = async {
            while tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.http_port))
                .await
                .is_err()
            {
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        };
        tokio::time::timeout(limit, answers)
            .await
            .context("livekit-server did not start; see its messages above")
    }
}

/// Free ones on loopback, below those that systems hand out by themselves (Linux from 32768, others from 49152), so that
/// no connection is given one of them before the server, at its start or a later one, takes it.
fn free_ports<const N: usize>() -> anyhow::Result<[u16; N]> {
    let mut rng = rand::rng();
    // Held until all are chosen, so that they differ.
    let mut held = Vec::with_capacity(N);
    for _ in 0..1000 {
        if held.len() == N {
            break;
        }
        let port = rng.random_range(10_000..32_768);
        let address = (Ipv4Addr::LOCALHOST, port);
        if let (Ok(tcp), Ok(udp)) = (TcpListener::bind(address), UdpSocket::bind(address)) {
            held.push((port, tcp, udp));
        }
    }
    let ports: Vec<u16> = held.iter().map(|(port, ..)| *port).collect();
    ports
        .try_into()
        .ok()
        .context("there are no free ports on 127.0.0.1")
}

/// The setting, then `.tools/bin` (here or in a folder above), then `PATH`.
fn find_program(setting: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(path) = setting {
        if !path.is_file() {
            bail!("LIVEKIT_SERVER_BIN: there is no file {}", path.display());
        }
        return Ok(path.to_owned());
    }
    let here = std::env::current_dir()?;
    let tools = here
        .ancestors()
        .map(|folder| folder.join(".tools/bin/livekit-server"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("livekit-server"));
    tools.chain(on_path).find(|file| file.is_file()).context(
        "livekit-server was not found: run `make setup`, or set LIVEKIT_SERVER_BIN to the program or LIVEKIT_URL to a running server",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_watchdog_ends_its_child_when_the_pipe_closes() {
        let mut child = Command::new("sh")
            .args(["-c", WATCHDOG, "livekit", "sleep", "60"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdin.take());
        let status = tokio::time::timeout(Duration::from_secs(10), child.wait())
            .await
            .expect("ends at once")
            .unwrap();
        assert!(!status.success());
    }

    #[tokio::test]
    async fn the_watchdog_ends_with_its_child() {
        let mut child = Command::new("sh")
            .args(["-c", WATCHDOG, "livekit", "sh", "-c", "exit 7"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        // `wait` closes a pipe that it finds, which would be the end of the child too.
        let _pipe = child.stdin.take();
        let status = tokio::time::timeout(Duration::from_secs(10), child.wait())
            .await
            .expect("ends at once")
            .unwrap();
        assert_eq!(status.code(), Some(7));
    }

    #[test]
    fn the_configuration_is_json_and_so_yaml() {
        let server = LiveKitServer {
            program: "x".into(),
            http_port: 1,
            tcp_port: 2,
            udp_port: 3,
            api_key: "k".into(),
            api_secret: "s".into(),
        };
        let config: serde_json::Value =
            serde_json::from_str(&server.config("http://127.0.0.1:8080/webhooks/livekit")).unwrap();
        assert_eq!(config["keys"]["k"], "s");
        assert_eq!(config["port"], 1);
    }
}
