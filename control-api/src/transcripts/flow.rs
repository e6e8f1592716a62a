//! The conversation turn by turn: what the agent wrote down as it went, with what Voice Intelligence knows better.

use super::view::role_of;
use casp_store::{
    transcripts::{Transcript, count_words},
    turns::Turn,
    twilio_transcripts::Sentence,
};
use serde::Serialize;
use utoipa::ToSchema;

/// Channel of the customer,
pub(crate) const CUSTOMER: i64 = 0;
/// and of the agent.
pub(crate) const AGENT: i64 = 1;

/// One turn.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct FlowEntry {
    /// From 1.
    #[schema(example = 1)]
    pub(crate) sequence: usize,
    pub(crate) speaker: Speaker,
    /// What was said; of an interrupted turn, what was heard of it.
    #[schema(example = "Hello, this is Mike Thompson calling about...")]
    pub(crate) text: String,
    /// Seconds since the call began.
    #[schema(example = 0.5)]
    pub(crate) start_time: f64,
    /// Seconds since the call began.
    #[schema(example = 3.2)]
    pub(crate) end_time: f64,
    /// Seconds.
    #[schema(example = 2.7)]
    pub(crate) duration: f64,
    /// 0 to 1; null where nobody knows. What the agent says is known for certain.
    #[schema(example = 0.95)]
    pub(crate) confidence: Option<f64>,
    /// Words.
    #[schema(example = 8)]
    pub(crate) word_count: i64,
}

/// Who says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Speaker {
    /// 0 the customer, 1 the agent.
    #[schema(example = 1)]
    pub(crate) channel: i64,
    /// `customer`, `agent`
    #[schema(example = "agent")]
    pub(crate) role: &'static str,
    /// For people.
    #[schema(example = "AI Agent")]
    pub(crate) name: &'static str,
}

/// What Voice Intelligence heard, in the time of the call.
pub(crate) struct Heard<'a> {
    pub(crate) sentences: &'a [Sentence],
    /// From the begin of the call to that of the recording, seconds.
    pub(crate) offset: f64,
}

/// Milliseconds as seconds.
pub(crate) fn seconds(ms: f64) -> f64 {
    ms.round() / 1_000.0
}

/// The turns of a transcript; where the agent wrote none, what Voice Intelligence heard.
pub(crate) fn flow(transcript: &Transcript, turns: &[Turn], heard: &Heard<'_>) -> Vec<FlowEntry> {
    let spoken: Vec<FlowEntry> = turns
        .iter()
        .filter_map(|turn| {
            let channel = match turn.role.as_str() {
                "user" => CUSTOMER,
                "assistant" => AGENT,
                _ => return None,
            };
            Some(of_turn(transcript, turn, channel, heard))
        })
        .collect();
    let mut flow = if spoken.is_empty() {
        heard
            .sentences
            .iter()
            .map(|sentence| of_sentence(sentence, heard.offset))
            .collect()
    } else {
        spoken
    };
    for (place, entry) in flow.iter_mut().enumerate() {
        entry.sequence = place + 1;
    }
    flow
}

fn of_turn(transcript: &Transcript, turn: &Turn, channel: i64, heard: &Heard<'_>) -> FlowEntry {
    let timing = |name: &str| turn.timings.get(name).and_then(serde_json::Value::as_f64);
    // What was typed takes no time.
    let written = (turn.at_ms - transcript.started_at_ms).max(0) as f64;
    let end = timing("speech_end_ms").unwrap_or(written);
    let start = timing("speech_start_ms").unwrap_or(end).min(end);
    let confidence = if channel == AGENT {
        Some(1.0)
    } else {
        timing("confidence").or_else(|| heard.confidence(channel, start / 1_000.0, end / 1_000.0))
    };
    entry(channel, turn.text.clone(), (start, end), confidence)
}

fn of_sentence(sentence: &Sentence, offset: f64) -> FlowEntry {
    let ms = |time: f64| (time + offset) * 1_000.0;
    let times = (ms(sentence.start_time), ms(sentence.end_time));
    entry(
        sentence.speaker,
        sentence.text.clone(),
        times,
        Some(sentence.confidence),
    )
}

fn entry(
    channel: i64,
    text: String,
    (start, end): (f64, f64),
    confidence: Option<f64>,
) -> FlowEntry {
    let (role, name) = role_of(channel);
    FlowEntry {
        sequence: 0,
        speaker: Speaker {
            channel,
            role,
            name,
        },
        word_count: count_words(&text),
        text,
        start_time: seconds(start),
        end_time: seconds(end),
        duration: seconds((end - start).max(0.0)),
        confidence,
    }
}

impl Heard<'_> {
    /// How sure Voice Intelligence is of what it heard on a channel in that time.
    fn confidence(&self, channel: i64, start: f64, end: f64) -> Option<f64> {
        let then: Vec<f64> = self
            .sentences
            .iter()
            .filter(|sentence| sentence.speaker == channel)
            .filter(|sentence| {
                sentence.start_time + self.offset < end && sentence.end_time + self.offset > start
            })
            .map(|sentence| sentence.confidence)
            .collect();
        (!then.is_empty()).then(|| then.iter().sum::<f64>() / then.len() as f64)
    }
}
