//! The agent's part of a call's trace: the conversation, its turns, and what each took. Nothing of what was said.

use super::claim::Claim;
use casp_telemetry::{CallTrace, TRACE_TARGET};
use std::time::Duration;
use tracing::{Span, field::Empty};

/// The span of a conversation.
pub(super) fn conversation(claim: &Claim) -> Span {
    let span = tracing::info_span!(
        target: TRACE_TARGET,
        parent: None,
        "conversation",
        otel.status_code = Empty,
        error.type = Empty,
        gen_ai.agent.name = claim.assistant.name,
        casp.takes_over = claim.is_takeover(),
        casp.ending = Empty,
    );
    match &claim.row {
        Some(row) => CallTrace::of(&row.session_id, row.started_at_ms).adopt(span),
        // A room that nobody announced has a trace of its own.
        None => span,
    }
}

/// The spans of a conversation's turns.
#[derive(Debug)]
pub(super) struct Trace {
    conversation: Span,
    /// The turn that is heard, until it is decided.
    heard: Option<Span>,
}

impl Trace {
    pub(super) fn new(conversation: Span) -> Self {
        Self {
            conversation,
            heard: None,
        }
    }

    /// The turn that is heard: from the first request for its words to the end of the answer.
    pub(super) fn turn(&mut self) -> &Span {
        self.heard.get_or_insert_with(|| {
            tracing::info_span!(
                target: TRACE_TARGET,
                parent: &self.conversation,
                "turn",
                casp.endpointing_ms = Empty,
                casp.latency_ms = Empty,
                casp.was_interrupted = Empty,
            )
        })
    }

    /// What is heard from now on is another turn.
    pub(super) fn next_turn(&mut self) {
        self.heard = None;
    }

    /// Something that is said in answer to nobody.
    pub(super) fn saying(&self) -> Span {
        tracing::info_span!(
            target: TRACE_TARGET,
            parent: &self.conversation,
            "saying",
            casp.was_interrupted = Empty,
        )
    }
}

/// Of a request for the words of a turn.
pub(super) fn transcription(turn: &Span, provider: &str, speech: Duration) -> Span {
    tracing::info_span!(
        target: TRACE_TARGET,
        parent: turn,
        "transcribe",
        otel.status_code = Empty,
        error.type = Empty,
        gen_ai.operation.name = "transcribe",
        gen_ai.provider.name = provider,
        casp.speech_ms = speech.as_millis() as i64,
    )
}

/// Of making the sound of an utterance.
pub(super) fn synthesis(turn: &Span, provider: &str) -> Span {
    tracing::info_span!(
        target: TRACE_TARGET,
        parent: turn,
        "synthesize",
        otel.status_code = Empty,
        error.type = Empty,
        gen_ai.operation.name = "synthesize",
        gen_ai.provider.name = provider,
        casp.time_to_first_sound = Empty,
    )
}

/// A span ends when it was last entered, however long somebody holds it.
pub(super) fn ends_now(span: &Span) {
    span.in_scope(|| ());
}
