//! Tracks that are given up and taken again.

use crate::server::{Server, hear, publishing, speak, track_options};
use casp_room::{AudioCodec, RoomEvent};
use std::sync::Arc;

#[tokio::test]
async fn a_subscription_can_be_given_up_and_taken_again() {
    let server = Server::start().await;
    let options = publishing(AudioCodec::Pcmu);
    let (alice, _alice_events) = server.join_with("r", "alice", options).await;
    let track = alice.publish_audio(track_options(AudioCodec::Pcmu)).await;
    let track = Arc::new(track.unwrap());
    let _speaker = speak(Arc::clone(&track));
    let (bob, mut events) = server.join("r", "bob").await;
    for _ in 0..3 {
        let mut heard = events.track().await;
        hear(&mut heard, 5).await;
        bob.unsubscribe(&track.sid()).unwrap();
        while heard.recv().await.is_some() {}
        bob.subscribe(&track.sid()).unwrap();
    }
    let mut heard = events.track().await;
    hear(&mut heard, 5).await;
}

#[tokio::test]
async fn dropping_a_track_withdraws_it() {
    let server = Server::start().await;
    let options = publishing(AudioCodec::Opus);
    let (alice, _alice_events) = server.join_with("r", "alice", options).await;
    let (_bob, mut events) = server.join("r", "bob").await;
    for _ in 0..3 {
        let track = alice.publish_audio(track_options(AudioCodec::Opus)).await;
        let track = Arc::new(track.unwrap());
        let sid = track.sid();
        let speaker = speak(track);
        let mut heard = events.track().await;
        hear(&mut heard, 5).await;
        drop(speaker);
        let gone = events
            .wait("the withdrawal", |event| match event {
                RoomEvent::TrackUnpublished { sid, .. } => Some(sid),
                _ => None,
            })
            .await;
        assert_eq!(gone, sid);
        while heard.recv().await.is_some() {}
    }
}
