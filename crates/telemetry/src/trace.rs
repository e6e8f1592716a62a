//! One trace a call, through every process that has a part in it.
//!
//! The API, the bridge and the agent meet only in the room and in the store, so no header carries a trace from one
//! to the other. They all know the session: its id gives the trace's.

use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState},
};
use sha2::{Digest as _, Sha256};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Spans of this target are exported, and no others: `tracing::info_span!(target: TRACE_TARGET, "turn")`. What is
/// made within one of them belongs to it.
pub const TRACE_TARGET: &str = "casp::trace";

/// The trace of one call.
#[derive(Debug, Clone)]
pub struct CallTrace {
    parent: Context,
}

impl CallTrace {
    /// Of a session: the same in every process.
    pub fn of(session_id: &str) -> Self {
        let digest = Sha256::digest(session_id.as_bytes());
        let (mut trace, mut span) = ([0; 16], [0; 8]);
        trace.copy_from_slice(&digest[..16]);
        span.copy_from_slice(&digest[16..24]);
        let parent = SpanContext::new(
            TraceId::from_bytes(trace),
            SpanId::from_bytes(span),
            TraceFlags::SAMPLED,
            true,
            TraceState::default(),
        );
        Self {
            parent: Context::new().with_remote_span_context(parent),
        }
    }

    /// Makes a new span the call's. Without a collector, nothing happens.
    pub fn adopt(&self, span: Span) -> Span {
        // Fails only when no collector is there.
        let _ = span.set_parent(self.parent.clone());
        span
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_one_trace() {
        let id = |session: &str| {
            CallTrace::of(session)
                .parent
                .span()
                .span_context()
                .trace_id()
        };
        assert_eq!(id("phone-CA1"), id("phone-CA1"));
        assert_ne!(id("phone-CA1"), id("phone-CA2"));
        assert_ne!(id("phone-CA1"), TraceId::INVALID);
    }
}
