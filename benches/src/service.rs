//! A part of CASP as a process of its own.

use anyhow::{Context as _, bail};
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// A process that has said `ready http://…`.
#[derive(Debug)]
pub struct Service {
    process: Child,
    /// Where it is.
    pub url: String,
    /// Kept open: who cannot write its lines ends.
    _lines: Lines<BufReader<ChildStdout>>,
}

impl Service {
    /// Starts it, and waits until it is ready.
    ///
    /// # Errors
    /// When it ends before, or takes longer than a minute.
    pub async fn start(command: &mut Command) -> anyhow::Result<Self> {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("casp cannot be started")?;
        let stdout = process.stdout.take().context("no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let url = tokio::time::timeout(Duration::from_mins(1), async {
            while let Some(line) = lines.next_line().await? {
                if let Some((_, url)) = line.split_once("ready ") {
                    return Ok(url.trim().to_owned());
                }
            }
            bail!("casp ended before it was ready")
        });
        let url = url.await.context("casp was not ready in time")??;
        Ok(Self {
            process,
            url,
            _lines: lines,
        })
    }

    /// Resident memory.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident_mib(&self) -> anyhow::Result<f64> {
        let id = self.process.id().context("casp has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1));
        Ok(kib.context("no VmRSS")?.parse::<f64>()? / 1024.0)
    }

    /// As a person would, so that it ends its own children.
    ///
    /// # Errors
    /// When it does not end within 20 s.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(id) = self.process.id() {
            Command::new("kill").arg(id.to_string()).status().await?;
        }
        tokio::time::timeout(Duration::from_secs(20), self.process.wait()).await??;
        Ok(())
    }
}
