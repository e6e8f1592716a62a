//! A PostgreSQL server, on a Unix socket in a folder of its own.

use crate::supervisor::Supervisor;
use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// Says `ready <folder>` when the server answers.
const SCRIPT: &str = r#"
set -e
dir=$(mktemp -d "${TMPDIR:-/tmp}/casp-postgres.XXXXXX")
cd "$dir"
trap 'rm -rf "$dir"' EXIT
"$1/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
"$1/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c fsync=off -c max_connections=200 >>"$dir/log" 2>&1 &
server=$!
tries=0
until "$1/pg_isready" -q -h "$dir"; do
  tries=$((tries + 1))
  kill -0 $server && [ $tries -lt 1200 ] || { cat "$dir/log" >&2; exit 1; }
  sleep 0.1
done
echo "ready $dir"
cat >/dev/null
kill -INT $server
wait $server || true
"#;

/// A running server, one for the whole test process. Its programs are in `POSTGRES_BIN`, else where Debian puts
/// the newest.
#[derive(Debug)]
pub struct PostgresServer {
    folder: String,
    _supervisor: Supervisor,
}

impl PostgresServer {
    /// The server of this process, started by the first who asks.
    ///
    /// # Panics
    /// If PostgreSQL is not installed or does not start.
    pub fn shared() -> &'static Self {
        static SERVER: OnceLock<PostgresServer> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    /// URL of a database on it; the user `postgres` may do everything, and has the database `postgres` to begin with.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://postgres@localhost/{database}?host={}",
            self.folder
        )
    }

    /// URL of a new, empty database on it.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn new_database(&self) -> String {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("made{}", MADE.fetch_add(1, Ordering::Relaxed));
        let status = Command::new(programs().join("createdb"))
            .args(["--host", &self.folder, "--username", "postgres"])
            .args(["--template", "template0", &name])
            .stdin(Stdio::null())
            .status()
            .expect("createdb runs");
        assert!(status.success(), "the database {name} could not be made");
        self.url(&name)
    }

    fn start() -> Self {
        let bin = programs();
        let mut command = if is_root() {
            // PostgreSQL refuses to run as root.
            let mut command = Command::new("setpriv");
            command.args([
                "--reuid=postgres",
                "--regid=postgres",
                "--clear-groups",
                "sh",
            ]);
            command
        } else {
            Command::new("sh")
        };
        let mut supervisor = Supervisor::spawn(
            command
                .args(["-c", SCRIPT, "supervisor"])
                .arg(&bin)
                .current_dir("/")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped()),
        );
        let mut line = String::new();
        BufReader::new(supervisor.child().stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("the supervisor speaks");
        let folder = line
            .strip_prefix("ready ")
            .unwrap_or_else(|| panic!("PostgreSQL from {} did not start", bin.display()))
            .trim()
            .to_owned();
        Self {
            folder,
            _supervisor: supervisor,
        }
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout.trim_ascii() == b"0"
}

/// The folder of `initdb` and `postgres`: `POSTGRES_BIN`, else the newest of Debian's.
fn programs() -> PathBuf {
    if let Some(folder) = std::env::var_os("POSTGRES_BIN") {
        return folder.into();
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    versions
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .max()
        .expect("PostgreSQL is installed (Debian: apt install postgresql), or POSTGRES_BIN names its bin folder")
}
