//! What came of a call.

use serde::Serialize;
use std::fmt;

/// One line and its answer. Times are in milliseconds since the start of the call.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct TurnReport {
    /// What was said.
    pub(super) line: String,
    /// Its first frame was sent.
    pub(super) began_ms: u64,
    /// Its last frame was sent.
    pub(super) ended_ms: u64,
    /// From the end of the line to the first audible sound of the answer.
    pub(super) latency_ms: Option<u64>,
    /// Audible time of the answer.
    pub(super) heard_ms: u64,
    /// With `--barge-in`: from our first sound to the agent's last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stopped_after_ms: Option<u64>,
}

impl fmt::Display for TurnReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.latency_ms {
            Some(latency) => write!(
                f,
                "\"{}\": answer after {latency} ms, {} ms heard",
                self.line, self.heard_ms
            )?,
            None => write!(f, "\"{}\": no answer", self.line)?,
        }
        match self.stopped_after_ms {
            Some(stopped) => write!(f, ", the agent stopped after {stopped} ms"),
            None => Ok(()),
        }
    }
}

/// The whole call.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Report {
    /// From the start of the stream to the first audible sound.
    pub(super) greeting_after_ms: Option<u64>,
    /// Lines that were to be said.
    pub(super) turns_wanted: usize,
    /// Lines that were said.
    pub(super) turns: Vec<TurnReport>,
    /// How it ended.
    pub(super) ending: String,
}

impl Report {
    /// Every line was said and answered.
    pub(super) fn is_complete(&self) -> bool {
        self.turns.len() == self.turns_wanted
            && self.turns.iter().all(|turn| turn.latency_ms.is_some())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dash =
            |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        writeln!(
            f,
            "\n{:>5}  {:>11}  {:>9}  {:>9}  line",
            "turn", "latency ms", "heard ms", "stop ms"
        )?;
        for (number, turn) in self.turns.iter().enumerate() {
            let (latency, stop) = (dash(turn.latency_ms), dash(turn.stopped_after_ms));
            writeln!(
                f,
                "{:>5}  {latency:>11}  {:>9}  {stop:>9}  {}",
                number + 1,
                turn.heard_ms,
                turn.line
            )?;
        }
        let mut latencies: Vec<u64> = self
            .turns
            .iter()
            .filter_map(|turn| turn.latency_ms)
            .collect();
        latencies.sort_unstable();
        if let Some(median) = latencies.get(latencies.len() / 2) {
            writeln!(
                f,
                "median latency {median} ms over {} of {} turns",
                latencies.len(),
                self.turns_wanted
            )?;
        }
        writeln!(
            f,
            "greeting after {} ms; {}",
            dash(self.greeting_after_ms),
            self.ending
        )
    }
}
