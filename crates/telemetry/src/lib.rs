//! Log lines without private data, in files that rotate, and one trace a call.
//!
//! [`start`] once a process. [`CallTrace`] makes spans that belong to a call, in whichever process they are made.

mod files;
mod redact;
mod start;
mod trace;

pub use files::Rotation;
pub use redact::redact;
pub use start::{LogFormat, LogSettings, Telemetry, TelemetryError, start};
pub use trace::{CallTrace, TRACE_TARGET, mark_failed};
