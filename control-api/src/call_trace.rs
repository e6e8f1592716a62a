//! Which call a request is part of, for its trace.

use casp_store::sessions::Session;
use casp_telemetry::CallTrace;
use tracing::Span;

/// The trace of a session.
pub(crate) fn of(session: &Session) -> CallTrace {
    CallTrace::of(&session.id, session.started_at_ms)
}

/// The request that is being answered is part of this session.
pub(crate) fn joins(session: &Session) {
    of(session).adopt(Span::current());
}

/// The session was announced with this time, or found: only who makes it begins its trace.
pub(crate) fn begins(session: &Session, announced_at_ms: i64) {
    if session.started_at_ms == announced_at_ms {
        let (channel, assistant) = (session.kind.name(), &session.assistant);
        of(session).announced(&session.id, channel, assistant);
    }
    joins(session);
}
