//! Log files that rotate.

use std::{path::Path, str::FromStr};
use tracing_appender::rolling::{InitError, RollingFileAppender};

/// When a new file is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rotation {
    /// Each hour.
    Hourly,
    /// Each day (UTC).
    #[default]
    Daily,
    /// Never.
    Never,
}

impl FromStr for Rotation {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "hourly" => Ok(Self::Hourly),
            "daily" => Ok(Self::Daily),
            "never" => Ok(Self::Never),
            _ => Err("hourly, daily or never"),
        }
    }
}

/// Files `casp.<part>.<date>.log` in a folder, which is made; the oldest are deleted beyond `kept`.
pub(crate) fn appender(
    folder: &Path,
    part: &str,
    rotation: Rotation,
    kept: usize,
) -> Result<RollingFileAppender, InitError> {
    let rotation = match rotation {
        Rotation::Hourly => tracing_appender::rolling::Rotation::HOURLY,
        Rotation::Daily => tracing_appender::rolling::Rotation::DAILY,
        Rotation::Never => tracing_appender::rolling::Rotation::NEVER,
    };
    RollingFileAppender::builder()
        .rotation(rotation)
        .filename_prefix(format!("casp.{part}"))
        .filename_suffix("log")
        .max_log_files(kept)
        .build(folder)
}
