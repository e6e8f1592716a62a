//! Bad input: answered where it can be, and never the end of anything but its own socket.

use crate::{
    agent::Agent,
    bridge::{API_KEY, Bridge},
    caller::{Said, media, start},
    livekit::LiveKitServer,
};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_socket_that_does_not_start_is_closed() {
    let bridge =
        Bridge::start_alone(|config| config.limits.start_timeout = Duration::from_millis(300))
            .await;
    let mut silent = bridge.open("/twilio/stream/CA1").await;
    assert_eq!(silent.hear().await, Said::Closed(4408));
    // Time enough to say something first.
    let bridge =
        Bridge::start_alone(|config| config.limits.start_timeout = Duration::from_secs(3)).await;
    let mut chatty = bridge.open("/twilio/stream/CA1").await;
    chatty.speak(&[0x90; 160]).await;
    assert_eq!(chatty.hear().await, Said::Error("not_started".into()));
    assert_eq!(chatty.hear().await, Said::Closed(4408));
}

#[tokio::test]
async fn bad_messages_are_answered_and_the_call_goes_on() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let mut caller = bridge.call("CAbad").await;
    let mut agent = Agent::join(&livekit, "twilio-CAbad").await;
    let mut track = agent.caller().await;
    for (bad, code) in [
        ("{".to_owned(), "bad_json"),
        (start("CAbad", "x").to_string(), "already_started"),
        (
            json!({"event": "media", "media": {"payload": "§"}}).to_string(),
            "bad_base64",
        ),
        (
            json!({"event": "media", "media": {}, "streamSid": "MZ9"}).to_string(),
            "unknown_stream",
        ),
        ("x".repeat(1024 * 1024), "frame_too_large"),
        (media(&vec![0x90; 70_000]), "frame_too_large"),
    ] {
        caller.send_text(bad).await;
        assert_eq!(caller.hear_no_media().await, Said::Error(code.into()));
    }
    caller.send_binary(vec![0; 100]).await;
    assert_eq!(
        caller.hear_no_media().await,
        Said::Error("binary_frame".into())
    );
    for odd in [1, 7, 151, 161, 320] {
        caller.speak(&vec![0x90; odd]).await;
    }
    for _ in 0..4 {
        assert_eq!(track.recv().await.unwrap().payload[..], [0x90; 160]);
    }
}

#[tokio::test]
async fn fifty_times_real_time_is_closed_and_other_calls_do_not_notice() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let mut other = bridge.call("CAother").await;
    let mut flood = bridge.call("CAflood").await;
    let frame = media(&[0x90; 160]);
    while flood.try_send(&frame).await {}
    let last = loop {
        match flood.hear_no_media().await {
            Said::Error(code) => assert_eq!(code, "too_fast"),
            last => break last,
        }
    };
    // 1006 when the close frame was overtaken by the reset that our unread flood provokes.
    assert!(matches!(last, Said::Closed(4429 | 1006)), "{last:?}");
    assert_eq!(bridge.ended("CAflood").await, "refused");
    livekit.is_rid_of("twilio-CAflood").await;
    other.send_text("{".into()).await;
    assert_eq!(other.hear_no_media().await, Said::Error("bad_json".into()));
}

#[tokio::test]
async fn a_bearer_that_is_none_is_told_and_ignored() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let mut caller = bridge
        .open(&format!("/media-stream/default?api_key={API_KEY}"))
        .await;
    caller
        .send(&json!({"event": "start", "start": {"accountSid": "AC1", "callSid": "CAbearer", "streamSid": "MZ1",
            "resource": "user@company.com", "conf_name": "GoogleGmail", "bearer": "Base64ConfigString"}}))
        .await;
    assert!(
        matches!(caller.hear_no_media().await, Said::Other(started) if started["event"] == "start")
    );
    assert_eq!(
        caller.hear_no_media().await,
        Said::Error("bad_start".into())
    );
}
