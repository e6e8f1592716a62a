use super::{xml::representable, *};
use proptest::prelude::*;

#[test]
fn an_incoming_call_is_joined_to_a_stream() {
    let stream = Stream::new("wss://casp.example/twilio/stream/CA1")
        .parameter("token", "t0k")
        .parameter("assistant", "sales");
    let response = Response::new().with(Connect::new(stream).action("/twilio/resume/CA1"));
    insta::assert_snapshot!(response.to_xml(), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Response><Connect action="/twilio/resume/CA1"><Stream url="wss://casp.example/twilio/stream/CA1"><Parameter name="token" value="t0k"/><Parameter name="assistant" value="sales"/></Stream></Connect></Response>
    "#);
}

#[test]
fn a_menu_is_spoken_while_digits_are_gathered() {
    let gather = Gather {
        input: vec![GatherInput::Dtmf, GatherInput::Speech],
        num_digits: Some(1),
        action: Some("/twilio/routing?a=1&b=2".into()),
        timeout_s: Some(5),
        prompts: vec![
            Prompt::Say(
                Say::new("Press 1 for sales & support.")
                    .voice("Polly.Joanna")
                    .language("en-US"),
            ),
            Prompt::Pause(Pause { length_s: 1 }),
        ],
        ..Gather::default()
    };
    let response = Response::new()
        .with(gather)
        .with(Redirect::new("/twilio/voice"));
    insta::assert_snapshot!(response.to_xml(), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Response><Gather input="dtmf speech" numDigits="1" action="/twilio/routing?a=1&amp;b=2" timeout="5"><Say voice="Polly.Joanna" language="en-US">Press 1 for sales &amp; support.</Say><Pause length="1"/></Gather><Redirect>/twilio/voice</Redirect></Response>
    "#);
}

#[test]
fn refusals_and_the_rest() {
    let response = Response::new()
        .with(Reject {
            reason: RejectReason::Busy,
        })
        .with(Play::new("https://casp.example/a.mp3"))
        .with(Record {
            max_length_s: Some(30),
            is_silent: true,
            ..Record::default()
        })
        .with(Dial {
            timeout_s: Some(20),
            time_limit_s: Some(3_600),
            ..Dial::new("+15551234567")
        })
        .with(Verb::Hangup);
    insta::assert_snapshot!(response.to_xml(), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Response><Reject reason="busy"/><Play>https://casp.example/a.mp3</Play><Record maxLength="30" playBeep="false"/><Dial timeout="20" timeLimit="3600"><Number>+15551234567</Number></Dial><Hangup/></Response>
    "#);
}

#[test]
fn a_recording_starts_after_what_was_said_before_it() {
    let response = Response::new()
        .with(Say::new("This call is recorded."))
        .with(StartRecording {
            status_callback: Some("https://casp.example/recording-callback".into()),
            events: vec![RecordingEvent::Completed, RecordingEvent::Absent],
            is_dual: true,
        });
    insta::assert_snapshot!(response.to_xml(), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Response><Say>This call is recorded.</Say><Start><Recording recordingStatusCallback="https://casp.example/recording-callback" recordingStatusCallbackEvent="completed absent" channels="dual" trim="do-not-trim"/></Start></Response>
    "#);
}

#[test]
fn an_empty_answer_is_a_document_too() {
    insta::assert_snapshot!(Response::new(), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Response/>
    "#);
}

#[test]
fn nothing_breaks_out_of_text_or_attributes() {
    let response = Response::new().with(Say::new("</Say><Hangup/>\u{0}]]>").voice("\"><Dial>\n\t"));
    insta::assert_snapshot!(response.to_xml(), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Response><Say voice="&quot;&gt;&lt;Dial&gt;&#10;&#9;">&lt;/Say&gt;&lt;Hangup/&gt;�]]&gt;</Say></Response>
    "#);
}

proptest! {
    /// Any strings, a real XML parser: the same strings come back (but what XML cannot write at all).
    #[test]
    fn what_goes_in_comes_out(say in any::<String>(), voice in any::<String>(), name in any::<String>(), value in any::<String>()) {
        let xml = Response::new()
            .with(Say::new(&say).voice(&voice))
            .with(Connect::new(Stream::new("wss://x").parameter(&name, &value)))
            .to_xml();
        let document = roxmltree::Document::parse(&xml).unwrap();
        let spoken = document.descendants().find(|node| node.has_tag_name("Say")).unwrap();
        let parameter = document.descendants().find(|node| node.has_tag_name("Parameter")).unwrap();
        let cleaned = |text: &str| text.chars().map(representable).collect::<String>();
        prop_assert_eq!(spoken.text().unwrap_or(""), cleaned(&say));
        prop_assert_eq!(spoken.attribute("voice").unwrap(), cleaned(&voice));
        prop_assert_eq!(parameter.attribute("name").unwrap(), cleaned(&name));
        prop_assert_eq!(parameter.attribute("value").unwrap(), cleaned(&value));
    }
}
