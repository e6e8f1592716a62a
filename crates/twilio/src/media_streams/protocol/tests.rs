use super::*;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

const START: &str = r#"{"event":"start","sequenceNumber":"1","start":{"accountSid":"AC1","streamSid":"MZ1","callSid":"CA1",
    "tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},
    "customParameters":{"token":"t0k","caller":7}},"streamSid":"MZ1"}"#;

struct Rig {
    protocol: StreamProtocol,
    now: Instant,
}

impl Rig {
    fn opened() -> Self {
        let now = Instant::now();
        Self {
            protocol: StreamProtocol::new(Limits::default(), now),
            now,
        }
    }
    fn started() -> Self {
        let mut rig = Self::opened();
        assert!(matches!(rig.text(START), Outcome::Event(Event::Started(_))));
        rig
    }
    fn started_with_format(format: &str) -> Self {
        let mut rig = Self::opened();
        let start =
            format!(r#"{{"event":"start","start":{{"streamSid":"MZ1","mediaFormat":{format}}}}}"#);
        assert!(
            matches!(rig.text(&start), Outcome::Event(Event::Started(_))),
            "{format}"
        );
        rig
    }
    fn text(&mut self, text: &str) -> Outcome<'_> {
        self.protocol.handle_text(text, self.now)
    }
    fn fault(&mut self, text: &str) -> FaultCode {
        match self.text(text) {
            Outcome::Fault(fault) => fault.code,
            other => panic!("no fault: {other:?}"),
        }
    }
    fn pass(&mut self, time: Duration) {
        self.now += time;
    }
    fn lives(&mut self) {
        assert_eq!(
            self.text(&media(&[1, 2, 3])),
            Outcome::Event(Event::Audio(&[1, 2, 3]))
        );
    }
}

fn media(bytes: &[u8]) -> String {
    format!(
        r#"{{"event":"media","sequenceNumber":"4","media":{{"track":"inbound","chunk":"2","timestamp":"5","payload":"{}"}},"streamSid":"MZ1"}}"#,
        STANDARD.encode(bytes)
    )
}

#[test]
fn a_call_as_twilio_sends_it() {
    let mut rig = Rig::opened();
    assert_eq!(
        rig.text(r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#),
        Outcome::Ignored
    );
    let Outcome::Event(Event::Started(start)) = rig.text(START) else {
        panic!("not started")
    };
    assert_eq!(start.call_sid.as_ref().unwrap().as_str(), "CA1");
    assert_eq!(start.stream_sid.as_str(), "MZ1");
    assert_eq!(start.custom_parameters["token"], "t0k");
    assert_eq!(start.custom_parameters["caller"], "7");
    assert_eq!(start.media_format, MediaFormat::MULAW);
    rig.lives();
    let dtmf = r##"{"event":"dtmf","streamSid":"MZ1","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"#"}}"##;
    assert_eq!(rig.text(dtmf), Outcome::Event(Event::Dtmf('#')));
    let mark =
        r#"{"event":"mark","sequenceNumber":"4","streamSid":"MZ1","mark":{"name":"u1:500"}}"#;
    assert_eq!(rig.text(mark), Outcome::Event(Event::Mark("u1:500".into())));
    let stop = r#"{"event":"stop","sequenceNumber":"5","streamSid":"MZ1","stop":{"accountSid":"AC1","callSid":"CA1"}}"#;
    assert_eq!(rig.text(stop), Outcome::Event(Event::Stopped));
    assert_eq!(
        rig.text(&media(&[1])),
        Outcome::Ignored,
        "nothing after stop"
    );
}

#[test]
fn the_forms_of_the_first_documents() {
    let mut rig = Rig::opened();
    let start = r#"{"event":"start","start":{"accountSid":"AC12345","callSid":"CA9876","streamSid":"MZabc123",
        "resource":"user@company.com","conf_name":"GoogleGmail","bearer":"Base64ConfigString"}}"#;
    let Outcome::Event(Event::Started(start)) = rig.text(start) else {
        panic!("not started")
    };
    assert_eq!(start.resource.as_deref(), Some("user@company.com"));
    assert_eq!(start.conf_name.as_deref(), Some("GoogleGmail"));
    assert_eq!(start.bearer.as_deref(), Some("Base64ConfigString"));
    let audio =
        r#"{"event":"media","media":{"track":"audio","payload":"AQI="},"streamSid":"MZabc123"}"#;
    assert_eq!(rig.text(audio), Outcome::Event(Event::Audio(&[1, 2])));
    let typed =
        r#"{"event":"transcript","media":{"role":"user","text":"Hello"},"streamSid":"MZabc123"}"#;
    let event = Event::Transcript {
        role: "user".into(),
        text: "Hello".into(),
    };
    assert_eq!(rig.text(typed), Outcome::Event(event));
    assert_eq!(
        rig.text(r#"{"event":"clear"}"#),
        Outcome::Event(Event::Clear),
        "streamSid may be missing"
    );
}

#[test]
fn resource_and_assistant_also_come_as_parameters() {
    let mut rig = Rig::opened();
    let start = r#"{"event":"start","start":{"streamSid":"MZ1","customParameters":{"resource":"a@b.c","conf_name":"sales"}}}"#;
    let Outcome::Event(Event::Started(start)) = rig.text(start) else {
        panic!("not started")
    };
    assert_eq!(start.resource.as_deref(), Some("a@b.c"));
    assert_eq!(start.conf_name.as_deref(), Some("sales"));
    assert_eq!(start.call_sid, None);
}

#[test]
fn nothing_before_start_but_connected() {
    let mut rig = Rig::opened();
    assert_eq!(rig.fault(&media(&[1])), FaultCode::NotStarted);
    assert_eq!(rig.fault(r#"{"event":"stop"}"#), FaultCode::NotStarted);
    assert!(
        matches!(rig.text(START), Outcome::Event(Event::Started(_))),
        "the session survives"
    );
}

#[test]
fn no_start_in_ten_seconds_closes() {
    let mut rig = Rig::opened();
    assert_eq!(rig.protocol.handle_timeout(rig.now), None);
    rig.pass(Duration::from_millis(9_999));
    assert_eq!(rig.protocol.handle_timeout(rig.now), None);
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.protocol.handle_timeout(rig.now).unwrap().code, 4408);
    assert_eq!(Rig::started().protocol.deadline(), None);
}

#[test]
fn bad_messages_are_answered_and_the_session_lives() {
    let mut rig = Rig::started();
    let of_other_stream = media(&[1]).replace("MZ1", "MZ2");
    let too_large = media(&vec![0; 65 * 1024]);
    let one_mebibyte = "x".repeat(1024 * 1024);
    for (bad, code) in [
        (START, FaultCode::AlreadyStarted),
        ("", FaultCode::BadJson),
        ("{", FaultCode::BadJson),
        ("[]", FaultCode::BadJson),
        ("{}", FaultCode::BadJson),
        (r#"{"event":7}"#, FaultCode::BadJson),
        (r#"{"event":"media","media":[]}"#, FaultCode::BadMessage),
        (r#"{"event":"media","media":{}}"#, FaultCode::BadMessage),
        (r#"{"event":"media"}"#, FaultCode::BadMessage),
        (
            r#"{"event":"media","media":{"payload":"§§"}}"#,
            FaultCode::BadBase64,
        ),
        (
            r#"{"event":"media","media":{"payload":"A"}}"#,
            FaultCode::BadBase64,
        ),
        (
            r#"{"event":"media","media":{"payload":"-_-_"}}"#,
            FaultCode::BadBase64,
        ),
        (
            r#"{"event":"dtmf","dtmf":{"digit":"12"}}"#,
            FaultCode::BadMessage,
        ),
        (
            r#"{"event":"dtmf","dtmf":{"digit":"a"}}"#,
            FaultCode::BadMessage,
        ),
        (r#"{"event":"mark"}"#, FaultCode::BadMessage),
        (
            r#"{"event":"transcript","media":{"role":"system","text":"x"}}"#,
            FaultCode::BadMessage,
        ),
        (
            r#"{"event":"transcript","media":{"role":"user","text":" "}}"#,
            FaultCode::BadMessage,
        ),
        (&of_other_stream, FaultCode::UnknownStream),
        (&too_large, FaultCode::FrameTooLarge),
        (&one_mebibyte, FaultCode::FrameTooLarge),
    ] {
        assert_eq!(rig.fault(bad), code, "{}", &bad[..bad.len().min(80)]);
        rig.lives();
    }
    let now = rig.now;
    assert!(
        matches!(rig.protocol.handle_binary(now), Outcome::Fault(fault) if fault.code == FaultCode::BinaryFrame)
    );
    rig.lives();
}

#[test]
fn what_is_new_in_a_protocol_is_no_error() {
    let mut rig = Rig::started();
    assert_eq!(
        rig.text(r#"{"event":"heartbeat","streamSid":"MZ1","x":{"y":[1]}}"#),
        Outcome::Ignored
    );
    assert_eq!(
        rig.text(
            r#"{"event":"media","new":1,"media":{"timestamp":null,"chunk":[{}],"payload":"AQ"}}"#
        ),
        Outcome::Event(Event::Audio(&[1])),
        "odd numbers and missing padding"
    );
    assert_eq!(
        rig.text(r#"{"event":"media","media":{"payload":""}}"#),
        Outcome::Ignored
    );
    assert_eq!(
        rig.text(r#"{"event":"media","media":{"track":"outbound","payload":"AQ=="}}"#),
        Outcome::Ignored,
        "our own voice is not the caller's"
    );
    assert_eq!(
        rig.text(r#"{"event":"media","media":{"payload":"\/38A"}}"#),
        Outcome::Event(Event::Audio(&[0xFF, 0x7F, 0])),
        "an escaped slash"
    );
}

#[test]
fn a_start_that_makes_no_sense_is_answered_and_may_be_repeated() {
    let mut rig = Rig::opened();
    for bad in [
        r#"{"event":"start"}"#,
        r#"{"event":"start","start":{}}"#,
        r#"{"event":"start","start":{"streamSid":"../x"}}"#,
        r#"{"event":"start","start":{"streamSid":"MZ1","callSid":"a b"}}"#,
        r#"{"event":"start","start":{"streamSid":"MZ1","mediaFormat":{"encoding":"audio/mp3"}}}"#,
        r#"{"event":"start","start":{"streamSid":"MZ1","mediaFormat":{"encoding":"audio/pcm","sampleRate":11025}}}"#,
        r#"{"event":"start","start":{"streamSid":"MZ1","mediaFormat":{"encoding":"audio/x-mulaw","channels":2}}}"#,
    ] {
        assert_eq!(rig.fault(bad), FaultCode::BadStart, "{bad}");
    }
    assert!(matches!(rig.text(START), Outcome::Event(Event::Started(_))));
}

#[test]
fn pcm_comes_in_whole_samples() {
    let mut rig =
        Rig::started_with_format(r#"{"encoding":"audio/pcm","sampleRate":"16000","channels":"1"}"#);
    assert_eq!(
        rig.text(&media(&[1, 2])),
        Outcome::Event(Event::Audio(&[1, 2]))
    );
    assert_eq!(rig.fault(&media(&[1, 2, 3])), FaultCode::OddLength);
    assert_eq!(
        rig.text(&media(&[1, 2])),
        Outcome::Event(Event::Audio(&[1, 2]))
    );
}

#[test]
fn odd_sizes_of_mulaw_are_fine() {
    let mut rig = Rig::started();
    for len in [1, 7, 159, 161, 4_001] {
        let bytes = vec![0x80; len];
        assert_eq!(
            rig.text(&media(&bytes)),
            Outcome::Event(Event::Audio(&bytes))
        );
    }
}

#[test]
fn real_time_audio_never_runs_dry() {
    let mut rig = Rig::started();
    let frame = media(&[0x80; 160]);
    for _ in 0..50 * 600 {
        rig.pass(Duration::from_millis(20));
        assert!(matches!(rig.text(&frame), Outcome::Event(Event::Audio(_))));
    }
}

#[test]
fn a_hiccup_of_four_seconds_is_taken_whole() {
    let mut rig = Rig::started();
    rig.pass(Duration::from_secs(4));
    let frame = media(&[0x80; 160]);
    for _ in 0..200 {
        assert!(matches!(rig.text(&frame), Outcome::Event(Event::Audio(_))));
    }
}

#[test]
fn audio_at_fifty_times_real_time_is_dropped_then_closed() {
    let mut rig = Rig::started();
    let frame = media(&[0x80; 1_600]);
    let (mut taken_s, mut faults, mut closed_after) = (0.0, 0, None);
    for step in 0..200 {
        rig.pass(Duration::from_millis(4));
        match rig.text(&frame) {
            Outcome::Event(Event::Audio(_)) => taken_s += 0.2,
            Outcome::Fault(fault) => {
                assert_eq!(fault.code, FaultCode::TooFast);
                faults += 1;
            }
            Outcome::Close(close) => {
                assert_eq!(close.code, 4429);
                closed_after = Some(step);
                break;
            }
            _ => {}
        }
    }
    assert!(taken_s < 5.5, "{taken_s} s were taken");
    assert_eq!(faults, 1, "told once a second");
    assert!(
        closed_after.is_some_and(|steps| steps < 90),
        "{closed_after:?}"
    );
}

#[test]
fn messages_and_errors_without_end_close() {
    let mut rig = Rig::started();
    let closed = (0..3_000).find(
        |_| matches!(rig.text(r#"{"event":"x"}"#), Outcome::Close(close) if close.code == 4429),
    );
    assert_eq!(closed, Some(1_999), "2,000 at once, one of them was start");
    let mut rig = Rig::started();
    let closed =
        (0..3_000).find(|_| matches!(rig.text("?"), Outcome::Close(close) if close.code == 4429));
    assert_eq!(closed, Some(100));
}

#[test]
fn tokens_stay_out_of_debug_output() {
    let mut rig = Rig::opened();
    let Outcome::Event(event) = rig.text(START) else {
        panic!("not started")
    };
    assert!(!format!("{event:?}").contains("t0k"));
}

proptest! {
    #[test]
    fn any_text_leaves_the_session_alive_or_closed(texts in proptest::collection::vec(any::<String>(), 0..20)) {
        let mut rig = Rig::started();
        for text in &texts {
            let _ = rig.text(text);
        }
        rig.lives();
    }

    #[test]
    fn any_audio_comes_out_as_it_went_in(bytes in proptest::collection::vec(any::<u8>(), 1..2_000)) {
        let mut rig = Rig::started();
        prop_assert_eq!(rig.text(&media(&bytes)), Outcome::Event(Event::Audio(&bytes)));
    }

    #[test]
    fn any_shape_of_json_is_survived(event in "start|media|dtmf|mark|stop|clear|transcript|connected", field in "start|media|dtmf|mark|stop|streamSid",
                                     value in "null|1|-1.5|true|\"x\"|\\[\\]|\\{\\}|\\{\"payload\":1\\}|\\{\"streamSid\":\"MZ9\"\\}") {
        let mut rig = Rig::opened();
        let message = format!("{{\"event\":\"{event}\",\"{field}\":{value}}}");
        let _ = rig.text(&message);
        let _ = rig.text(START);
        let _ = rig.text(&message);
    }
}
