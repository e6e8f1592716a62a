//! Joining, leaving, losing the connection and coming back.

use crate::{
    proxy::Proxy,
    server::{Events, Server, hear, join_at, publishing, speak, track_options},
};
use casp_room::{AudioCodec, DisconnectReason, Room, RoomError, RoomEvent, RoomOptions};
use casp_testkit::LiveKitConfig;
use std::{sync::Arc, time::Duration};
use tokio::net::{TcpListener, TcpStream};

async fn ended(events: &mut Events) -> DisconnectReason {
    let reason = events
        .wait("the end", |event| match event {
            RoomEvent::Disconnected(reason) => Some(reason),
            _ => None,
        })
        .await;
    assert!(events.0.recv().await.is_none(), "nothing follows the end");
    reason
}

async fn back(events: &mut Events) -> bool {
    events
        .wait("the return", |event| match event {
            RoomEvent::Reconnected { is_rejoin } => Some(is_rejoin),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn who_joins_knows_the_room_and_who_was_there() {
    let server = Server::start().await;
    let (_alice, _) = server.join("r", "alice").await;
    let (bob, mut events) = server.join("r", "bob").await;
    assert_eq!((bob.name().as_str(), bob.identity().as_str()), ("r", "bob"));
    let there = events
        .wait("alice", |event| match event {
            RoomEvent::ParticipantJoined(participant) => Some(participant),
            _ => None,
        })
        .await;
    assert_eq!(
        (there.identity.as_str(), there.name.as_str()),
        ("alice", "alice's name")
    );
    assert_eq!(bob.remote_participants(), [there]);
}

#[tokio::test]
async fn leaving_is_known_at_once() {
    let server = Server::start().await;
    let (alice, mut alice_events) = server.join("r", "alice").await;
    let (_bob, mut bob) = server.join("r", "bob").await;
    alice.leave().await;
    assert_eq!(ended(&mut alice_events).await, DisconnectReason::Left);
    let left = |event| match event {
        RoomEvent::ParticipantLeft(participant) => Some(participant.identity),
        _ => None,
    };
    assert_eq!(bob.wait("the leaving", left).await, "alice");
    let (carol, carol_events) = server.join("r", "carol").await;
    // The server announces listeners late, and not at all when they have gone by then.
    bob.wait("carol", |event| match event {
        RoomEvent::ParticipantJoined(participant) => {
            (participant.identity == "carol").then_some(())
        }
        _ => None,
    })
    .await;
    drop((carol, carol_events));
    assert_eq!(bob.wait("the leaving by drop", left).await, "carol");
    let error = alice.publish_audio(track_options(AudioCodec::Opus)).await;
    assert!(matches!(error, Err(RoomError::Closed)));
}

#[tokio::test]
async fn the_same_identity_ends_the_first_for_good() {
    let server = Server::start().await;
    let (_first, mut events) = server.join("r", "alice").await;
    let (second, _) = server.join("r", "alice").await;
    assert_eq!(
        ended(&mut events).await,
        DisconnectReason::DuplicateIdentity
    );
    assert_eq!(second.identity(), "alice");
}

#[tokio::test]
async fn a_deleted_room_and_a_removal_are_told_apart() {
    let server = Server::start().await;
    let (_alice, mut alice) = server.join("r", "alice").await;
    let (_bob, mut bob) = server.join("r", "bob").await;
    server
        .livekit()
        .remove_participant("r", "alice")
        .await
        .unwrap();
    assert_eq!(ended(&mut alice).await, DisconnectReason::Removed);
    server.livekit().delete_room("r").await.unwrap();
    assert_eq!(ended(&mut bob).await, DisconnectReason::RoomDeleted);
}

#[tokio::test]
async fn a_bad_token_and_a_bad_url_are_refused() {
    let server = Server::start().await;
    let options = RoomOptions::default;
    let refused = Room::connect(&server.url(), "nonsense", options()).await;
    assert!(matches!(refused, Err(RoomError::Refused(_))), "{refused:?}");
    let refused = Room::connect("ftp://x", "t", options()).await;
    assert!(matches!(refused, Err(RoomError::BadUrl(_))));
    let gone = Room::connect("ws://127.0.0.1:1", "t", options()).await;
    assert!(matches!(gone, Err(RoomError::Connection(_))), "{gone:?}");
}

#[tokio::test]
async fn a_lost_signalling_connection_is_resumed_and_audio_goes_on() {
    let server = Server::start().await;
    let proxy = Proxy::start(server.address()).await;
    let token = server.token("r", "alice");
    let (alice, mut events) = join_at(&proxy.url(), &token, publishing(AudioCodec::Pcmu)).await;
    let track = alice.publish_audio(track_options(AudioCodec::Pcmu)).await;
    let track = Arc::new(track.unwrap());
    let _speaker = speak(Arc::clone(&track));
    let (bob, mut bob_events) = server
        .join_with("r", "bob", publishing(AudioCodec::Opus))
        .await;
    let voice = bob.publish_audio(track_options(AudioCodec::Opus)).await;
    let _bob_speaks = speak(Arc::new(voice.unwrap()));
    let mut at_bob = bob_events.track().await;
    let mut at_alice = events.track().await;
    hear(&mut at_bob, 10).await;
    let sid = track.sid();
    for _ in 0..2 {
        proxy.cut();
        assert!(!back(&mut events).await, "resumed, not joined anew");
        assert_eq!(track.sid(), sid);
        hear(&mut at_bob, 20).await;
        hear(&mut at_alice, 20).await;
    }
    let message = casp_room::DataMessage {
        payload: "after".into(),
        is_reliable: true,
        ..Default::default()
    };
    alice.publish_data(message).await.unwrap();
    bob_events
        .wait("data after the resume", |event| match event {
            RoomEvent::Data { payload, .. } => (payload[..] == b"after"[..]).then_some(()),
            RoomEvent::ParticipantLeft(_) => panic!("alice never left"),
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn a_restarted_server_is_joined_anew_with_the_same_track() {
    let mut server = Server::start().await;
    let options = publishing(AudioCodec::Pcmu);
    let (alice, mut events) = server.join_with("r", "alice", options).await;
    let track = alice.publish_audio(track_options(AudioCodec::Pcmu)).await;
    let track = Arc::new(track.unwrap());
    let _speaker = speak(Arc::clone(&track));
    let (_bob, mut bob) = server.join("r", "bob").await;
    let mut heard = bob.track().await;
    hear(&mut heard, 5).await;
    let before = track.sid();
    server.kill();
    server.restart().await;
    assert!(back(&mut events).await);
    // Bob may hear of the track before his own return is complete.
    let (mut is_back, mut again) = (false, None);
    bob.wait("Bob's return and Alice's track", |event| {
        match event {
            RoomEvent::Reconnected { is_rejoin } => is_back = is_rejoin,
            RoomEvent::TrackSubscribed(track) => again = Some(track),
            _ => {}
        }
        (is_back && again.is_some()).then_some(())
    })
    .await;
    while heard.recv().await.is_some() {}
    let mut heard = again.unwrap();
    assert_eq!(heard.participant(), "alice");
    hear(&mut heard, 20).await;
    assert_ne!(track.sid(), before);
    assert_eq!(heard.sid(), track.sid());
}

#[tokio::test]
async fn a_server_that_stays_away_is_given_up() {
    let mut server = Server::start().await;
    let options = RoomOptions {
        reconnect_timeout: Duration::from_secs(2),
        ..Default::default()
    };
    let (alice, mut events) = server.join_with("r", "alice", options).await;
    server.kill();
    let reason = ended(&mut events).await;
    assert!(
        matches!(reason, DisconnectReason::ConnectionLost(_)),
        "{reason:?}"
    );
    let closed = alice.publish_data(casp_room::DataMessage::default()).await;
    assert!(matches!(closed, Err(RoomError::Closed)));
}

#[tokio::test]
async fn where_udp_is_blocked_tcp_is_taken() {
    let config = LiveKitConfig {
        is_tcp_only: true,
        ..Default::default()
    };
    let server = Server::with(config).await;
    let options = publishing(AudioCodec::Opus);
    let (alice, _events) = server.join_with("r", "alice", options).await;
    let track = alice.publish_audio(track_options(AudioCodec::Opus)).await;
    let _speaker = speak(Arc::new(track.unwrap()));
    let (_bob, mut bob) = server.join("r", "bob").await;
    hear(&mut bob.track().await, 50).await;
}

#[tokio::test]
async fn signalling_over_ipv6_does_not_keep_media_from_ipv4() {
    let server = Server::start().await;
    let entrance = TcpListener::bind("[::1]:0").await.unwrap();
    let url = format!("ws://{}", entrance.local_addr().unwrap());
    let to = server.address();
    let _carrying = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(async move {
        let (mut client, _) = entrance.accept().await.unwrap();
        let mut server = TcpStream::connect(to).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    }));
    let token = server.token("r", "alice");
    let (alice, _events) = join_at(&url, &token, publishing(AudioCodec::Opus)).await;
    let track = alice.publish_audio(track_options(AudioCodec::Opus)).await;
    let _speaker = speak(Arc::new(track.unwrap()));
    let (_bob, mut bob) = server.join("r", "bob").await;
    hear(&mut bob.track().await, 20).await;
}

#[tokio::test]
async fn an_older_server_is_joined_with_two_peer_connections() {
    let server = Server::start().await;
    let proxy = Proxy::start_old(server.address()).await;
    let token = server.token("r", "alice");
    let (alice, mut alice_events) =
        join_at(&proxy.url(), &token, publishing(AudioCodec::Pcmu)).await;
    let track = alice.publish_audio(track_options(AudioCodec::Pcmu)).await;
    let track = Arc::new(track.unwrap());
    assert_eq!(track.codec(), AudioCodec::Pcmu);
    let _speaker = speak(Arc::clone(&track));
    let (bob, mut bob_events) = server
        .join_with("r", "bob", publishing(AudioCodec::Opus))
        .await;
    let voice = bob.publish_audio(track_options(AudioCodec::Opus)).await;
    let _bob_speaks = speak(Arc::new(voice.unwrap()));
    let mut at_bob = bob_events.track().await;
    let mut at_alice = alice_events.track().await;
    hear(&mut at_bob, 20).await;
    hear(&mut at_alice, 20).await;
    proxy.cut();
    assert!(!back(&mut alice_events).await);
    hear(&mut at_bob, 20).await;
    hear(&mut at_alice, 20).await;
}

#[tokio::test]
async fn where_pcmu_is_off_the_track_becomes_opus() {
    let config = LiveKitConfig {
        is_opus_only: true,
        ..Default::default()
    };
    let server = Server::with(config).await;
    let options = publishing(AudioCodec::Pcmu);
    let (alice, _events) = server.join_with("r", "alice", options).await;
    let track = alice.publish_audio(track_options(AudioCodec::Pcmu)).await;
    let track = Arc::new(track.unwrap());
    assert_eq!(track.codec(), AudioCodec::Opus);
    let _speaker = speak(track);
    let (_bob, mut bob) = server.join("r", "bob").await;
    let heard = hear(&mut bob.track().await, 10).await;
    assert!(heard.iter().all(|(_, codec)| *codec == AudioCodec::Opus));
}
