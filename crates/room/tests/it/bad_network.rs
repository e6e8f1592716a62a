//! Loss, reordering, blocked and dying ways: what a listener hears through them.

use crate::{
    network::{Conditions, Network},
    server::{Events, PATIENCE, Server, hear, join_at, publishing, speak, track_options},
};
use casp_audio::{
    SampleRate,
    opus::{Application, Encoder, EncoderOptions, MAX_PACKET_BYTES},
    receive::{Codec, StreamDecoder},
};
use casp_room::{
    AudioCodec, OutgoingPacket, PublishOptions, RemoteAudioTrack, Room, RoomError, RoomEvent,
    RoomOptions,
};
use std::{cell::Cell, sync::Arc, time::Duration};

const SPEECH: &[u8] = include_bytes!("../../../audio/tests/data/utterance-16k.wav");
const FRAME: usize = SampleRate::Hz16000.frame_samples();

/// Speech at 16 kHz, in whole frames, twice over.
fn speech() -> Vec<i16> {
    let once: Vec<i16> = SPEECH[44..]
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    let mut twice = once.repeat(2);
    twice.truncate(twice.len() / FRAME * FRAME);
    twice
}

/// How loud each 20 ms are.
fn envelope(pcm: &[i16]) -> Vec<f64> {
    let power = |frame: &[i16]| {
        let sum: f64 = frame.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        (sum / frame.len() as f64).sqrt()
    };
    pcm.chunks_exact(FRAME).map(power).collect()
}

/// The likeness of two courses of loudness, second by second, each at the shift that fits best: a busy machine delays
/// some of it, the jitter buffer makes up for that later.
fn likeness(said: &[f64], heard: &[f64]) -> f64 {
    const SECOND: usize = 50;
    let best = |(number, second): (usize, &[f64])| {
        let at = |begin: usize| {
            heard
                .get(begin..begin + SECOND)
                .map(|part| correlation(second, part))
        };
        let begin = (number * SECOND).saturating_sub(15);
        (begin..begin + 30).filter_map(at).fold(0.0, f64::max)
    };
    let seconds: Vec<f64> = said.chunks_exact(SECOND).enumerate().map(best).collect();
    seconds.iter().sum::<f64>() / seconds.len() as f64
}

fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        xy += (x - mx) * (y - my);
        xx += (x - mx).powi(2);
        yy += (y - my).powi(2);
    }
    xy / (xx * yy).sqrt().max(f64::EPSILON)
}

/// Opus for a network that loses packets: each carries a coarse copy of the one before.
fn resilient() -> EncoderOptions {
    EncoderOptions {
        bitrate_bps: 32_000,
        uses_inband_fec: true,
        expected_loss_percent: 15,
        application: Application::Voip,
        ..EncoderOptions::default()
    }
}

async fn say(track: &casp_room::LocalAudioTrack, pcm: &[i16]) {
    let mut encoder = Encoder::new(SampleRate::Hz16000, &resilient()).unwrap();
    let mut clock = tokio::time::interval(Duration::from_millis(20));
    // A second that was missed, all at once, is more than the queues hold.
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut packet = [0; MAX_PACKET_BYTES];
    for (number, frame) in pcm.chunks_exact(FRAME).enumerate() {
        clock.tick().await;
        let length = encoder.encode(frame, &mut packet).unwrap();
        let packet = OutgoingPacket {
            payload: packet[..length].to_vec().into(),
            rtp_timestamp: number as u32 * 960,
            starts_talkspurt: number == 0,
        };
        track.send(packet).unwrap();
    }
}

/// What is heard until, all being said, nothing comes for a second; and how much of it was made up (samples).
async fn listen(track: &mut RemoteAudioTrack, is_said: &Cell<bool>) -> (Vec<i16>, usize) {
    let (mut decoder, mut pcm) = (StreamDecoder::new(), Vec::new());
    let (mut heard, mut concealed, mut last) = (Vec::new(), 0, None);
    loop {
        let was_said = is_said.get();
        let packet = match tokio::time::timeout(Duration::from_secs(1), track.recv()).await {
            Ok(Some(packet)) => packet,
            Err(_) if !was_said => continue,
            Ok(None) | Err(_) => break,
        };
        if let Some(last) = last.replace(packet.rtp_timestamp) {
            let ahead = packet.rtp_timestamp.wrapping_sub(last) as i32;
            assert!(ahead > 0, "packets come in order, and once");
        }
        let parts = decoder
            .decode(Codec::Opus, packet.lost_before, &packet.payload, &mut pcm)
            .unwrap();
        concealed += parts.concealed;
        heard.extend_from_slice(&pcm);
    }
    (heard, concealed)
}

/// Alice speaks to Bob; one of them is behind the network.
async fn conversation(conditions: Conditions, is_speaker_behind_it: bool) {
    let server = Server::start().await;
    let network = Network::start(server.address(), Conditions::default(), false).await;
    let (near, far) = (server.url(), network.url());
    let (alices, bobs) = if is_speaker_behind_it {
        (&far, &near)
    } else {
        (&near, &far)
    };
    let publish = PublishOptions {
        dtx: false,
        ..track_options(AudioCodec::Opus)
    };
    let (alice, _alice_events) = join_at(
        alices,
        &server.token("r", "alice"),
        publishing(AudioCodec::Opus),
    )
    .await;
    let track = alice.publish_audio(publish).await.unwrap();
    let (_bob, mut bob) = join_at(bobs, &server.token("r", "bob"), RoomOptions::default()).await;
    let mut heard = bob.track().await;
    network.set(conditions);
    let said = speech();
    let is_said = Cell::new(false);
    let speak = async {
        say(&track, &said).await;
        is_said.set(true);
    };
    let ((), (heard, concealed)) = tokio::join!(speak, listen(&mut heard, &is_said));
    assert!(network.lost() > 20, "{} packets were lost", network.lost());
    let off = heard.len().abs_diff(said.len()) * 1_000 / 16_000;
    assert!(off <= 200, "{off} ms more or less were heard than said");
    let likeness = likeness(&envelope(&said), &envelope(&heard));
    assert!(
        likeness > 0.8,
        "{likeness} alike, {concealed} samples made up"
    );
}

#[tokio::test]
async fn a_listener_behind_loss_and_jitter_hears_all_of_it_in_order() {
    let conditions = Conditions {
        loss: 0.1,
        jitter: Duration::from_millis(30),
        is_dead: false,
    };
    conversation(conditions, false).await;
}

#[tokio::test]
async fn a_speaker_behind_loss_and_jitter_is_heard_in_full() {
    let conditions = Conditions {
        loss: 0.1,
        jitter: Duration::from_millis(30),
        is_dead: false,
    };
    conversation(conditions, true).await;
}

const DEAD: Conditions = Conditions {
    loss: 0.0,
    jitter: Duration::ZERO,
    is_dead: true,
};

#[tokio::test]
async fn where_udp_goes_nowhere_tcp_is_taken() {
    let server = Server::start().await;
    let network = Network::start(server.address(), DEAD, true).await;
    let token = server.token("r", "alice");
    let (alice, _events) = join_at(&network.url(), &token, publishing(AudioCodec::Opus)).await;
    let track = alice.publish_audio(track_options(AudioCodec::Opus)).await;
    let _speaker = speak(Arc::new(track.unwrap()));
    let (_bob, mut bob) = server.join("r", "bob").await;
    hear(&mut bob.track().await, 50).await;
    assert!(network.lost() > 0, "UDP was tried");
}

#[tokio::test]
async fn where_nothing_goes_through_the_error_says_what_to_open() {
    let server = Server::start().await;
    let network = Network::start(server.address(), DEAD, false).await;
    let options = RoomOptions {
        connect_timeout: Duration::from_secs(4),
        ..RoomOptions::default()
    };
    let token = server.token("r", "alice");
    let error = Room::connect(&network.url(), &token, options)
        .await
        .unwrap_err();
    assert!(matches!(error, RoomError::NoMediaPath), "{error:?}");
    for word in ["UDP", "TCP", "7881", "TURN"] {
        assert!(error.to_string().contains(word), "{error}");
    }
}

async fn back(events: &mut Events) {
    events
        .wait("the return", |event| match event {
            RoomEvent::Reconnected { .. } => Some(()),
            _ => None,
        })
        .await;
}

/// Bob hears Alice again after her media has been dead, while signalling lived on.
async fn survives_death(lets_tcp: bool) {
    let server = Server::start().await;
    let network = Network::start(server.address(), Conditions::default(), lets_tcp).await;
    let token = server.token("r", "alice");
    let (alice, mut events) = join_at(&network.url(), &token, publishing(AudioCodec::Opus)).await;
    let track = alice.publish_audio(track_options(AudioCodec::Opus)).await;
    let _speaker = speak(Arc::new(track.unwrap()));
    let (_bob, mut bob) = server.join("r", "bob").await;
    let mut heard = bob.track().await;
    hear(&mut heard, 10).await;
    network.set(DEAD);
    events
        .wait("the loss", |event| {
            matches!(event, RoomEvent::Reconnecting).then_some(())
        })
        .await;
    if !lets_tcp {
        network.set(Conditions::default());
    }
    back(&mut events).await;
    // A new participant has another track.
    let hearing = async {
        let mut packets = 0;
        while packets < 20 {
            match heard.recv().await {
                Some(_) => packets += 1,
                None => heard = bob.track().await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, hearing)
        .await
        .expect("Alice is heard again");
}

#[tokio::test]
async fn media_that_dies_while_signalling_lives_comes_back() {
    survives_death(false).await;
}

#[tokio::test]
async fn a_way_that_dies_is_left_for_tcp() {
    survives_death(true).await;
}
