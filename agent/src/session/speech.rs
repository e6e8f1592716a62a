//! One thing the agent says, from the model's first word to what was heard of it.

use super::{
    progress::Progress,
    trace,
    voice::{Part, Voice},
};
use crate::turn::{Decision, UtteranceId};
use casp_conversation::{Keys, Reply, ReplyEvent};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tracing::Span;

/// One thing the agent says or prepares to say.
#[derive(Debug)]
pub(super) struct Speech {
    pub(super) utterance: UtteranceId,
    /// The model's answer, where it is one.
    pub(super) reply: Option<Reply>,
    pub(super) voice: Voice,
    /// Set when the user's turn is over.
    pub(super) decision: Option<Decision>,
    /// Once the turn is over, a code is to be sent.
    pub(super) wants_code: bool,
    pub(super) clock: Clock,
    /// Of the turn that it answers, or of the saying.
    span: Span,
    /// What the far end of a telephone line is known to have played, and since when.
    pub(super) marked: Option<(u32, Instant)>,
    /// The text of a saying, which has no reply.
    pub(super) text: String,
}

/// When what happened.
#[derive(Debug)]
pub(super) struct Clock {
    pub(super) asked: Instant,
    pub(super) first_token: Option<Instant>,
    pub(super) started: Option<Instant>,
}

/// Sent, but not yet played by a browser: network and jitter buffer.
const ON_THE_WAY_MS: u32 = 80;

impl Speech {
    pub(super) fn new(
        utterance: UtteranceId,
        reply: Option<Reply>,
        voice: Voice,
        span: Span,
    ) -> Self {
        Self {
            utterance,
            reply,
            voice,
            decision: None,
            wants_code: false,
            span,
            clock: Clock {
                asked: Instant::now(),
                first_token: None,
                started: None,
            },
            marked: None,
            text: String::new(),
        }
    }

    pub(super) fn progress(&self) -> &Arc<Progress> {
        &self.voice.progress
    }

    /// The next event of the reply; waits for ever when there is none. A clause is not taken before there is
    /// room for it, so that the model waits for text-to-speech. Cancel safe.
    pub(super) async fn next_reply_event(&mut self) -> ReplyEvent {
        if let (Some(reply), Some(clauses)) = (&mut self.reply, &self.voice.clauses)
            && clauses.reserve().await.is_ok()
            && let Some(event) = reply.next().await
        {
            return event;
        }
        std::future::pending().await
    }

    /// Says a clause. There is room: see [`Self::next_reply_event`].
    pub(super) fn say(&self, clause: String) {
        if let Some(clauses) = &self.voice.clauses {
            // A voice that has failed takes no more; it has apologised.
            let _ = clauses.try_send(Part::Words(clause));
        }
    }

    /// Presses keys after what was said so far; whether there was room for it.
    pub(super) fn press(&self, keys: Keys) -> bool {
        let clauses = self.voice.clauses.as_ref();
        clauses.is_some_and(|clauses| clauses.try_send(Part::Keys(keys)).is_ok())
    }

    /// No more clauses will come.
    pub(super) fn complete(&mut self) {
        self.voice.clauses = None;
    }

    /// The words that were heard until now.
    pub(super) fn heard(&self, now: Instant) -> String {
        let sent_ms = self.progress().played_ms();
        let heard_ms = match self.marked {
            Some((ms, at)) => {
                let since = now.saturating_duration_since(at).as_millis();
                ms.saturating_add(u32::try_from(since).unwrap_or(u32::MAX))
                    .min(sent_ms)
            }
            None => sent_ms.saturating_sub(ON_THE_WAY_MS),
        };
        self.progress().heard(heard_ms)
    }

    /// End of the user's speech → first audio.
    pub(super) fn latency(&self) -> Option<Duration> {
        let decision = self.decision.as_ref()?;
        Some(
            self.clock
                .started?
                .saturating_duration_since(decision.ended_at),
        )
    }

    /// It is over; of a guess that nobody heard the span stays open, since its turn goes on.
    pub(super) fn settle_span(&self, was_interrupted: bool) {
        if self.reply.is_some() && self.decision.is_none() {
            return;
        }
        self.span.record("casp.was_interrupted", was_interrupted);
        if let Some(latency) = self.latency() {
            self.span
                .record("casp.latency_ms", latency.as_millis() as i64);
        }
        if let Some(decision) = &self.decision {
            let waited = decision
                .decided_at
                .saturating_duration_since(decision.ended_at);
            self.span
                .record("casp.endpointing_ms", waited.as_millis() as i64);
        }
        trace::ends_now(&self.span);
    }

    /// The times of the turn, as they are stored.
    pub(super) fn timings(&self) -> Value {
        let Some(decision) = &self.decision else {
            return json!({});
        };
        let mut timings = user_timings(decision);
        let first_token = self.clock.first_token.map(|at| at - self.clock.asked);
        for (name, time) in [
            ("llm_first_token_ms", first_token),
            ("tts_first_byte_ms", self.progress().time_to_first_audio()),
            ("total_ms", self.latency()),
        ] {
            if let Some(time) = time {
                timings[name] = json!(time.as_millis() as u64);
            }
        }
        timings
    }
}

/// Of the user's part.
pub(super) fn user_timings(decision: &Decision) -> Value {
    let waited = decision
        .decided_at
        .saturating_duration_since(decision.ended_at);
    let mut timings = json!({"endpointing_ms": waited.as_millis() as u64});
    if let (Some(asked), Some(answered)) =
        (decision.transcription_asked_at, decision.transcribed_at)
    {
        timings["stt_ms"] = json!((answered - asked).as_millis() as u64);
    }
    timings
}
