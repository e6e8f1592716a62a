//! Transcripts as the API shows them.

use super::flow::{AGENT, CUSTOMER, FlowEntry, seconds};
use crate::clock::rfc3339;
use casp_store::{transcripts::Transcript, twilio_transcripts::TwilioTranscript};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A transcript in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TranscriptRow {
    /// Number, in the order of time.
    #[schema(example = 1)]
    id: i64,
    /// `GT` and 32 hexadecimal digits.
    #[schema(example = "GT0123456789abcdef0123456789abcdef")]
    transcript_sid: String,
    /// When it began, RFC 3339.
    #[schema(example = "2024-01-15T10:30:00Z")]
    call_date: String,
    /// Seconds; so far, while it goes on.
    #[schema(example = 180)]
    duration: i64,
    /// `inbound`, `outbound`
    #[schema(example = "outbound")]
    call_direction: String,
    /// Who answered.
    #[schema(example = "sales")]
    scenario_name: String,
    /// The customer and the agent.
    #[schema(example = 2)]
    participant_count: i64,
    /// What was said by turns.
    #[schema(example = 27)]
    conversation_turns: i64,
    /// Words of both.
    #[schema(example = 350)]
    total_words: i64,
    summary: Summary,
    /// `in-progress`, `completed`
    #[schema(example = "completed")]
    status: &'static str,
    /// `phone`, `whatsapp`, `web`, …
    #[schema(example = "phone")]
    channel: String,
    /// Your notes.
    notes: Option<String>,
}

/// The gist of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Summary {
    /// Minutes and seconds.
    #[schema(example = "3:00")]
    duration_formatted: String,
    /// By channel: `0` the customer, `1` the agent.
    participant_info: BTreeMap<&'static str, Role>,
}

/// Who somebody is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Role {
    /// `customer`, `agent`
    #[schema(example = "customer")]
    role: &'static str,
    /// For people.
    #[schema(example = "Customer")]
    name: &'static str,
}

/// A transcript with its words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TranscriptDetail {
    /// Number, in the order of time.
    #[schema(example = 1)]
    id: i64,
    /// `GT` and 32 hexadecimal digits.
    #[schema(example = "GT0123456789abcdef0123456789abcdef")]
    transcript_sid: String,
    /// When it began, RFC 3339.
    #[schema(example = "2024-01-15T10:30:00Z")]
    call_date: String,
    /// Seconds; so far, while it goes on.
    #[schema(example = 180)]
    duration: i64,
    /// `inbound`, `outbound`
    #[schema(example = "outbound")]
    call_direction: String,
    /// Who answered.
    #[schema(example = "sales")]
    scenario_name: String,
    /// All that was said. Card numbers and pressed digits are masked.
    #[schema(example = "Hello, this is Mike Thompson calling about...")]
    full_text: String,
    /// By channel: `0` the customer, `1` the agent.
    participant_info: BTreeMap<&'static str, Participant>,
    /// Turn by turn.
    conversation_flow: Vec<FlowEntry>,
    summary_data: SummaryData,
    /// `in-progress`, `completed`
    #[schema(example = "completed")]
    status: &'static str,
    /// `phone`, `whatsapp`, `web`, …
    #[schema(example = "phone")]
    channel: String,
    /// The session it is of.
    #[schema(example = "phone-CA0123456789abcdef0123456789abcdef")]
    session_id: String,
    /// Who called; empty where there is no number.
    from: String,
    /// Who was called; empty where there is no number.
    to: String,
    /// Why it ended.
    #[schema(example = "completed")]
    end_reason: Option<String>,
    /// Your notes.
    notes: Option<String>,
    /// What Voice Intelligence heard, once it has.
    voice_intelligence: Option<super::stored::StoredTranscript>,
}

/// What somebody said, in figures.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Participant {
    /// 0 the customer, 1 the agent.
    #[schema(example = 0)]
    channel: i64,
    /// `customer`, `agent`
    #[schema(example = "customer")]
    role: &'static str,
    /// For people.
    #[schema(example = "Customer")]
    name: &'static str,
    /// Seconds.
    #[schema(example = 90.0)]
    total_speaking_time: f64,
    /// Words.
    #[schema(example = 150)]
    word_count: i64,
    /// Turns.
    #[schema(example = 12)]
    sentence_count: i64,
}

/// The whole in figures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SummaryData {
    /// Seconds.
    #[schema(example = 180)]
    total_duration_seconds: i64,
    /// Turns.
    #[schema(example = 27)]
    total_sentences: i64,
    /// Words.
    #[schema(example = 350)]
    total_words: i64,
    /// The customer and the agent.
    #[schema(example = 2)]
    participant_count: i64,
    /// 0 to 1, over the turns of which it is known; null when it is of none.
    #[schema(example = 0.92)]
    average_confidence: Option<f64>,
}

/// The name of a channel.
pub(crate) fn role_of(channel: i64) -> (&'static str, &'static str) {
    if channel == AGENT {
        ("agent", "AI Agent")
    } else {
        ("customer", "Customer")
    }
}

fn duration_s(transcript: &Transcript, now_ms: i64) -> i64 {
    let end = transcript.ended_at_ms.unwrap_or(now_ms);
    ((end - transcript.started_at_ms).max(0) + 500) / 1_000
}

fn formatted(seconds: i64) -> String {
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours == 0 {
        format!("{minutes}:{seconds:02}")
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}")
    }
}

fn status(transcript: &Transcript) -> &'static str {
    if transcript.ended_at_ms.is_some() {
        "completed"
    } else {
        "in-progress"
    }
}

/// In a list.
pub(crate) fn row(transcript: Transcript, now_ms: i64) -> TranscriptRow {
    let duration = duration_s(&transcript, now_ms);
    let role = |channel| {
        let (role, name) = role_of(channel);
        Role { role, name }
    };
    TranscriptRow {
        status: status(&transcript),
        id: transcript.id,
        transcript_sid: transcript.sid,
        call_date: rfc3339(transcript.started_at_ms),
        duration,
        call_direction: transcript.call_direction,
        scenario_name: transcript.scenario_name,
        participant_count: 2,
        conversation_turns: transcript.user_turns + transcript.agent_turns,
        total_words: transcript.user_words + transcript.agent_words,
        summary: Summary {
            duration_formatted: formatted(duration),
            participant_info: [("0", role(CUSTOMER)), ("1", role(AGENT))].into(),
        },
        channel: transcript.channel,
        notes: transcript.notes,
    }
}

/// With its words.
pub(crate) fn detail(
    transcript: Transcript,
    flow: Vec<FlowEntry>,
    intelligence: Option<TwilioTranscript>,
    now_ms: i64,
) -> TranscriptDetail {
    let duration = duration_s(&transcript, now_ms);
    let texts: Vec<&str> = flow.iter().map(|entry| entry.text.as_str()).collect();
    let participants = [CUSTOMER, AGENT].map(|channel| participant(channel, &flow));
    let confidences: Vec<f64> = flow.iter().filter_map(|entry| entry.confidence).collect();
    let average = confidences.iter().sum::<f64>() / confidences.len() as f64;
    let [customer, agent] = participants;
    TranscriptDetail {
        status: status(&transcript),
        id: transcript.id,
        transcript_sid: transcript.sid,
        call_date: rfc3339(transcript.started_at_ms),
        duration,
        call_direction: transcript.call_direction,
        scenario_name: transcript.scenario_name,
        full_text: texts.join(" "),
        summary_data: SummaryData {
            total_duration_seconds: duration,
            total_sentences: flow.len() as i64,
            total_words: customer.word_count + agent.word_count,
            participant_count: 2,
            average_confidence: (!confidences.is_empty()).then(|| (average * 1e4).round() / 1e4),
        },
        participant_info: [("0", customer), ("1", agent)].into(),
        conversation_flow: flow,
        channel: transcript.channel,
        session_id: transcript.session_id,
        from: transcript.from,
        to: transcript.to,
        end_reason: transcript.end_reason,
        notes: transcript.notes,
        voice_intelligence: intelligence.and_then(super::stored::view),
    }
}

fn participant(channel: i64, flow: &[FlowEntry]) -> Participant {
    let (role, name) = role_of(channel);
    let mut participant = Participant {
        channel,
        role,
        name,
        ..Participant::default()
    };
    for entry in flow.iter().filter(|entry| entry.speaker.channel == channel) {
        participant.total_speaking_time += entry.duration;
        participant.word_count += entry.word_count;
        participant.sentence_count += 1;
    }
    participant.total_speaking_time = seconds(participant.total_speaking_time * 1_000.0);
    participant
}

#[cfg(test)]
mod tests {
    use super::formatted;

    #[test]
    fn durations_as_people_write_them() {
        assert_eq!(formatted(180), "3:00");
        assert_eq!(formatted(9), "0:09");
        assert_eq!(formatted(3_723), "1:02:03");
    }
}
