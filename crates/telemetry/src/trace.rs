//! One trace a call, through every process that has a part in it.
//!
//! The API, the bridge and the agent meet only in the room and in the store, so no header carries a trace from one
//! to the other. They all know the session: its id and its beginning give the trace's id, and that of its root span,
//! which whoever announces the session makes ([`CallTrace::announced`]).

use crate::redact;
use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState},
};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};
use sha2::{Digest as _, Sha256};
use std::cell::Cell;
use tracing::{Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Spans of this target are exported, and no others: `tracing::info_span!(target: TRACE_TARGET, "turn")`. What is
/// made within one of them belongs to it. They stand in no log line, and cost next to nothing without a collector.
pub const TRACE_TARGET: &str = "casp::trace";

/// The trace of one call.
#[derive(Debug, Clone, Copy)]
pub struct CallTrace {
    trace: TraceId,
    root: SpanId,
}

impl CallTrace {
    /// Of a session: the same in every process. A web room's sessions all have the same id; their beginnings (Unix
    /// milliseconds) tell them apart.
    pub fn of(session_id: &str, started_at_ms: i64) -> Self {
        let mut hash = Sha256::new();
        hash.update(session_id.as_bytes());
        hash.update(started_at_ms.to_be_bytes());
        let digest = hash.finalize();
        let (mut trace, mut span) = ([0; 16], [0; 8]);
        trace.copy_from_slice(&digest[..16]);
        span.copy_from_slice(&digest[16..24]);
        Self {
            trace: TraceId::from_bytes(trace),
            root: SpanId::from_bytes(span),
        }
    }

    /// Makes a new span the call's. Without a collector, nothing happens.
    pub fn adopt(&self, span: Span) -> Span {
        // Fails only when no collector is there, or the span has children already: then it stays where it is.
        let _ = span.set_parent(self.context());
        span
    }

    /// The root of the trace: the session was announced just now. Once a session.
    pub fn announced(&self, session_id: &str, channel: &str, assistant: &str) {
        let span = tracing::info_span!(
            target: TRACE_TARGET,
            parent: None,
            "session",
            otel.kind = "producer",
            // Rooms are named by people, after people too.
            gen_ai.conversation.id = &*redact(session_id),
            gen_ai.agent.name = assistant,
            casp.channel = channel,
        );
        Ids::with(self.trace, self.root, || drop(span.context()));
    }

    fn context(self) -> Context {
        Context::new().with_remote_span_context(SpanContext::new(
            self.trace,
            self.root,
            TraceFlags::SAMPLED,
            true,
            TraceState::default(),
        ))
    }
}

/// Notes the provider's error of a span: what kind of error it was, never its text.
pub fn mark_failed(span: &Span, kind: &str) {
    span.record("otel.status_code", "ERROR");
    span.record("error.type", field::display(kind));
}

thread_local! {
    /// What the next span that is started on this thread is called.
    static NEXT: Cell<Option<(TraceId, SpanId)>> = const { Cell::new(None) };
}

/// Random ids, but for the roots of calls.
#[derive(Debug, Default)]
pub(crate) struct Ids(RandomIdGenerator);

impl Ids {
    fn with(trace: TraceId, span: SpanId, start: impl FnOnce()) {
        NEXT.set(Some((trace, span)));
        start();
        NEXT.set(None);
    }
}

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        match NEXT.get() {
            Some((trace, _)) => trace,
            None => self.0.new_trace_id(),
        }
    }

    fn new_span_id(&self) -> SpanId {
        match NEXT.get() {
            Some((_, span)) => span,
            None => self.0.new_span_id(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::start::span_layer;
    use opentelemetry_sdk::{
        error::OTelSdkResult,
        trace::{SdkTracerProvider, SpanData, SpanExporter},
    };
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::prelude::*;

    /// Keeps what is exported.
    #[derive(Debug, Clone, Default)]
    struct Kept(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Kept {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().unwrap().extend(batch);
            Ok(())
        }
    }

    #[test]
    fn a_session_has_one_trace() {
        let id = |session: &str, at| CallTrace::of(session, at).trace;
        assert_eq!(id("phone-CA1", 1), id("phone-CA1", 1));
        assert_ne!(id("phone-CA1", 1), id("phone-CA2", 1));
        assert_ne!(id("web-kitchen", 1), id("web-kitchen", 2), "another day");
        assert_ne!(id("phone-CA1", 1), TraceId::INVALID);
    }

    /// Runs with a collector and gives the spans: name, trace, id, parent.
    fn collected(run: impl FnOnce()) -> Vec<(String, TraceId, SpanId, SpanId)> {
        let exporter = Kept::default();
        let provider = SdkTracerProvider::builder()
            .with_id_generator(Ids::default())
            .with_simple_exporter(exporter.clone())
            .build();
        let subscriber = tracing_subscriber::registry().with(span_layer(&provider));
        tracing::subscriber::with_default(subscriber, run);
        provider.force_flush().unwrap();
        let spans = std::mem::take(&mut *exporter.0.lock().unwrap());
        spans
            .into_iter()
            .map(|span| {
                let (context, parent) = (span.span_context, span.parent_span_id);
                (
                    span.name.into_owned(),
                    context.trace_id(),
                    context.span_id(),
                    parent,
                )
            })
            .collect()
    }

    #[test]
    fn every_part_hangs_on_the_announced_root() {
        let trace = CallTrace::of("phone-CA1", 7);
        let spans = collected(|| {
            let request = tracing::info_span!(target: TRACE_TARGET, parent: None, "request");
            request.in_scope(|| trace.announced("phone-CA1", "phone", "default"));
            trace.adopt(request.clone());
            tracing::info_span!(target: TRACE_TARGET, parent: &request, "part of it");
            tracing::info_span!("not for the collector");
        });
        let of = |name: &str| spans.iter().find(|span| span.0 == name).unwrap();
        let (root, request, part) = (of("session"), of("request"), of("part of it"));
        assert_eq!(
            (root.1, root.2, root.3),
            (trace.trace, trace.root, SpanId::INVALID)
        );
        assert_eq!((request.1, request.3), (trace.trace, trace.root));
        assert_eq!((part.1, part.3), (trace.trace, request.2));
        assert_ne!(request.2, trace.root);
        assert_eq!(spans.len(), 3);
    }
}
