//! Somebody in a room: speaks a recording, hears, reads, types.

use crate::{livekit::Server, rig::within};
use casp_audio::{
    SampleRate,
    opus::{Encoder, EncoderOptions, MAX_PACKET_BYTES},
    receive::{Codec, StreamDecoder},
};
use casp_conversation::event::{Envelope, TOPIC};
use casp_room::{
    AudioCodec, LocalAudioTrack, OutgoingPacket, PublishOptions, RemoteAudioTrack, Room, RoomEvent,
    RoomEvents, RoomOptions, TextOptions,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet};

/// A text stream that came: who is said to have said it, what, its attributes at the end.
pub(crate) type Line = (String, String, HashMap<String, String>);

/// What was noticed so far.
#[derive(Debug, Default, Clone)]
pub(crate) struct Noticed {
    /// When the agent's sound was loud last, and first since it was asked.
    pub(crate) loud_since: Option<Instant>,
    pub(crate) loud_until: Option<Instant>,
    /// Whether the last packet of the agent's was loud.
    pub(crate) is_loud: bool,
    /// Tracks that are heard.
    pub(crate) tracks: usize,
    pub(crate) codec: Option<AudioCodec>,
    pub(crate) transcripts: Vec<Line>,
    pub(crate) events: Vec<Envelope>,
    pub(crate) attributes: HashMap<String, String>,
    pub(crate) states: Vec<String>,
    pub(crate) agents_joined: usize,
    pub(crate) agent_left: bool,
    pub(crate) has_ended: bool,
}

impl Noticed {
    fn lines(&self, who: &str, part: &str) -> usize {
        let lines = self.transcripts.iter();
        lines
            .filter(|(speaker, text, _)| speaker == who && text.contains(part))
            .count()
    }

    /// The agent's state is this one, as last shown.
    pub(crate) fn agent_is(&self, state: &str) -> bool {
        self.attributes
            .get("lk.agent.state")
            .is_some_and(|shown| shown == state)
    }
}

pub(crate) struct Caller {
    pub(crate) room: Room,
    track: LocalAudioTrack,
    pub(crate) noticed: watch::Receiver<Noticed>,
    notes: watch::Sender<Noticed>,
    sent: Mutex<u32>,
    _tasks: JoinSet<()>,
}

impl Caller {
    pub(crate) async fn join(server: &Server, room: &str, identity: &str) -> Self {
        let options = RoomOptions {
            publish: Some(PublishOptions {
                name: "mic".into(),
                codec: AudioCodec::Opus,
                dtx: true,
            }),
            ..RoomOptions::default()
        };
        let publish = options.publish.clone().unwrap();
        let (room, events) = Room::connect(&server.url(), &server.token(room, identity), options)
            .await
            .unwrap();
        let track = room.publish_audio(publish).await.unwrap();
        let (notes, noticed) = watch::channel(Noticed::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(notice(events, notes.clone()));
        Self {
            room,
            track,
            noticed,
            notes,
            sent: Mutex::new(0),
            _tasks: tasks,
        }
    }

    /// Waits until what was noticed is as wanted.
    pub(crate) async fn until(&self, what: &str, wanted: impl FnMut(&Noticed) -> bool) -> Noticed {
        let mut noticed = self.noticed.clone();
        within(what, noticed.wait_for(wanted))
            .await
            .unwrap()
            .clone()
    }

    /// When the agent began to be heard.
    pub(crate) async fn hears_the_agent(&self) -> Instant {
        let noticed = self.until("the agent's voice", |n| n.loud_since.is_some());
        noticed.await.loud_since.unwrap()
    }

    /// The agent has been heard for this long.
    pub(crate) async fn hears_the_agent_for(&self, time: Duration) {
        self.until("a stretch of the agent's voice", |n| {
            let heard = n.loud_since.zip(n.loud_until);
            heard.is_some_and(|(since, until)| until.duration_since(since) >= time)
        })
        .await;
    }

    /// When the agent was heard last: it has been silent for a while.
    pub(crate) async fn hears_silence(&self, gap: Duration) -> Instant {
        within("silence", async {
            loop {
                let until = self.noticed.borrow().loud_until;
                match until {
                    Some(until) if until.elapsed() >= gap => return until,
                    Some(until) => tokio::time::sleep(gap.saturating_sub(until.elapsed())).await,
                    None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        })
        .await
    }

    /// The greeting was heard to its end: the agent listens, and what is heard of it last is the silence that it sends
    /// after speech. A pause alone may be the machine's.
    pub(crate) async fn is_greeted(&self) {
        self.hears_the_agent().await;
        self.until("the greeting's end", |n| {
            n.agent_is("listening") && !n.is_loud
        })
        .await;
        self.forget_sound();
    }

    pub(crate) fn forget_sound(&self) {
        self.notes.send_modify(|noticed| {
            noticed.loud_since = None;
            noticed.loud_until = None;
        });
    }

    /// Speaks at 16 kHz, in real time, then sends nothing more; when the last sample was about to be sent.
    pub(crate) async fn says(&self, pcm: &[i16]) -> Instant {
        let mut encoder = Encoder::new(SampleRate::Hz16000, &EncoderOptions::default()).unwrap();
        let mut packet = [0; MAX_PACKET_BYTES];
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        // A second that was missed, all at once, is more than the queues hold.
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let silence = [0_i16; 320 * 10];
        let mut last = Instant::now();
        for (n, frame) in pcm
            .chunks_exact(320)
            .chain(silence.chunks_exact(320))
            .enumerate()
        {
            tick.tick().await;
            if n < pcm.len() / 320 {
                last = Instant::now();
            }
            let bytes = encoder.encode(frame, &mut packet).unwrap();
            let number = {
                let mut sent = self.sent.lock().unwrap();
                *sent += 1;
                *sent
            };
            self.track
                .send(OutgoingPacket {
                    payload: packet[..bytes].to_vec().into(),
                    rtp_timestamp: number.wrapping_mul(960),
                    starts_talkspurt: n == 0,
                })
                .unwrap();
        }
        last
    }

    /// Waits for a line of somebody's that contains this.
    pub(crate) async fn reads(&self, who: &str, part: &str) {
        self.until(part, |noticed| noticed.lines(who, part) > 0)
            .await;
    }

    /// The agent's track has ended, and no other one speaks.
    pub(crate) async fn hears_nothing_more(&self, time: Duration) {
        self.until("the end of its track", |n| n.tracks == 0).await;
        let before = self.noticed.borrow().loud_until;
        tokio::time::sleep(time).await;
        assert_eq!(self.noticed.borrow().loud_until, before);
    }

    /// No line came twice.
    pub(crate) async fn hears_nothing_twice(&self, part: &str) {
        self.hears_silence(Duration::from_millis(600)).await;
        assert_eq!(self.noticed.borrow().lines("agent", part), 1);
    }

    pub(crate) async fn types(&self, text: &str) {
        let options = TextOptions {
            topic: "lk.chat".into(),
            ..TextOptions::default()
        };
        self.room.send_text(text, options).await.unwrap();
    }
}

/// A question of two seconds, without the silence after it.
pub(crate) fn question() -> Vec<i16> {
    let wav = include_bytes!("question.wav");
    let samples = wav[44..].chunks_exact(2);
    let mut pcm: Vec<_> = samples
        .map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]]))
        .collect();
    let is_loud = |sample: &i16| sample.unsigned_abs() > 500;
    pcm.truncate(pcm.iter().rposition(is_loud).unwrap());
    pcm
}

async fn notice(mut events: RoomEvents, notes: watch::Sender<Noticed>) {
    let mut tasks = JoinSet::new();
    let seen = Arc::new(notes);
    while let Some(event) = events.recv().await {
        match event {
            RoomEvent::ParticipantJoined(participant)
            | RoomEvent::ParticipantUpdated(participant)
                if participant.identity == "agent" =>
            {
                seen.send_modify(|noticed| {
                    if noticed.attributes.is_empty() && noticed.states.is_empty() {
                        noticed.agents_joined += 1;
                    }
                    if let Some(state) = participant.attributes.get("lk.agent.state")
                        && noticed.states.last() != Some(state)
                    {
                        noticed.states.push(state.clone());
                    }
                    noticed.attributes = participant.attributes;
                });
            }
            RoomEvent::ParticipantLeft(participant) if participant.identity == "agent" => {
                seen.send_modify(|noticed| noticed.agent_left = true);
            }
            RoomEvent::TrackSubscribed(track) => {
                tasks.spawn(hear(track, seen.clone()));
            }
            RoomEvent::TextStream(mut reader) => {
                let seen = seen.clone();
                tasks.spawn(async move {
                    let mut text = String::new();
                    while let Some(Ok(piece)) = reader.next().await {
                        text.push_str(&piece);
                    }
                    let who = reader.participant().to_owned();
                    let line = (who, text, reader.attributes().clone());
                    seen.send_modify(|noticed| noticed.transcripts.push(line));
                });
            }
            RoomEvent::Data { topic, payload, .. } if topic == TOPIC => {
                let envelope: Envelope = serde_json::from_slice(&payload).unwrap();
                seen.send_modify(|noticed| noticed.events.push(envelope));
            }
            _ => {}
        }
    }
    seen.send_modify(|noticed| noticed.has_ended = true);
}

async fn hear(mut track: RemoteAudioTrack, notes: Arc<watch::Sender<Noticed>>) {
    notes.send_modify(|noticed| noticed.tracks += 1);
    let (mut decoder, mut pcm) = (StreamDecoder::new(), Vec::new());
    while let Some(packet) = track.recv().await {
        let codec = match packet.codec {
            AudioCodec::Opus => Codec::Opus,
            AudioCodec::Pcmu => Codec::Pcmu,
        };
        let result = decoder.decode(codec, packet.lost_before, &packet.payload, &mut pcm);
        let is_loud = result.is_ok() && pcm.iter().any(|sample| sample.unsigned_abs() > 1_000);
        notes.send_if_modified(|noticed| {
            noticed.codec = Some(packet.codec);
            let has_changed = noticed.is_loud != is_loud;
            noticed.is_loud = is_loud;
            if is_loud {
                noticed.loud_since.get_or_insert(packet.received_at);
                noticed.loud_until = Some(packet.received_at);
            }
            is_loud || has_changed
        });
    }
    notes.send_modify(|noticed| {
        noticed.tracks -= 1;
        noticed.is_loud = false;
    });
}
