//! `casp.event`: what agent and bridge tell each other beside the audio (docs: interface §7).
//!
//! One JSON envelope on the reliable data topic [`TOPIC`], addressed to the other side alone, and obeyed by the
//! bridge only when its sender is the room's agent.

use serde::{Deserialize, Serialize};

/// The data topic.
pub const TOPIC: &str = "casp.event";
/// Version of the envelope; others are ignored.
pub const VERSION: u8 = 1;

/// The envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// [`VERSION`].
    pub v: u8,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened. `rtp_timestamp` is on the clock of the agent's track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// Agent → bridge: an utterance begins with this frame.
    #[serde(rename = "speech.started")]
    SpeechStarted {
        /// Its id, unique in the session.
        utterance: String,
        /// Timestamp of its first frame.
        rtp_timestamp: u32,
    },
    /// Agent → bridge: sending stopped before this frame; it may go on. Drop earlier frames, empty the far buffer.
    #[serde(rename = "speech.paused")]
    SpeechPaused {
        /// Utterance.
        utterance: String,
        /// First frame that was not sent.
        rtp_timestamp: u32,
    },
    /// Agent → bridge: the utterance is over before its end. Drop earlier frames, empty the far buffer.
    #[serde(rename = "speech.cut")]
    SpeechCut {
        /// Utterance.
        utterance: String,
        /// First frame that was not sent.
        rtp_timestamp: u32,
    },
    /// Agent → bridge: the last frame of the utterance was sent (the bridge asks for a mark).
    #[serde(rename = "speech.finished")]
    SpeechFinished {
        /// Utterance.
        utterance: String,
        /// Timestamp after its last frame.
        rtp_timestamp: u32,
    },
    /// Bridge → agent: so much of the utterance was played to the caller (from Twilio's marks).
    #[serde(rename = "speech.played")]
    SpeechPlayed {
        /// Utterance.
        utterance: String,
        /// Milliseconds from its start.
        ms: u32,
    },
    /// Agent → bridge: text as it is spoken or heard.
    #[serde(rename = "transcript")]
    Transcript {
        /// `user` or `assistant`.
        role: String,
        /// Text so far (of this segment).
        text: String,
        /// No more will come for this segment.
        #[serde(rename = "final")]
        is_final: bool,
    },
    /// Agent → bridge: the agent acts.
    #[serde(rename = "action")]
    Action {
        /// `google-calendar.agenda`.
        name: String,
        /// `started`, `succeeded`, `failed`, `needs_confirmation`.
        status: String,
        /// Result.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<serde_json::Value>,
        /// Error for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// Agent → bridge: the conversation is over; hang up when everything has been played.
    #[serde(rename = "call.hang_up")]
    HangUp {},
    /// Agent → bridge: the call is put through elsewhere; leave it, and the room, when everything has been played. The
    /// session goes on.
    #[serde(rename = "call.transfer")]
    Transfer {},
    /// Bridge → agent: a typed turn, or a text to say as it is.
    #[serde(rename = "text")]
    Text {
        /// `user`: a turn; `assistant`: say this.
        role: String,
        /// Text.
        text: String,
    },
    /// Bridge → agent: stop speaking.
    #[serde(rename = "speech.clear")]
    SpeechClear {},
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn all() -> Vec<(Event, Value)> {
        let utterance = || "u-1".to_owned();
        let speech = |kind: &str| json!({"v": 1, "type": kind, "utterance": "u-1", "rtp_timestamp": 4_294_967_295_u32});
        let rtp_timestamp = u32::MAX;
        vec![
            (
                Event::SpeechStarted {
                    utterance: utterance(),
                    rtp_timestamp,
                },
                speech("speech.started"),
            ),
            (
                Event::SpeechPaused {
                    utterance: utterance(),
                    rtp_timestamp,
                },
                speech("speech.paused"),
            ),
            (
                Event::SpeechCut {
                    utterance: utterance(),
                    rtp_timestamp,
                },
                speech("speech.cut"),
            ),
            (
                Event::SpeechFinished {
                    utterance: utterance(),
                    rtp_timestamp,
                },
                speech("speech.finished"),
            ),
            (
                Event::SpeechPlayed {
                    utterance: utterance(),
                    ms: 1_250,
                },
                json!({"v": 1, "type": "speech.played", "utterance": "u-1", "ms": 1_250}),
            ),
            (
                Event::Transcript {
                    role: "user".into(),
                    text: "hello".into(),
                    is_final: true,
                },
                json!({"v": 1, "type": "transcript", "role": "user", "text": "hello", "final": true}),
            ),
            (
                Event::Action {
                    name: "gmail.send".into(),
                    status: "started".into(),
                    result: None,
                    error: None,
                },
                json!({"v": 1, "type": "action", "name": "gmail.send", "status": "started"}),
            ),
            (
                Event::Action {
                    name: "gmail.unread".into(),
                    status: "failed".into(),
                    result: Some(json!([])),
                    error: Some("No.".into()),
                },
                json!({
                    "v": 1, "type": "action", "name": "gmail.unread", "status": "failed", "result": [], "error": "No.",
                }),
            ),
            (Event::HangUp {}, json!({"v": 1, "type": "call.hang_up"})),
            (Event::Transfer {}, json!({"v": 1, "type": "call.transfer"})),
            (
                Event::Text {
                    role: "user".into(),
                    text: "hi".into(),
                },
                json!({"v": 1, "type": "text", "role": "user", "text": "hi"}),
            ),
            (
                Event::SpeechClear {},
                json!({"v": 1, "type": "speech.clear"}),
            ),
        ]
    }

    #[test]
    fn every_event_has_its_json_both_ways() {
        for (event, expected) in all() {
            let envelope = Envelope { v: VERSION, event };
            assert_eq!(serde_json::to_value(&envelope).unwrap(), expected);
            assert_eq!(
                serde_json::from_str::<Envelope>(&expected.to_string()).unwrap(),
                envelope
            );
        }
    }

    #[test]
    fn what_is_unknown_inside_an_event_is_ignored_and_an_unknown_event_is_an_error() {
        for (mut json, event) in all().into_iter().map(|(event, json)| (json, event)) {
            json["later_addition"] = json!({"x": 1});
            let envelope: Envelope = serde_json::from_value(json).unwrap();
            assert_eq!(envelope.event, event);
        }
        for bad in [
            json!({"v": 1, "type": "speech.sung"}),
            json!({"v": 1}),
            json!({"type": "speech.clear"}),
            json!({"v": 256, "type": "speech.clear"}),
            json!({"v": 1, "type": "speech.cut", "utterance": "u"}),
            json!({"v": 1, "type": "speech.cut", "utterance": "u", "rtp_timestamp": -1}),
            json!([]),
        ] {
            assert!(
                serde_json::from_value::<Envelope>(bad.clone()).is_err(),
                "{bad}"
            );
        }
    }
}
