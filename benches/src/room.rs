//! A caller in a LiveKit room.

use crate::caller::Caller;
use crate::gate::Gate;
use crate::playout::Playout;
use crate::script::Script;
use crate::utterance::Voice;
use anyhow::{Context, anyhow};
use casp_audio::opus::Decoder;
use casp_audio::{SampleRate, pcmu};
use casp_room::admin::{LiveKit, TokenOptions};
use casp_room::{
    AudioCodec, AudioPacket, LocalAudioTrack, OutgoingPacket, ParticipantKind, PublishOptions,
    RemoteAudioTrack, RemoteParticipant, Room, RoomEvent, RoomEvents, RoomOptions,
};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

/// One frame.
const FRAME: Duration = Duration::from_millis(20);
/// What is heard is decoded to this.
const EAR_RATE: SampleRate = SampleRate::Hz8000;

/// Where room callers go.
#[derive(Debug)]
pub struct Rooms {
    /// The server.
    pub livekit: LiveKit,
    /// Names are this, a dash, and the caller's index.
    pub prefix: String,
    /// Dispatched explicitly; empty for automatic dispatch.
    pub agent_name: String,
    /// Whether anybody else in the room counts as the agent.
    pub takes_anybody: bool,
    /// Codec of the callers' voice.
    pub codec: AudioCodec,
    /// Their voice.
    pub voice: Voice,
}

impl Rooms {
    /// Plays one caller from joining to leaving.
    pub async fn call(&self, caller: Arc<Caller>, script: &Script, gate: &Gate) {
        let began = Instant::now();
        let joined = match self.join(caller.index).await {
            Ok(joined) => joined,
            Err(error) => {
                caller.note(|record| {
                    record.error = Some(format!("{error:#}"));
                    record.done_at = Some(Instant::now());
                });
                gate.arrive();
                return;
            }
        };
        let (room, events, track) = joined;
        let is_audible = Notify::new();
        let line = Line {
            rooms: self,
            caller: &caller,
            began,
            is_audible: &is_audible,
            playout: Playout::default(),
            decoder: None,
            pcm: Vec::new(),
        };
        let ready = async {
            is_audible.notified().await;
            Ok(())
        };
        caller
            .follow(script, gate, ready, line.run(events, &track))
            .await;
        room.leave().await;
    }

    async fn join(&self, index: usize) -> anyhow::Result<(Room, RoomEvents, LocalAudioTrack)> {
        let name = format!("{}-{index}", self.prefix);
        let token = self.livekit.participant_token(&TokenOptions {
            room: name.clone(),
            identity: format!("caller-{index}"),
            ..TokenOptions::default()
        })?;
        let publish = PublishOptions {
            name: "mic".into(),
            codec: self.codec,
            dtx: true,
        };
        let options = RoomOptions {
            publish: Some(publish.clone()),
            ..RoomOptions::default()
        };
        if !self.agent_name.is_empty() {
            self.livekit
                .dispatch_agent(&name, &self.agent_name, "")
                .await?;
        }
        let (room, events) = Room::connect(self.livekit.ws_url(), &token, options)
            .await
            .context("cannot join")?;
        let track = room
            .publish_audio(publish)
            .await
            .context("cannot publish")?;
        Ok((room, events, track))
    }
}

/// The sound both ways.
struct Line<'a> {
    rooms: &'a Rooms,
    caller: &'a Caller,
    began: Instant,
    is_audible: &'a Notify,
    playout: Playout,
    /// Made anew for each track.
    decoder: Option<Decoder>,
    pcm: Vec<i16>,
}

impl Line<'_> {
    /// Runs until the room ends; returns why.
    async fn run(mut self, mut events: RoomEvents, track: &LocalAudioTrack) -> anyhow::Error {
        let mut tick = interval(FRAME);
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut frames = 0_u32;
        let mut hearing: Option<RemoteAudioTrack> = None;
        loop {
            tokio::select! {
                _ = tick.tick() => {
                    if let Err(error) = self.send(track, frames) {
                        return error;
                    }
                    frames = frames.wrapping_add(1);
                }
                packet = next_packet(&mut hearing) => match packet {
                    Some(packet) => self.hear(&packet),
                    None => hearing = None,
                },
                event = events.recv() => match event {
                    Some(RoomEvent::TrackSubscribed(remote)) => {
                        (self.playout, self.decoder) = (Playout::default(), None);
                        hearing = Some(remote);
                        let elapsed = self.began.elapsed();
                        self.caller.note(|record| {
                            record.join.get_or_insert(elapsed);
                            record.audio_ready.get_or_insert(elapsed);
                        });
                        self.is_audible.notify_one();
                    }
                    Some(RoomEvent::ParticipantJoined(participant)) => self.see(&participant),
                    Some(RoomEvent::Disconnected(reason)) => return anyhow!("disconnected: {reason:?}"),
                    Some(_) => {}
                    None => return anyhow!("the room has ended"),
                },
            }
        }
    }

    fn see(&self, participant: &RemoteParticipant) {
        if participant.kind == ParticipantKind::Agent || self.rooms.takes_anybody {
            let elapsed = self.began.elapsed();
            self.caller
                .note(|record| record.join.get_or_insert(elapsed).to_owned());
        }
    }

    /// Sends the frame that is due, unless it is left out.
    fn send(&self, track: &LocalAudioTrack, frames: u32) -> anyhow::Result<()> {
        let voice = &self.rooms.voice;
        let speaking = self.caller.mouth.frame();
        let frame = match speaking {
            Some(n) => &voice.speech[n],
            None => &voice.noise[frames as usize % voice.noise.len()],
        };
        if let Some(payload) = frame {
            let ticks = self.rooms.codec.clock_rate_hz() / 50;
            track.send(OutgoingPacket {
                payload: payload.clone().into(),
                rtp_timestamp: frames.wrapping_mul(ticks),
                starts_talkspurt: speaking == Some(0),
            })?;
        }
        if speaking.is_some() {
            // A microphone has recorded the whole frame before it is sent.
            self.caller
                .mouth
                .sent(Instant::now(), FRAME, voice.speech.len());
        }
        Ok(())
    }

    /// Plays a packet to the ear; one that cannot be decoded is silence.
    fn hear(&mut self, packet: &AudioPacket) {
        let clock_rate_hz = packet.codec.clock_rate_hz();
        self.pcm.clear();
        self.pcm.resize(EAR_RATE.max_packet_samples(), 0);
        let samples = match packet.codec {
            AudioCodec::Pcmu => pcmu::decode(&packet.payload, &mut self.pcm),
            AudioCodec::Opus => {
                let decoder = match &mut self.decoder {
                    Some(decoder) => decoder,
                    none => match Decoder::new(EAR_RATE) {
                        Ok(decoder) => none.insert(decoder),
                        Err(_) => return,
                    },
                };
                conceal(decoder, packet, &mut self.playout, self.caller);
                let Ok(samples) = decoder.decode(&packet.payload, &mut self.pcm) else {
                    return;
                };
                samples
            }
        };
        let duration = Duration::from_secs_f64(samples as f64 / f64::from(EAR_RATE.hz()));
        let start = self.playout.place(
            packet.received_at,
            packet.rtp_timestamp,
            clock_rate_hz,
            duration,
        );
        self.caller
            .ear
            .feed(start, &self.pcm[..samples], EAR_RATE.hz());
    }
}

/// Up to three lost packets are made up for, as a client does.
fn conceal(decoder: &mut Decoder, packet: &AudioPacket, playout: &mut Playout, caller: &Caller) {
    let frame = EAR_RATE.frame_samples();
    let ticks = packet.codec.clock_rate_hz() / 50;
    let lost = u32::from(packet.lost_before);
    for n in (1..=lost).rev().take(3) {
        let mut pcm = [0; EAR_RATE.frame_samples()];
        if decoder.conceal(&mut pcm[..frame]).is_ok() {
            let timestamp = packet.rtp_timestamp.wrapping_sub(n * ticks);
            let clock_rate_hz = packet.codec.clock_rate_hz();
            let start = playout.place(packet.received_at, timestamp, clock_rate_hz, FRAME);
            caller.ear.feed(start, &pcm, EAR_RATE.hz());
        }
    }
}

/// The next packet of a track; never, without one.
async fn next_packet(track: &mut Option<RemoteAudioTrack>) -> Option<AudioPacket> {
    match track {
        Some(track) => track.recv().await,
        None => std::future::pending().await,
    }
}
