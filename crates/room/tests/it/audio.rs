//! Audio from one participant to another, through a real server.

use crate::server::{Server, hear, publishing, speak, track_options};
use casp_room::{AudioCodec, RoomEvent, RoomOptions};
use std::sync::Arc;

async fn arrives(codec: AudioCodec) {
    let server = Server::start().await;
    let (alice, _alice_events) = server.join_with("r", "alice", publishing(codec)).await;
    let track = Arc::new(alice.publish_audio(track_options(codec)).await.unwrap());
    assert_eq!(track.codec(), codec);
    assert!(track.sid().starts_with("TR_"));
    let _speaker = speak(Arc::clone(&track));
    let (_bob, mut events) = server.join("r", "bob").await;
    let mut heard = events.track().await;
    assert_eq!(heard.participant(), "alice");
    assert_eq!(heard.sid(), track.sid());
    let numbers = hear(&mut heard, 100).await;
    assert!(numbers.iter().all(|(_, heard)| *heard == codec));
    assert!(
        numbers.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1),
        "in order, none lost: {numbers:?}"
    );
}

#[tokio::test]
async fn opus_arrives_in_order_and_unchanged() {
    arrives(AudioCodec::Opus).await;
}

#[tokio::test]
async fn pcmu_arrives_in_order_and_unchanged() {
    arrives(AudioCodec::Pcmu).await;
}

#[tokio::test]
async fn a_track_published_after_joining_is_heard_too() {
    let server = Server::start().await;
    let (_bob, mut events) = server.join("r", "bob").await;
    let (alice, _alice_events) = server.join("r", "alice").await;
    let options = track_options(AudioCodec::Pcmu);
    let track = Arc::new(alice.publish_audio(options).await.unwrap());
    let _speaker = speak(Arc::clone(&track));
    let mut heard = events.track().await;
    assert_eq!(hear(&mut heard, 10).await.len(), 10);
}

#[tokio::test]
async fn muting_is_announced_and_silences() {
    let server = Server::start().await;
    let options = publishing(AudioCodec::Opus);
    let (alice, _alice_events) = server.join_with("r", "alice", options).await;
    let track = alice.publish_audio(track_options(AudioCodec::Opus)).await;
    let track = Arc::new(track.unwrap());
    let _speaker = speak(Arc::clone(&track));
    let (_bob, mut events) = server.join("r", "bob").await;
    let mut heard = events.track().await;
    hear(&mut heard, 5).await;
    for wanted in [true, false] {
        track.set_muted(wanted).unwrap();
        let sid = events
            .wait("the mute", |event| match event {
                RoomEvent::TrackMuted { sid, is_muted, .. } if is_muted == wanted => Some(sid),
                _ => None,
            })
            .await;
        assert_eq!(sid, track.sid());
    }
    let numbers = hear(&mut heard, 50).await;
    let gap = numbers.windows(2).any(|pair| pair[1].0 > pair[0].0 + 1);
    assert!(
        gap || numbers[0].0 > 5,
        "frames sent while muted are not heard"
    );
}

#[tokio::test]
async fn several_speakers_come_and_go_and_each_is_heard_apart() {
    let server = Server::start().await;
    let (_bob, mut events) = server.join("r", "bob").await;
    let mut others = Vec::new();
    for (index, codec) in [AudioCodec::Opus, AudioCodec::Pcmu, AudioCodec::Opus]
        .into_iter()
        .enumerate()
    {
        let identity = format!("speaker-{index}");
        let (room, _) = server.join_with("r", &identity, publishing(codec)).await;
        let track = Arc::new(room.publish_audio(track_options(codec)).await.unwrap());
        others.push((room, speak(Arc::clone(&track)), track));
    }
    let mut tracks = Vec::new();
    for _ in 0..3 {
        tracks.push(events.track().await);
    }
    for heard in &mut tracks {
        let (_, _, sent) = others
            .iter()
            .find(|(_, _, sent)| sent.sid() == heard.sid())
            .unwrap();
        let codec = hear(heard, 10).await[0].1;
        assert_eq!(codec, sent.codec(), "{}", heard.participant());
    }
    let (leaver, speaker, track) = others.remove(1);
    drop((speaker, track));
    leaver.leave().await;
    let gone = events
        .wait("the leaver", |event| match event {
            RoomEvent::ParticipantLeft(participant) => Some(participant.identity),
            _ => None,
        })
        .await;
    assert_eq!(gone, "speaker-1");
    for heard in &mut tracks {
        if heard.participant() == "speaker-1" {
            while heard.recv().await.is_some() {}
        } else {
            hear(heard, 10).await;
        }
    }
    let (room, _) = server
        .join_with("r", "speaker-3", publishing(AudioCodec::Pcmu))
        .await;
    let track = room.publish_audio(track_options(AudioCodec::Pcmu)).await;
    let _speaker = speak(Arc::new(track.unwrap()));
    let mut heard = events.track().await;
    assert_eq!(heard.participant(), "speaker-3");
    hear(&mut heard, 10).await;
}

#[tokio::test]
async fn without_auto_subscribe_nothing_comes_until_asked_for() {
    let server = Server::start().await;
    let options = publishing(AudioCodec::Opus);
    let (alice, _alice_events) = server.join_with("r", "alice", options).await;
    let track = alice.publish_audio(track_options(AudioCodec::Opus)).await;
    let track = Arc::new(track.unwrap());
    let _speaker = speak(Arc::clone(&track));
    let options = RoomOptions {
        auto_subscribe: casp_room::AutoSubscribe::None,
        ..Default::default()
    };
    let (bob, mut events) = server.join_with("r", "bob", options).await;
    let sid = events
        .wait("the announcement", |event| match event {
            RoomEvent::TrackPublished { track, .. } => Some(track.sid),
            RoomEvent::TrackSubscribed(_) => panic!("nobody asked"),
            _ => None,
        })
        .await;
    bob.subscribe(&sid).unwrap();
    hear(&mut events.track().await, 5).await;
}
