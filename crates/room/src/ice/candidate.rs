//! Candidates as LiveKit trickles them: `{"candidate":"candidate:…","sdpMid":"0",…}` (W3C `RTCIceCandidateInit`).

use str0m::Candidate;

/// The longest candidate that is looked at; real ones have some 150 bytes.
const MAX_BYTES: usize = 4096;

/// Reads one; `None` for the end-of-candidates mark (an empty candidate) and for what cannot be read, such as an
/// mDNS name.
pub(crate) fn parse(json: &str) -> Option<Candidate> {
    if json.len() > MAX_BYTES {
        return None;
    }
    let init: serde_json::Value = serde_json::from_str(json).ok()?;
    let line = init.get("candidate")?.as_str()?;
    // Some senders keep the attribute's name.
    let line = line.strip_prefix("a=").unwrap_or(line);
    Candidate::from_sdp_string(line).ok()
}

/// Writes one of ours.
pub(crate) fn to_json(candidate: &Candidate) -> String {
    serde_json::json!({
        "candidate": candidate.to_sdp_string(),
        "sdpMid": "0",
        "sdpMLineIndex": 0,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use str0m::net::Protocol;

    #[test]
    fn udp_and_tcp_candidates_are_read() {
        let udp =
            r#"{"candidate":"candidate:1 1 udp 2130706431 127.0.0.1 7882 typ host","sdpMid":"0"}"#;
        let tcp = r#"{"candidate":"candidate:2 1 tcp 1671430143 10.0.0.1 7881 typ host tcptype passive"}"#;
        assert_eq!(parse(udp).unwrap().proto(), Protocol::Udp);
        let tcp = parse(tcp).unwrap();
        assert_eq!(tcp.proto(), Protocol::Tcp);
        assert_eq!(tcp.addr(), "10.0.0.1:7881".parse().unwrap());
    }

    #[test]
    fn ends_and_garbage_are_passed_over() {
        for json in [
            "",
            "{}",
            "[]",
            r#"{"candidate":""}"#,
            r#"{"candidate":7}"#,
            "null",
        ] {
            assert!(parse(json).is_none(), "{json}");
        }
    }

    #[test]
    fn ours_can_be_read_back() {
        let candidate = Candidate::host("192.0.2.1:4000".parse().unwrap(), "udp").unwrap();
        let read = parse(&to_json(&candidate)).unwrap();
        assert_eq!(read.addr(), candidate.addr());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_passed_over(text in ".*") {
            let _ = parse(&text);
            let _ = parse(&serde_json::json!({ "candidate": text }).to_string());
        }
    }
}
