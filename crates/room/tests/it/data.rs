//! Data packets, text streams, attributes, calls.

use crate::server::{PATIENCE, Server};
use casp_room::{DataMessage, RoomError, RoomEvent, RpcError, TextOptions, TextReader};
use std::collections::HashMap;

async fn text(events: &mut crate::server::Events) -> TextReader {
    events
        .wait("a text stream", |event| match event {
            RoomEvent::TextStream(reader) => Some(reader),
            _ => None,
        })
        .await
}

fn on(topic: &str) -> TextOptions {
    TextOptions {
        topic: topic.into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn reliable_packets_arrive_in_order_and_only_where_they_are_sent() {
    let server = Server::start().await;
    let (_bob, mut bob) = server.join("r", "bob").await;
    let (_carol, mut carol) = server.join("r", "carol").await;
    let (alice, _events) = server.join("r", "alice").await;
    for number in 0..50_u8 {
        let message = DataMessage {
            topic: "t".into(),
            payload: vec![number; 100].into(),
            is_reliable: true,
            destinations: vec!["bob".into()],
        };
        alice.publish_data(message).await.unwrap();
    }
    let last = DataMessage {
        payload: "last".into(),
        is_reliable: true,
        ..Default::default()
    };
    alice.publish_data(last).await.unwrap();
    let packet = |event| match event {
        RoomEvent::Data {
            participant,
            topic,
            payload,
        } => Some((participant, topic, payload)),
        _ => None,
    };
    for number in 0..50_u8 {
        let (participant, topic, payload) = bob.wait("a packet", packet).await;
        assert_eq!((participant.as_str(), topic.as_str()), ("alice", "t"));
        assert_eq!(payload[..], [number; 100]);
    }
    assert_eq!(&bob.wait("the last", packet).await.2[..], b"last");
    assert_eq!(&carol.wait("the last", packet).await.2[..], b"last");
}

#[tokio::test]
async fn lossy_packets_and_tones_arrive() {
    let server = Server::start().await;
    let (_bob, mut bob) = server.join("r", "bob").await;
    let (alice, _events) = server.join("r", "alice").await;
    for digit in ['5', '#', 'a'] {
        alice.publish_dtmf(digit).await.unwrap();
        let heard = bob
            .wait("a tone", |event| match event {
                RoomEvent::Dtmf { participant, digit } => Some((participant, digit)),
                _ => None,
            })
            .await;
        assert_eq!(heard, ("alice".to_owned(), digit.to_ascii_uppercase()));
    }
    assert!(alice.publish_dtmf('x').await.is_err());
    let message = DataMessage {
        payload: "lossy".into(),
        ..Default::default()
    };
    alice.publish_data(message).await.unwrap();
    bob.wait("the packet", |event| match event {
        RoomEvent::Data { payload, .. } => (payload[..] == b"lossy"[..]).then_some(()),
        _ => None,
    })
    .await;
    let large = DataMessage {
        payload: vec![0; 16 * 1024].into(),
        ..Default::default()
    };
    assert!(alice.publish_data(large).await.is_err());
}

#[tokio::test]
async fn a_long_text_arrives_whole_with_its_attributes() {
    let server = Server::start().await;
    let (_bob, mut bob) = server.join("r", "bob").await;
    let (alice, _events) = server.join("r", "alice").await;
    // Hardly to be compressed, and of letters of every width.
    let mut seed = 1_u32;
    let long: String = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from_u32(0x20 + (seed >> 12) % 0x2000).unwrap_or('ß')
    })
    .take(40_000)
    .collect();
    assert!(long.len() > 100_000);
    let mut options = on("lk.chat");
    options.attributes.insert("key".into(), "value".into());
    options.stream_id = Some("my-id".into());
    let sent = alice.send_text(&long, options);
    let (sent, reader) = tokio::join!(sent, text(&mut bob));
    sent.unwrap();
    assert_eq!((reader.topic(), reader.participant()), ("lk.chat", "alice"));
    assert_eq!(
        (reader.id(), reader.attributes()["key"].as_str()),
        ("my-id", "value")
    );
    assert!(reader.read_all(1 << 20).await.unwrap() == long);
}

#[tokio::test]
async fn a_text_can_be_written_piece_by_piece_and_closed_with_attributes() {
    let server = Server::start().await;
    let (_bob, mut bob) = server.join("r", "bob").await;
    let (alice, _events) = server.join("r", "alice").await;
    let writer = alice.stream_text(on("lk.transcription")).await.unwrap();
    let mut reader = text(&mut bob).await;
    for piece in ["Hello, ", "wörld", "!"] {
        writer.write(piece).await.unwrap();
        assert_eq!(reader.next().await.unwrap().unwrap(), piece);
    }
    let end = HashMap::from([("lk.transcription_final".to_owned(), "true".to_owned())]);
    writer.close(end).await.unwrap();
    assert!(reader.next().await.is_none());
    assert_eq!(reader.attributes()["lk.transcription_final"], "true");
}

#[tokio::test]
async fn a_text_that_its_sender_leaves_unfinished_ends_in_an_error() {
    let server = Server::start().await;
    let (_bob, mut bob) = server.join("r", "bob").await;
    let (alice, _events) = server.join("r", "alice").await;
    // The server announces listeners late, and not at all when they have gone by then.
    bob.wait("alice", |event| match event {
        RoomEvent::ParticipantJoined(_) => Some(()),
        _ => None,
    })
    .await;
    let writer = alice.stream_text(on("t")).await.unwrap();
    writer.write("half").await.unwrap();
    let mut reader = text(&mut bob).await;
    assert_eq!(reader.next().await.unwrap().unwrap(), "half");
    alice.leave().await;
    assert!(matches!(
        reader.next().await,
        Some(Err(RoomError::Stream(_)))
    ));
    drop(writer);
}

#[tokio::test]
async fn an_agent_may_write_in_the_name_of_another_and_nobody_else_may() {
    let server = Server::start().await;
    let (_bob, mut bob) = server.join("r", "bob").await;
    let options = casp_room::RoomOptions::default;
    let token = Server::agent_token("r", "agent");
    let (agent, _agent_events) = crate::server::join_at(&server.url(), &token, options()).await;
    let (mallory, _mallory_events) = server.join("r", "mallory").await;
    for (writer, shown) in [(agent, "alice"), (mallory, "mallory")] {
        for is_long in [false, true] {
            let named = TextOptions {
                sender_identity: Some("alice".into()),
                ..on("lk.transcription")
            };
            let body = "é".repeat(if is_long { 20_000 } else { 5 });
            writer.send_text(&body, named).await.unwrap();
            let reader = text(&mut bob).await;
            assert_eq!(reader.participant(), shown);
            assert!(reader.read_all(1 << 20).await.unwrap() == body);
        }
    }
}

#[tokio::test]
async fn attributes_and_metadata_are_set_and_seen() {
    let server = Server::start().await;
    let (bob_room, mut bob) = server.join("r", "bob").await;
    let (alice, _events) = server.join("r", "alice").await;
    let set = |key: &str, value: &str| HashMap::from([(key.to_owned(), value.to_owned())]);
    alice.set_attributes(set("a", "1")).await.unwrap();
    alice.set_metadata("meta".into()).await.unwrap();
    alice.set_attributes(set("b", "2")).await.unwrap();
    alice.set_attributes(set("a", "")).await.unwrap();
    let seen = bob
        .wait("all changes", |event| match event {
            RoomEvent::ParticipantUpdated(seen) if seen.attributes == set("b", "2") => Some(seen),
            _ => None,
        })
        .await;
    assert_eq!(
        (seen.metadata.as_str(), seen.name.as_str()),
        ("meta", "alice's name")
    );
    assert_eq!(sees(&bob_room), ["alice"]);
}

fn sees(bob: &casp_room::Room) -> Vec<String> {
    let participants = bob.remote_participants();
    participants.into_iter().map(|p| p.identity).collect()
}

#[tokio::test]
async fn attributes_that_may_not_be_set_are_an_error() {
    let server = Server::start().await;
    let options = casp_room::admin::TokenOptions {
        room: "r".into(),
        identity: "alice".into(),
        ..Default::default()
    };
    let token = server.livekit().participant_token(&options).unwrap();
    let (alice, _events) =
        crate::server::join_at(&server.url(), &token, casp_room::RoomOptions::default()).await;
    let attributes = HashMap::from([("a".to_owned(), "1".to_owned())]);
    let refused = alice.set_attributes(attributes).await;
    assert!(matches!(refused, Err(RoomError::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn calls_are_answered_with_a_result_or_an_error() {
    let server = Server::start().await;
    let (bob, _bob_events) = server.join("r", "bob").await;
    bob.register_rpc("upper", |caller, payload| async move {
        if payload.is_empty() {
            return Err(RpcError {
                code: 1234,
                message: "nothing".into(),
                data: "more".into(),
            });
        }
        Ok(format!("{caller}:{}", payload.to_uppercase()))
    });
    let (alice, _events) = server.join("r", "alice").await;
    let call = |method: &'static str, payload: String| {
        let alice = alice.clone();
        async move { alice.perform_rpc("bob", method, payload, PATIENCE).await }
    };
    assert_eq!(call("upper", "hi".into()).await.unwrap(), "alice:HI");
    let long = "x".repeat(50_000);
    assert_eq!(call("upper", long).await.unwrap().len(), 50_006);
    let error = call("upper", String::new()).await.unwrap_err();
    assert_eq!(
        (error.code, error.message.as_str(), error.data.as_str()),
        (1234, "nothing", "more")
    );
    assert_eq!(call("lower", "x".into()).await.unwrap_err().code, 1400);
}
