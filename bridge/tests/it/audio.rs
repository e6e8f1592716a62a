//! Audio both ways, byte for byte.

use crate::{
    PATIENCE,
    agent::{Agent, for_ever, frame, said_until},
    bridge::Bridge,
    livekit::LiveKitServer,
};
use std::time::Duration;

/// Frames of silence that the bridge sends after sound.
const SILENT_FRAMES: usize = 20;

/// A second of loud frames, each another; bytes 0x80.. are loud whatever the seed.
fn pattern() -> Vec<u8> {
    (0..50_usize)
        .flat_map(|frame| (0..160).map(move |index| 0x80 + ((frame * 7 + index) % 48) as u8))
        .collect()
}

/// Whether `heard` holds `said` without a gap (LiveKit adds silence of its own around it).
fn holds(heard: &[u8], said: &[u8]) -> bool {
    heard
        .chunks(160)
        .collect::<Vec<_>>()
        .windows(said.len() / 160)
        .any(|window| window.concat() == said)
}

/// Frames of silence at the end of what was heard.
fn silent_frames(heard: &[u8]) -> usize {
    let frames = heard.rchunks(160);
    frames
        .take_while(|frame| frame.iter().all(|code| *code == 0xFF))
        .count()
}

#[tokio::test]
async fn the_room_hears_the_very_bytes_that_twilio_sent() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let mut caller = bridge.call("CAup").await;
    let mut agent = Agent::join(&livekit, "twilio-CAup").await;
    let mut track = agent.caller().await;
    let heard = async { while track.recv().await.unwrap().payload[..] != frame(0x91) {} };
    said_until(caller.say(for_ever(frame(0x91))), heard).await;
    let said = pattern();
    // All at once, as networks bunch it: the bridge paces it. Odd sizes: Twilio sends 160 bytes, others what they like.
    for piece in said.chunks(130) {
        caller.speak(piece).await;
    }
    // Silence, so that the gate closes and the last packet is known to have passed.
    for _ in 0..60 {
        caller.speak(&[0xFF; 160]).await;
    }
    let (mut heard, mut stamps) = (Vec::new(), Vec::new());
    loop {
        let is_over = heard.len() > said.len() && silent_frames(&heard) >= SILENT_FRAMES;
        let patience = if is_over {
            Duration::from_secs(1)
        } else {
            PATIENCE
        };
        let Ok(Some(packet)) = tokio::time::timeout(patience, track.recv()).await else {
            break;
        };
        if packet.payload[..] != frame(0x91) {
            stamps.push(packet.rtp_timestamp);
            heard.extend_from_slice(&packet.payload);
        }
    }
    assert!(holds(&heard, &said), "{} bytes heard", heard.len());
    assert!(
        stamps
            .windows(2)
            .all(|pair| pair[1].wrapping_sub(pair[0]) == 160)
    );
    assert!(
        heard.len() < said.len() + 30 * 160,
        "silence is not sent: {} bytes",
        heard.len()
    );
}

#[tokio::test]
async fn twilio_gets_the_very_bytes_that_the_agent_sent() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let mut caller = bridge.call("CAdown").await;
    let mut agent = Agent::join(&livekit, "twilio-CAdown").await;
    agent.caller().await;
    agent.is_heard_by(&mut caller).await;
    let said = pattern();
    let speak = async {
        agent.say(said.chunks(160).map(<[u8]>::to_vec)).await;
        agent.say((0..5).map(|_| vec![0xFE; 160])).await;
    };
    let listen = async {
        let mut heard = Vec::new();
        loop {
            let payload = caller.hear_media().await;
            if payload == vec![0xFE; 160] {
                return heard;
            }
            heard.extend(payload);
        }
    };
    let ((), heard) = tokio::join!(speak, listen);
    assert!(holds(&heard, &said), "{} bytes heard", heard.len());
}

#[tokio::test]
async fn two_people_in_the_room_are_heard_together() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let mut caller = bridge.call("CAmix").await;
    let mut agent = Agent::join(&livekit, "twilio-CAmix").await;
    let mut guest = Agent::join_as(&livekit, "twilio-CAmix", "guest").await;
    agent.caller().await;
    let (a, b) = (0xB0, 0xC0);
    let decode = casp_audio::pcmu::decode_sample;
    let sum = casp_audio::pcmu::encode_sample(decode(a) + decode(b));
    let speak =
        async { tokio::join!(agent.say(for_ever(frame(a))), guest.say(for_ever(frame(b)))) };
    let heard = async { while !caller.hear_media().await.iter().all(|code| *code == sum) {} };
    said_until(speak, heard).await;
}
