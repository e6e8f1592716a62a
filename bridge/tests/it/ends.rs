//! A call that ends leaves nothing behind; one that drops may come back.

use crate::{
    PATIENCE,
    agent::Agent,
    bridge::{API_KEY, Bridge, now_ms},
    caller::{Said, start},
    livekit::LiveKitServer,
};
use casp_store::sessions::{self, SessionState};
use std::time::Duration;

#[tokio::test]
async fn a_stop_leaves_no_room_and_no_session() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let mut caller = bridge.call("CAstop").await;
    let mut agent = Agent::join(&livekit, "twilio-CAstop").await;
    agent.caller().await;
    caller.stop().await;
    assert_eq!(bridge.ended("CAstop").await, "completed");
    livekit.is_rid_of("twilio-CAstop").await;
    assert_eq!(caller.hear_no_media().await, Said::Closed(1000));
    bridge.state.drain(PATIENCE).await;
    assert_eq!(bridge.state.open_calls(), 0, "nothing in memory");
}

#[tokio::test]
async fn others_may_go_on_talking_in_the_room() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let mut caller = bridge.call("CAthree").await;
    let mut guest = Agent::join_as(&livekit, "twilio-CAthree", "guest").await;
    guest.caller().await;
    caller.stop().await;
    bridge.ended("CAthree").await;
    bridge.state.drain(PATIENCE).await;
    assert_eq!(livekit.identities("twilio-CAthree").await, ["guest"]);
}

#[tokio::test]
async fn a_reset_mid_word_ends_the_session_after_the_grace() {
    let livekit = LiveKitServer::start().await;
    let grace = Duration::from_millis(500);
    let bridge =
        Bridge::start_with(livekit.admin.clone(), |config| config.resume_grace = grace).await;
    let mut caller = bridge.call("CAreset").await;
    let mut agent = Agent::join(&livekit, "twilio-CAreset").await;
    agent.caller().await;
    caller.speak(&[0x90; 100]).await;
    let dropped_at_ms = now_ms();
    drop(caller);
    agent
        .wait_for(|event| match event {
            casp_room::RoomEvent::ParticipantLeft(left) => {
                left.identity.starts_with("caller-").then_some(())
            }
            _ => None,
        })
        .await;
    assert_eq!(bridge.ended("CAreset").await, "caller dropped");
    let ended_at_ms = bridge.session("CAreset").await.ended_at_ms.unwrap();
    assert!(
        ended_at_ms - dropped_at_ms >= grace.as_millis() as i64,
        "it might have come back"
    );
    livekit.is_rid_of("twilio-CAreset").await;
}

#[tokio::test]
async fn a_dropped_call_that_comes_back_talks_on_in_the_same_room() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start_with(livekit.admin.clone(), |config| {
        // A busy machine may take a while to come back.
        config.resume_grace = Duration::from_secs(5);
    })
    .await;
    let caller = bridge.call("CAback").await;
    let mut agent = Agent::join(&livekit, "twilio-CAback").await;
    agent.caller().await;
    drop(caller);
    let token = bridge.token("CAback").await;
    let mut caller = bridge.open("/twilio/stream/CAback").await;
    caller.start("CAback", &token).await;
    agent.caller().await;
    // All that was left to do for the first socket is done.
    while bridge.state.open_calls() > 1 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(bridge.session("CAback").await.state, SessionState::Active);
    assert_eq!(livekit.identities("twilio-CAback").await.len(), 2);
}

#[tokio::test]
async fn a_call_that_is_ended_from_elsewhere_ends_here() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let mut caller = bridge.call("CAgone").await;
    let mut agent = Agent::join(&livekit, "twilio-CAgone").await;
    agent.caller().await;
    sessions::end(&bridge.store, "phone-CAgone", "completed", now_ms())
        .await
        .unwrap();
    livekit.admin.delete_room("twilio-CAgone").await.unwrap();
    assert_eq!(caller.hear_no_media().await, Said::Closed(1000));
    bridge.state.drain(PATIENCE).await;
    livekit.is_rid_of("twilio-CAgone").await;
    assert_eq!(bridge.ended("CAgone").await, "completed");
}

#[tokio::test]
async fn a_bridge_that_goes_down_lets_calls_go_on_and_then_gives_them_away() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let mut caller = bridge.call("CAdrain").await;
    let mut agent = Agent::join(&livekit, "twilio-CAdrain").await;
    agent.caller().await;
    let state = bridge.state.clone();
    let drain = tokio::spawn(async move { state.drain(Duration::from_millis(300)).await });
    assert_eq!(caller.hear_no_media().await, Said::Closed(1001));
    drain.await.unwrap();
    assert_eq!(
        bridge.session("CAdrain").await.state,
        SessionState::Active,
        "for another bridge"
    );
    let refused = crate::caller::Caller::connect(&bridge.url("/twilio/stream/CAdrain"), &[]).await;
    assert_eq!(refused.err(), Some(503));
}

#[tokio::test]
async fn a_client_that_does_not_get_into_its_room_leaves_no_room_and_no_session() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start_with(livekit.without_joining().await, |config| {
        config.join_timeout = Duration::from_secs(4);
    })
    .await;
    let path = format!("/media-stream/default?api_key={API_KEY}");
    let mut client = bridge.open(&path).await;
    client.send(&start("CAoutside", "")).await;
    livekit.has("twilio-CAoutside").await;
    assert_eq!(client.hear().await, Said::Closed(1013), "try again");
    assert_eq!(bridge.ended("CAoutside").await, "no room");
    livekit.is_rid_of("twilio-CAoutside").await;
    bridge.state.drain(PATIENCE).await;
    assert_eq!(bridge.state.open_calls(), 0, "nothing in memory");
}

#[tokio::test]
async fn a_client_that_does_not_get_into_anothers_call_leaves_it_be() {
    let bridge = Bridge::start_alone(|_| {}).await;
    bridge.announce("CAtheirs").await;
    let announced_at_ms = bridge.session("CAtheirs").await.started_at_ms;
    while now_ms() == announced_at_ms {}
    let path = format!("/media-stream/default?api_key={API_KEY}");
    let mut client = bridge.open(&path).await;
    client.send(&start("CAtheirs", "")).await;
    assert_eq!(client.hear().await, Said::Closed(1013));
    bridge.state.drain(PATIENCE).await;
    assert_eq!(
        bridge.session("CAtheirs").await.state,
        SessionState::Announced
    );
}
