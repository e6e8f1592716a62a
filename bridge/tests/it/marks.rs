//! `casp.event`: cuts, marks, keys, typed turns, and hanging up.

use crate::{
    agent::{Agent, frame},
    bridge::Bridge,
    caller::{Caller, Said},
    livekit::LiveKitServer,
};
use casp_conversation::event::Event;
use casp_room::RoomEvent;
use serde_json::json;

/// A call whose agent is heard: what it says next arrives.
async fn call(livekit: &LiveKitServer, bridge: &Bridge, call_sid: &str) -> (Caller, Agent) {
    let mut caller = bridge.call(call_sid).await;
    let mut agent = Agent::join(livekit, &format!("twilio-{call_sid}")).await;
    agent.caller().await;
    agent.is_heard_by(&mut caller).await;
    (caller, agent)
}

#[tokio::test]
async fn what_twilio_played_is_told_to_the_agent() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let (mut caller, mut agent) = call(&livekit, &bridge, "CAmarks").await;
    agent.started("u1").await;
    agent.say((0..30).map(|_| frame(0x92))).await;
    agent
        .tell(Event::SpeechFinished {
            utterance: "u1".into(),
            rtp_timestamp: agent.rtp,
        })
        .await;
    for ms in [500, 600] {
        assert_eq!(caller.hear_no_media().await, Said::Mark(format!("u1:{ms}")));
        caller.return_mark(&format!("u1:{ms}")).await;
        assert_eq!(
            agent.told().await,
            Event::SpeechPlayed {
                utterance: "u1".into(),
                ms
            }
        );
    }
}

#[tokio::test]
async fn a_cut_empties_twilios_buffer_and_stale_audio_is_not_heard() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let (mut caller, mut agent) = call(&livekit, &bridge, "CAcut").await;
    agent.started("u1").await;
    agent.say((0..10).map(|_| frame(0x92))).await;
    // The next ten frames are under way when the agent thinks better of it.
    let cut_at = agent.rtp;
    agent
        .tell(Event::SpeechCut {
            utterance: "u1".into(),
            rtp_timestamp: cut_at + 10 * 160,
        })
        .await;
    while caller.hear().await != Said::Clear {}
    agent.say((0..10).map(|_| frame(0x93))).await;
    agent.say((0..10).map(|_| frame(0x94))).await;
    assert_eq!(caller.hear_media().await, frame(0x94), "nothing of 0x93");
    // Only the agent is obeyed.
    let mut guest = Agent::join_as(&livekit, "twilio-CAcut", "guest").await;
    guest.caller().await;
    guest
        .tell(Event::SpeechCut {
            utterance: "u1".into(),
            rtp_timestamp: agent.rtp,
        })
        .await;
    guest.tell(Event::HangUp {}).await;
    agent
        .tell(Event::SpeechCut {
            utterance: "u2".into(),
            rtp_timestamp: agent.rtp,
        })
        .await;
    assert_eq!(caller.hear_no_media().await, Said::Clear);
    agent.say((0..100).map(|_| frame(0x95))).await;
    while caller.hear_media().await != frame(0x95) {}
}

#[tokio::test]
async fn keys_and_typed_turns_reach_the_room() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let (mut caller, mut agent) = call(&livekit, &bridge, "CAkeys").await;
    caller
        .send(&json!({"event": "dtmf", "streamSid": "MZ1", "dtmf": {"digit": "5"}}))
        .await;
    let digit = agent
        .wait_for(|event| match event {
            RoomEvent::Dtmf { digit, .. } => Some(digit),
            _ => None,
        })
        .await;
    assert_eq!(digit, '5');
    caller
        .send(&json!({"event": "transcript", "media": {"role": "user", "text": "Hello"}}))
        .await;
    assert_eq!(
        agent.told().await,
        Event::Text {
            role: "user".into(),
            text: "Hello".into()
        }
    );
    caller.send(&json!({"event": "clear"})).await;
    assert_eq!(agent.told().await, Event::SpeechClear {});
}

#[tokio::test]
async fn the_agent_hangs_up_when_its_goodbye_was_played() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let (mut caller, mut agent) = call(&livekit, &bridge, "CAbye").await;
    agent.started("u1").await;
    agent.say((0..10).map(|_| frame(0x92))).await;
    agent
        .tell(Event::SpeechFinished {
            utterance: "u1".into(),
            rtp_timestamp: agent.rtp,
        })
        .await;
    agent.tell(Event::HangUp {}).await;
    assert_eq!(caller.hear_no_media().await, Said::Mark("u1:200".into()));
    let Said::Mark(last) = caller.hear_no_media().await else {
        panic!("no last mark")
    };
    assert_eq!(
        bridge.session("CAbye").await.end_reason,
        None,
        "not before it was heard"
    );
    caller.return_mark("u1:200").await;
    caller.return_mark(&last).await;
    assert_eq!(caller.hear_no_media().await, Said::Closed(1000));
    assert_eq!(bridge.ended("CAbye").await, "hung up");
    livekit.is_rid_of("twilio-CAbye").await;
}
