//! What the server says. Each function clears `out` and writes one message into it, so that a string can be used
//! again and again: a `media` message then allocates nothing.

use super::Fault;
use crate::StreamSid;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

/// `media`: audio to play. Twilio queues it and plays it in real time.
pub fn media(out: &mut String, stream: &StreamSid, payload: &[u8]) {
    out.clear();
    out.push_str(r#"{"event":"media","streamSid":""#);
    out.push_str(stream.as_str());
    out.push_str(r#"","media":{"track":"audio","payload":""#);
    STANDARD.encode_string(payload, out);
    out.push_str(r#""}}"#);
}

/// `media` as Twilio documents it, without the track.
pub fn media_to_twilio(out: &mut String, stream: &StreamSid, payload: &[u8]) {
    out.clear();
    out.push_str(r#"{"event":"media","streamSid":""#);
    out.push_str(stream.as_str());
    out.push_str(r#"","media":{"payload":""#);
    STANDARD.encode_string(payload, out);
    out.push_str(r#""}}"#);
}

/// `mark`: comes back when everything before it has been played, or at once after a `clear`.
pub fn mark(out: &mut String, stream: &StreamSid, name: &str) {
    write(
        out,
        &json!({"event": "mark", "streamSid": stream.as_str(), "mark": {"name": name}}),
    );
}

/// `clear`: throw away what has not been played.
pub fn clear(out: &mut String, stream: &StreamSid) {
    write(
        out,
        &json!({"event": "clear", "streamSid": stream.as_str()}),
    );
}

/// `start`: the answer to a client's `start` (not to Twilio, which does not expect it).
pub fn start(
    out: &mut String,
    stream: &StreamSid,
    call_sid: &str,
    room_name: &str,
    assistant: &str,
) {
    write(
        out,
        &json!({"event": "start", "streamSid": stream.as_str(), "callSid": call_sid, "roomName": room_name,
            "assistant": assistant}),
    );
}

/// `transcript`: text as it is spoken or heard (not to Twilio).
pub fn transcript(out: &mut String, stream: &StreamSid, role: &str, text: &str, is_final: bool) {
    write(
        out,
        &json!({"event": "transcript", "streamSid": stream.as_str(),
            "media": {"role": role, "text": text, "final": is_final}}),
    );
}

/// `action`: the agent acts (not to Twilio).
pub fn action(
    out: &mut String,
    stream: &StreamSid,
    name: &str,
    status: &str,
    result: Option<&serde_json::Value>,
    error: Option<&str>,
) {
    let mut message =
        json!({"event": "action", "streamSid": stream.as_str(), "name": name, "status": status});
    if let Some(result) = result {
        message["result"] = result.clone();
    }
    if let Some(error) = error {
        message["error"] = error.into();
    }
    write(out, &message);
}

/// `error`: what was wrong with the client's message. `stream` is missing before `start`.
pub fn error(out: &mut String, stream: Option<&StreamSid>, fault: &Fault) {
    write(
        out,
        &json!({"event": "error", "error": {"code": fault.code.as_str(), "message": fault.message},
            "streamSid": stream.map(StreamSid::as_str)}),
    );
}

fn write(out: &mut String, message: &serde_json::Value) {
    use std::fmt::Write as _;
    out.clear();
    // Writing into a string cannot fail.
    let _ = write!(out, "{message}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media_streams::FaultCode;
    use insta::assert_snapshot;

    fn stream() -> StreamSid {
        StreamSid::new("MZ1").unwrap()
    }

    #[test]
    fn every_message_to_the_letter() {
        let mut out = String::from("left over");
        media(&mut out, &stream(), &[0xFF, 0x7F, 0x00]);
        assert_snapshot!(out, @r#"{"event":"media","streamSid":"MZ1","media":{"track":"audio","payload":"/38A"}}"#);
        media_to_twilio(&mut out, &stream(), &[0xFF, 0x7F, 0x00]);
        assert_snapshot!(out, @r#"{"event":"media","streamSid":"MZ1","media":{"payload":"/38A"}}"#);
        mark(&mut out, &stream(), "u1:500\"");
        assert_snapshot!(out, @r#"{"event":"mark","mark":{"name":"u1:500\""},"streamSid":"MZ1"}"#);
        clear(&mut out, &stream());
        assert_snapshot!(out, @r#"{"event":"clear","streamSid":"MZ1"}"#);
        start(&mut out, &stream(), "CA1", "twilio-CA1", "default");
        assert_snapshot!(out, @r#"{"assistant":"default","callSid":"CA1","event":"start","roomName":"twilio-CA1","streamSid":"MZ1"}"#);
        transcript(&mut out, &stream(), "user", "hello", false);
        assert_snapshot!(out, @r#"{"event":"transcript","media":{"final":false,"role":"user","text":"hello"},"streamSid":"MZ1"}"#);
        action(
            &mut out,
            &stream(),
            "gmail.send",
            "failed",
            None,
            Some("not connected"),
        );
        assert_snapshot!(out, @r#"{"error":"not connected","event":"action","name":"gmail.send","status":"failed","streamSid":"MZ1"}"#);
        error(
            &mut out,
            None,
            &Fault {
                code: FaultCode::BadJson,
                message: "no".into(),
            },
        );
        assert_snapshot!(out, @r#"{"error":{"code":"bad_json","message":"no"},"event":"error","streamSid":null}"#);
    }

    #[test]
    fn a_media_message_uses_the_string_again() {
        let mut out = String::with_capacity(512);
        let before = out.as_ptr();
        for _ in 0..3 {
            media(&mut out, &stream(), &[0x55; 160]);
        }
        assert_eq!(out.as_ptr(), before);
    }
}
