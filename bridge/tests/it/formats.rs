//! Clients with an API key that speak PCM or Opus.

use crate::{
    PATIENCE,
    agent::{Agent, for_ever, said_until},
    bridge::{API_KEY, Bridge},
    caller::{Caller, Said},
    livekit::LiveKitServer,
};
use casp_audio::{SampleRate, opus};
use casp_room::{AudioCodec, RemoteAudioTrack};
use serde_json::{Value, json};
use std::time::Duration;

const TONE_HZ: f64 = 500.0;

/// A second of a tone, in frames of 20 ms.
fn tone(rate: SampleRate) -> Vec<Vec<i16>> {
    let sample = |index: usize| {
        let at = index as f64 / f64::from(rate.hz()) * std::f64::consts::TAU;
        ((at * TONE_HZ).sin() * 8_000.0) as i16
    };
    let samples: Vec<i16> = (0..rate.hz() as usize).map(sample).collect();
    samples
        .chunks(rate.frame_samples())
        .map(<[i16]>::to_vec)
        .collect()
}

fn le_bytes(samples: &[i16]) -> Vec<u8> {
    samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect()
}

fn samples(bytes: &[u8]) -> Vec<i16> {
    bytes
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect()
}

/// A frame of the same tone, not loud.
fn quiet(rate: SampleRate) -> Vec<i16> {
    tone(rate)[0].iter().map(|sample| sample / 4).collect()
}

fn peak(frame: &[i16]) -> u16 {
    let peak = frame.iter().map(|sample| sample.unsigned_abs()).max();
    peak.unwrap_or_default()
}

fn is_loud(frame: &[i16]) -> bool {
    peak(frame) > 4_000
}

/// Counts the frames after the last loud one.
#[derive(Default)]
struct Silence {
    was_loud: bool,
    frames: u32,
}

impl Silence {
    fn hear(&mut self, frame: &[i16]) {
        self.was_loud |= is_loud(frame);
        self.frames = if self.was_loud && !is_loud(frame) {
            self.frames + 1
        } else {
            0
        };
    }
}

/// The frequency of what is loud, by its zero crossings, and how long it lasts (s).
fn loud_part(pcm: &[i16], rate: SampleRate) -> (f64, f64) {
    let loud: Vec<i16> = pcm
        .chunks(rate.frame_samples())
        .filter(|frame| is_loud(frame))
        .flatten()
        .copied()
        .collect();
    let crossings = loud
        .windows(2)
        .filter(|pair| (pair[0] < 0) != (pair[1] < 0))
        .count();
    let seconds = loud.len() as f64 / f64::from(rate.hz());
    (crossings as f64 / 2.0 / seconds, seconds)
}

fn assert_is_tone(pcm: &[i16], rate: SampleRate) {
    let (hz, seconds) = loud_part(pcm, rate);
    assert!((hz - TONE_HZ).abs() < 15.0, "{hz} Hz at {rate:?}");
    assert!((0.9..1.1).contains(&seconds), "{seconds} s at {rate:?}");
}

/// A client in its room, and the room's name.
async fn client(bridge: &Bridge, format: Value) -> (Caller, String) {
    let mut client = bridge
        .open(&format!("/media-stream/default?api_key={API_KEY}"))
        .await;
    client
        .send(&json!({"event": "start", "start": {"streamSid": "MZ1", "mediaFormat": format}}))
        .await;
    let Said::Other(started) = client.hear().await else {
        panic!("not started")
    };
    assert_eq!(started["event"], "start");
    (client, started["roomName"].as_str().unwrap().to_owned())
}

/// Something, until it is heard.
async fn clear_throat(
    client: &mut Caller,
    frame: &[u8],
    track: &mut RemoteAudioTrack,
    is_ours: impl Fn(&[u8]) -> bool,
) {
    let heard = async { while !is_ours(&track.recv().await.unwrap().payload) {} };
    said_until(client.say(for_ever(frame.to_vec())), heard).await;
}

/// More than the server's own silence (three bytes).
fn is_sound(packet: &[u8]) -> bool {
    packet.len() > 3
}

/// What the room hears of a client, until it is quiet: the bridge's gate closes with twenty frames of silence.
async fn heard_in_the_room(track: &mut RemoteAudioTrack) -> Vec<i16> {
    let mut decoder = opus::Decoder::new(SampleRate::Hz16000).unwrap();
    let (mut heard, mut pcm) = (
        Vec::new(),
        vec![0; SampleRate::Hz16000.max_packet_samples()],
    );
    let mut silence = Silence::default();
    while silence.frames < 10 {
        let packet = tokio::time::timeout(PATIENCE, track.recv()).await;
        let packet = packet.expect("the client is heard").unwrap();
        assert_eq!(packet.codec, AudioCodec::Opus);
        let count = decoder.decode(&packet.payload, &mut pcm).unwrap();
        silence.hear(&pcm[..count]);
        heard.extend_from_slice(&pcm[..count]);
    }
    heard
}

#[tokio::test]
async fn a_pcm_client_is_heard_and_hears_at_its_own_rate() {
    let livekit = LiveKitServer::start().await;
    for rate in [
        SampleRate::Hz8000,
        SampleRate::Hz16000,
        SampleRate::Hz24000,
        SampleRate::Hz48000,
    ] {
        let bridge = Bridge::start(&livekit).await;
        let format = json!({"encoding": "audio/pcm", "sampleRate": rate.hz(), "channels": 1});
        let (mut client, room) = client(&bridge, format).await;
        assert_eq!(room, "api-MZ1");
        let mut agent = Agent::join_with(&livekit, &room, "agent", AudioCodec::Opus).await;
        let mut track = agent.caller().await;
        clear_throat(&mut client, &le_bytes(&quiet(rate)), &mut track, is_sound).await;
        // The gate closes after a while of silence.
        let silence = std::iter::repeat_n(vec![0; rate.frame_samples()], 30);
        let said = tone(rate).into_iter().chain(silence);
        let speak = client.say(said.map(|frame| le_bytes(&frame)));
        let ((), heard) = tokio::join!(speak, heard_in_the_room(&mut track));
        assert_is_tone(&heard, SampleRate::Hz16000);

        let mut encoder =
            opus::Encoder::new(SampleRate::Hz24000, &opus::EncoderOptions::default()).unwrap();
        let mut encode = |frame: &[i16]| {
            let mut packet = vec![0; opus::MAX_PACKET_BYTES];
            let len = encoder.encode(frame, &mut packet).unwrap();
            packet.truncate(len);
            packet
        };
        // Ringing, until the agent was there, is loud.
        let hello = quiet(SampleRate::Hz24000);
        let heard = async {
            while !(1_000..4_000).contains(&peak(&samples(&client.hear_media().await))) {}
        };
        said_until(agent.say(std::iter::repeat_with(|| encode(&hello))), heard).await;
        let packets: Vec<Vec<u8>> = tone(SampleRate::Hz24000)
            .into_iter()
            .chain(std::iter::repeat_n(vec![0; 480], 25))
            .map(|frame| encode(&frame))
            .collect();
        let listen = async {
            let (mut heard, mut silence) = (Vec::new(), Silence::default());
            while silence.frames < 10 {
                let payload = client.hear_media().await;
                assert_eq!(payload.len(), 2 * rate.frame_samples(), "20 ms");
                let frame = samples(&payload);
                silence.hear(&frame);
                heard.extend(frame);
            }
            heard
        };
        let ((), heard) = tokio::join!(agent.say(packets), listen);
        assert_is_tone(&heard, rate);
        agent.room.leave().await;
        client.stop().await;
        livekit.is_rid_of(&room).await;
    }
}

#[tokio::test]
async fn half_a_sample_is_answered_and_the_stream_goes_on() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let format = json!({"encoding": "audio/pcm", "sampleRate": 16_000});
    let (mut client, room) = client(&bridge, format).await;
    let mut agent = Agent::join_with(&livekit, &room, "agent", AudioCodec::Opus).await;
    let mut track = agent.caller().await;
    client.speak(&[1; 641]).await;
    assert_eq!(
        client.hear_no_media().await,
        Said::Error("odd_length".into())
    );
    let rate = SampleRate::Hz16000;
    clear_throat(&mut client, &le_bytes(&quiet(rate)), &mut track, is_sound).await;
    let silence = std::iter::repeat_n(vec![0; rate.frame_samples()], 30);
    for frame in tone(rate).into_iter().chain(silence) {
        client.speak(&le_bytes(&frame)).await;
    }
    assert_is_tone(&heard_in_the_room(&mut track).await, SampleRate::Hz16000);
}

#[tokio::test]
async fn an_opus_client_and_the_room_exchange_the_very_packets() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let (mut client, room) = client(&bridge, json!({"encoding": "audio/opus"})).await;
    let mut agent = Agent::join_with(&livekit, &room, "agent", AudioCodec::Opus).await;
    let mut track = agent.caller().await;
    // Packets of 20, 60 and 10 ms: the room takes them as they are, each at its time.
    let lengths_ms = [20_u32, 60, 10, 20];
    let said: Vec<Vec<u8>> = [31 << 3, 3 << 3, 30 << 3, 31 << 3]
        .into_iter()
        .enumerate()
        .map(|(number, toc)| {
            let mut packet = vec![0xa5; 40];
            packet[0] = toc;
            packet[1] = number as u8;
            packet
        })
        .collect();
    let hello: [u8; 3] = [31 << 3, 0xb6, 0xb6];
    clear_throat(&mut client, &hello, &mut track, |packet| *packet == hello).await;
    let speak = async {
        for (packet, ms) in said.iter().zip(lengths_ms) {
            client.speak(packet).await;
            tokio::time::sleep(Duration::from_millis(ms.into())).await;
        }
    };
    let listen = async {
        let mut heard = Vec::new();
        while heard.len() < said.len() {
            let packet = track.recv().await.unwrap();
            if packet.payload.ends_with(&[0xa5; 38]) {
                heard.push((packet.payload.to_vec(), packet.rtp_timestamp));
            }
        }
        heard
    };
    let ((), heard) = tokio::join!(speak, listen);
    let packets: Vec<_> = heard.iter().map(|(packet, _)| packet.clone()).collect();
    assert_eq!(packets, said);
    let steps: Vec<u32> = heard
        .windows(2)
        .map(|pair| pair[1].1.wrapping_sub(pair[0].1))
        .collect();
    assert_eq!(steps, [20 * 48, 60 * 48, 10 * 48]);

    let frames: Vec<Vec<u8>> = (0..100_u8)
        .map(|number| vec![31 << 3, number, 1, 2, 3])
        .collect();
    let hello = vec![31 << 3, 1, 2, 3];
    let heard = async { while client.hear_media().await != hello {} };
    said_until(agent.say(for_ever(hello.clone())), heard).await;
    let listen = async {
        let mut heard = Vec::new();
        while heard.last() != frames.last() {
            heard.push(client.hear_media().await);
        }
        heard
    };
    let ((), heard) = tokio::join!(agent.say(frames.clone()), listen);
    let heard: Vec<_> = heard.iter().filter(|packet| packet.len() == 5).collect();
    assert!(frames.ends_with(&heard.into_iter().cloned().collect::<Vec<_>>()));

    client.send_text(crate::caller::media(&[31 << 3 | 3])).await;
    assert_eq!(
        client.hear_no_media().await,
        Said::Error("bad_message".into())
    );
}

#[tokio::test]
async fn what_no_client_may_ask_for_is_named_and_may_be_asked_again() {
    let bridge = Bridge::start_alone(|_| {}).await;
    let mut client = bridge
        .open(&format!("/media-stream/default?api_key={API_KEY}"))
        .await;
    for format in [
        json!({"encoding": "audio/flac"}),
        json!({"encoding": "audio/pcm", "sampleRate": 44_100}),
        json!({"encoding": "audio/pcm", "sampleRate": 16_000, "channels": 2}),
    ] {
        client
            .send(&json!({"event": "start", "start": {"streamSid": "MZ1", "mediaFormat": format}}))
            .await;
        assert_eq!(client.hear().await, Said::Error("bad_start".into()));
    }
}

#[tokio::test]
async fn a_telephone_call_is_mulaw() {
    let bridge = Bridge::start_alone(|_| {}).await;
    let token = bridge.announce("CA1").await;
    let mut caller = bridge.open("/twilio/stream/CA1").await;
    caller
        .send(
            &json!({"event": "start", "start": {"streamSid": "MZ1", "callSid": "CA1",
            "customParameters": {"token": token},
            "mediaFormat": {"encoding": "audio/pcm", "sampleRate": 16_000}}}),
        )
        .await;
    assert_eq!(caller.hear().await, Said::Closed(4400));
}
