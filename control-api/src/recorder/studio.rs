//! The loop of one recording.

use super::{
    BROKE_OFF,
    announcement::WORDS,
    audience::Audience,
    mixer::Mixer,
    ogg_opus::{OggOpus, RecordingFault},
    tracks::Tracks,
};
use crate::{
    ControlApi, RecordingsError,
    clock::{now_ms, rfc3339},
};
use bytes::Bytes;
use casp_room::{LocalAudioTrack, OutgoingPacket, Room, RoomEvent, RoomEvents};
use casp_store::{Store, recordings};
use futures_util::stream;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::{sync::mpsc, time::MissedTickBehavior};

/// Between two frames.
const TICK: Duration = Duration::from_millis(20);
/// Ticks of the RTP clock a packet.
const RTP_TICKS: u32 = 960;
/// Longest recording; it ends by itself then.
const LONGEST: Duration = Duration::from_hours(6);
/// Largest file.
const MOST_BYTES: u64 = 512 * 1024 * 1024;
/// Pages that wait for the store of recordings, a second each; when it is full the recording breaks off.
const PAGES: usize = 60;

/// What came of a recording.
#[derive(Debug)]
pub(super) enum Take {
    Sound {
        bytes: i64,
        duration_ms: i64,
    },
    /// Why there is no sound.
    Nothing(&'static str),
}

/// One recording.
pub(super) struct Studio {
    api: ControlApi,
    room: Room,
    track: LocalAudioTrack,
    /// The announcement, packet by packet.
    words: Vec<Bytes>,
    /// Its next packet, while it is said.
    saying: Option<usize>,
    rtp_timestamp: u32,
    id: String,
    audience: Audience,
    tracks: Tracks,
    mixer: Mixer,
    /// Somebody was told: it has begun.
    is_recording: bool,
}

type Pages = mpsc::Sender<Result<Bytes, &'static str>>;

impl Studio {
    pub(super) fn new(
        api: ControlApi,
        room: Room,
        track: LocalAudioTrack,
        words: Vec<Bytes>,
        id: String,
    ) -> Self {
        Self {
            api,
            room,
            track,
            words,
            saying: None,
            rtp_timestamp: rand::random(),
            id,
            audience: Audience::new(Instant::now()),
            tracks: Tracks::default(),
            mixer: Mixer::default(),
            is_recording: false,
        }
    }

    /// Records to the end, into the store of recordings under that key.
    pub(super) async fn record(self, events: RoomEvents, key: &str) -> Take {
        let files = self.api.config.recordings.files.clone();
        let (pages, pages_seen) = mpsc::channel(PAGES);
        let sound = stream::unfold(pages_seen, |mut pages| async move {
            pages.recv().await.map(|page| (page, pages))
        });
        let (stored, duration_ms) =
            tokio::join!(files.put(key, MOST_BYTES, sound), self.run(events, pages));
        match (stored, duration_ms) {
            (Ok(bytes), Ok(duration_ms)) => Take::Sound {
                bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
                duration_ms,
            },
            (_, Err(why)) => Take::Nothing(why),
            (Err(error), Ok(_)) => {
                tracing::error!(%error, "a recording was not stored");
                Take::Nothing(match error {
                    RecordingsError::TooLarge(_) => "the recording became too large",
                    _ => "the store of recordings did not take it",
                })
            }
        }
    }

    /// How long it is in the end, or why there is none: nothing is kept then.
    async fn run(mut self, events: RoomEvents, pages: Pages) -> Result<i64, &'static str> {
        let result = match self.write(events, &pages).await {
            Ok(file) if file.is_empty() => {
                Err("it ended before anybody had heard the announcement")
            }
            Ok(file) => finish(file, &pages).await,
            Err(error) => {
                tracing::error!(%error, recording = self.id, "a recording broke off");
                Err(BROKE_OFF)
            }
        };
        self.room.leave().await;
        if let Err(why) = result {
            // Without a reader there is nothing to take back.
            let _ = pages.send(Err(why)).await;
        }
        result
    }

    async fn write(
        &mut self,
        mut events: RoomEvents,
        pages: &Pages,
    ) -> Result<OggOpus, RecordingFault> {
        let mut file = OggOpus::new(rand::random())?;
        let shutdown = self.api.config.shutdown.clone();
        let end = tokio::time::Instant::now() + LONGEST;
        let mut ticks = tokio::time::interval(TICK);
        // A late tick makes up for what it missed, so that the file is as long as the time.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return Ok(file),
                () = tokio::time::sleep_until(end) => return Ok(file),
                _ = ticks.tick() => {
                    let now = Instant::now();
                    if self.audience.is_deserted(now) {
                        return Ok(file);
                    }
                    self.announce(now).await;
                    if self.is_recording {
                        file.push(&self.mixer.frame())?;
                        let page = file.take();
                        if !page.is_empty() && pages.try_send(Ok(page)).is_err() {
                            return Err(RecordingFault::Store);
                        }
                    }
                }
                event = events.recv() => match event {
                    Some(RoomEvent::Disconnected(reason)) => {
                        tracing::info!(?reason, recording = self.id, "a recording ends");
                        return Ok(file);
                    }
                    Some(event) => self.happened(event),
                    None => return Ok(file),
                },
                piece = self.tracks.next() => {
                    let (mixer, audience) = (&mut self.mixer, &self.audience);
                    let is_recording = self.is_recording;
                    self.tracks.mix(piece, mixer, |who| is_recording && audience.may_be_recorded(who));
                }
            }
        }
    }

    fn happened(&mut self, event: RoomEvent) {
        let now = Instant::now();
        match event {
            RoomEvent::ParticipantJoined(participant) => {
                self.audience.came(&participant.identity, now);
            }
            RoomEvent::ParticipantLeft(participant) => {
                self.audience.left(&participant.identity, now);
            }
            RoomEvent::TrackSubscribed(track) => self.tracks.add(track),
            _ => {}
        }
    }

    /// The next packet of the announcement, if it is being made, or is due.
    async fn announce(&mut self, now: Instant) {
        let starts = self.saying.is_none() && self.audience.begins_to_hear(now);
        if starts {
            self.saying = Some(0);
        }
        // The clock runs on through pauses.
        self.rtp_timestamp = self.rtp_timestamp.wrapping_add(RTP_TICKS);
        let Some(next) = self.saying else { return };
        if let Some(packet) = self.words.get(next) {
            let packet = OutgoingPacket {
                payload: packet.clone(),
                rtp_timestamp: self.rtp_timestamp,
                starts_talkspurt: starts,
            };
            if let Err(error) = self.track.send(packet) {
                tracing::warn!(%error, recording = self.id, "a piece of an announcement is lost");
            }
            self.saying = Some(next + 1);
            return;
        }
        self.saying = None;
        self.audience.has_heard();
        if !self.is_recording {
            self.is_recording = true;
            let (store, id) = (self.api.config.store.clone(), self.id.clone());
            note_consent(store, id).await;
        }
    }
}

async fn finish(file: OggOpus, pages: &Pages) -> Result<i64, &'static str> {
    let duration_ms = file.duration_ms();
    let rest = file.finish().map_err(|_| BROKE_OFF)?;
    pages.send(Ok(rest)).await.map_err(|_| BROKE_OFF)?;
    Ok(duration_ms)
}

/// Notes what everybody was told, and when.
async fn note_consent(store: Store, id: String) {
    let now = now_ms();
    let consent = json!({"announcement": WORDS, "announced_at": rfc3339(now)});
    if let Err(error) = recordings::begin(&store, &id, &consent, now).await {
        tracing::error!(%error, recording = id, "what was announced is not written down");
    }
}
