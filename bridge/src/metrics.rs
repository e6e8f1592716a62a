//! What the bridge counts. Names and units in one place.

use metrics::{counter, gauge, histogram};
use std::time::Duration;

/// A call that is open; counted until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenCall(());

impl OpenCall {
    /// One more.
    pub(crate) fn count() -> Self {
        gauge!("casp_bridge_calls").increment(1.0);
        Self(())
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        gauge!("casp_bridge_calls").decrement(1.0);
    }
}

/// A call has ended.
pub(crate) fn call_ended(reason: &'static str) {
    counter!("casp_bridge_call_ends_total", "reason" => reason).increment(1);
}

/// A socket was refused, before or at `start`.
pub(crate) fn refused(reason: &'static str) {
    counter!("casp_bridge_refused_total", "reason" => reason).increment(1);
}

/// A message was answered with an error.
pub(crate) fn bad_message(code: &'static str) {
    counter!("casp_bridge_bad_messages_total", "code" => code).increment(1);
}

/// From `start` to being in the room.
pub(crate) fn joined(took: Duration) {
    histogram!("casp_bridge_join_seconds").record(took.as_secs_f64());
}

/// An agent was asked for again.
pub(crate) fn dispatched_again() {
    counter!("casp_bridge_agent_dispatches_total").increment(1);
}

/// Frames that a full queue threw away; `direction` is `to_room` or `to_caller`.
pub(crate) fn dropped(direction: &'static str, count: u64) {
    if count > 0 {
        counter!("casp_bridge_dropped_frames_total", "direction" => direction).increment(count);
    }
}
