//! Starting it all, once a process.

use crate::{Rotation, TRACE_TARGET, files, redact::Redacting, trace::Ids};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use std::{io::IsTerminal as _, path::PathBuf, str::FromStr, time::Duration};
use tracing::Subscriber;
use tracing_appender::{non_blocking::WorkerGuard, rolling::InitError};
use tracing_subscriber::{
    EnvFilter, Layer, filter::filter_fn, fmt, prelude::*, registry::LookupSpan,
};

/// What is logged when `RUST_LOG` says nothing: our own news, and only the troubles of the libraries below.
const DEFAULT_FILTER: &str =
    "info,str0m=error,livekit_api=warn,hyper=warn,sqlx=warn,rustls=error,opentelemetry=warn";
/// A collector that does not answer is waited for this long; then its spans are dropped.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("text or json"),
        }
    }
}

/// Where log lines and spans go.
#[derive(Debug, Clone, Default)]
pub struct LogSettings {
    /// `dev`, `control-api`, `bridge`, `agent`: in file names, and the service of the traces (`casp-agent`).
    pub part: String,
    /// Look of the lines.
    pub format: LogFormat,
    /// Folder for log files; none: standard error.
    pub folder: Option<PathBuf>,
    /// When a new file is begun.
    pub rotation: Rotation,
    /// Files kept.
    pub files_kept: usize,
    /// An OTLP collector (HTTP), as `OTEL_EXPORTER_OTLP_ENDPOINT` has it; none: no traces.
    pub otlp_endpoint: Option<String>,
}

/// Why it could not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The folder cannot be written.
    #[error("log files: {0}")]
    Files(#[from] InitError),
    /// The endpoint is no URL.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT: {0}")]
    Exporter(#[from] ExporterBuildError),
    /// It was started before.
    #[error("logging was started twice")]
    Twice,
}

/// Keeps it going; dropped, what is still to be written is written.
#[derive(Debug)]
#[must_use = "what is still to be written is lost with it"]
pub struct Telemetry {
    tracer: Option<SdkTracerProvider>,
    _file: Option<WorkerGuard>,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(tracer) = &self.tracer
            && let Err(error) = tracer.shutdown_with_timeout(EXPORT_TIMEOUT)
        {
            eprintln!("casp: the last traces were not sent: {error}");
        }
    }
}

/// Starts logging, and tracing when there is a collector. `RUST_LOG` filters the lines, not the traces.
pub fn start(settings: &LogSettings) -> Result<Telemetry, TelemetryError> {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    // Spans of traces are for the collector: without one they are switched off, and cost nothing.
    let filter = match format!("{TRACE_TARGET}=off").parse() {
        Ok(off) => filter.add_directive(off),
        Err(_) => filter,
    };
    let (file, guard) = match &settings.folder {
        Some(folder) => {
            let appender = files::appender(
                folder,
                &settings.part,
                settings.rotation,
                settings.files_kept,
            )?;
            let (file, guard) = tracing_appender::non_blocking(appender);
            (Some(file), Some(guard))
        }
        None => (None, None),
    };
    let is_json = settings.format == LogFormat::Json;
    let has_colours = file.is_none() && std::io::stderr().is_terminal();
    let writer = match file {
        Some(file) => fmt::writer::BoxMakeWriter::new(Redacting(file)),
        None => fmt::writer::BoxMakeWriter::new(Redacting(std::io::stderr)),
    };
    let lines = fmt::layer().with_writer(writer);
    let lines = if is_json {
        lines.json().boxed()
    } else {
        lines.with_target(false).with_ansi(has_colours).boxed()
    };
    let tracer = match &settings.otlp_endpoint {
        Some(endpoint) => Some(tracer(endpoint, &settings.part)?),
        None => None,
    };
    let spans = tracer.as_ref().map(span_layer);
    tracing_subscriber::registry()
        .with(spans)
        .with(lines.with_filter(filter))
        .try_init()
        .map_err(|_| TelemetryError::Twice)?;
    Ok(Telemetry {
        tracer,
        _file: guard,
    })
}

/// Takes spans of traces to the collector.
pub(crate) fn span_layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("casp"))
        // A span is begun when it has a child or is over, so that a request learns late which call it is of.
        .with_context_activation(false)
        .with_tracked_inactivity(false)
        .with_location(false)
        .with_threads(false)
        .with_level(false)
        .with_target(false)
        .with_filter(filter_fn(|metadata| metadata.target() == TRACE_TARGET))
}

fn tracer(endpoint: &str, part: &str) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(EXPORT_TIMEOUT)
        .build()?;
    let resource = Resource::builder()
        .with_service_name(format!("casp-{part}"))
        .build();
    Ok(SdkTracerProvider::builder()
        .with_id_generator(Ids::default())
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build())
}
