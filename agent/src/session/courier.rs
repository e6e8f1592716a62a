//! Carries words and signs to the others in the room, beside the audio and never in its way.

use casp_conversation::{
    Keys,
    event::{Envelope, Event, TOPIC, VERSION},
};
use casp_room::{DataMessage, Room, RoomError, TextOptions, TextWriter};
use std::collections::HashMap;
use tokio::{sync::mpsc, task::JoinSet};

const TRANSCRIPTION_TOPIC: &str = "lk.transcription";
/// Parcels that wait on each of the two ways; more are dropped: nobody reads along with a stuck connection.
const PARCELS: usize = 128;

/// Something to tell the room.
#[derive(Debug)]
pub(super) enum Parcel {
    /// Attributes of ours.
    Attributes(HashMap<String, String>),
    /// A user's words so far.
    UserText {
        segment: String,
        text: String,
        is_final: bool,
        identity: String,
        track_sid: String,
    },
    /// A clause that is about to be heard.
    AgentClause {
        segment: String,
        text: String,
        track_sid: String,
    },
    /// The utterance is over.
    AgentDone { segment: String },
    /// Keys of a telephone.
    Keys(Keys),
}

/// Takes what is to be carried.
#[derive(Debug)]
pub(super) struct Courier {
    parcels: mpsc::Sender<Parcel>,
    events: mpsc::Sender<(Event, Vec<String>)>,
}

impl Courier {
    /// Its tasks end when it is dropped.
    pub(super) fn start(room: &Room, tasks: &mut JoinSet<()>) -> Self {
        let (parcels, parcels_seen) = mpsc::channel(PARCELS);
        let (events, events_seen) = mpsc::channel(PARCELS);
        let texts = Texts {
            room: room.clone(),
            open: None,
        };
        tasks.spawn(texts.run(parcels_seen));
        tasks.spawn(carry_events(room.clone(), events_seen));
        Self { parcels, events }
    }

    pub(super) fn send(&self, parcel: Parcel) {
        if self.parcels.try_send(parcel).is_err() {
            tracing::warn!("the room does not take what is said in it");
        }
    }

    /// Presses keys for those who understand LiveKit's packets.
    pub(super) fn keys(&self, keys: Keys) {
        self.send(Parcel::Keys(keys));
    }

    pub(super) fn attribute(&self, name: &str, value: &str) {
        let attributes = [(name.to_owned(), value.to_owned())];
        self.send(Parcel::Attributes(attributes.into()));
    }

    /// Tells the bridges.
    pub(super) fn event(&self, event: Event, bridges: Vec<String>) {
        if !bridges.is_empty() && self.events.try_send((event, bridges)).is_err() {
            tracing::warn!("the bridge does not take what it is told");
        }
    }
}

async fn carry_events(room: Room, mut events: mpsc::Receiver<(Event, Vec<String>)>) {
    while let Some((event, destinations)) = events.recv().await {
        let envelope = Envelope { v: VERSION, event };
        let Ok(payload) = serde_json::to_vec(&envelope) else {
            continue;
        };
        let message = DataMessage {
            topic: TOPIC.to_owned(),
            payload: payload.into(),
            is_reliable: true,
            destinations,
        };
        if let Err(error) = room.publish_data(message).await {
            tracing::debug!(%error, "the bridge was not told");
        }
    }
}

/// Attributes and transcriptions, in order.
struct Texts {
    room: Room,
    /// The agent's words, a stream an utterance.
    open: Option<(String, TextWriter)>,
}

impl Texts {
    async fn run(mut self, mut parcels: mpsc::Receiver<Parcel>) {
        while let Some(parcel) = parcels.recv().await {
            if let Err(error) = self.carry(parcel).await {
                tracing::debug!(%error, "the room was not told");
            }
        }
    }

    async fn carry(&mut self, parcel: Parcel) -> Result<(), RoomError> {
        match parcel {
            Parcel::Attributes(attributes) => self.room.set_attributes(attributes).await,
            Parcel::UserText {
                segment,
                text,
                is_final,
                identity,
                track_sid,
            } => {
                let options = TextOptions {
                    sender_identity: Some(identity),
                    ..options(&segment, &track_sid, is_final)
                };
                self.room.send_text(&text, options).await
            }
            Parcel::AgentClause {
                segment,
                text,
                track_sid,
            } => {
                let is_open = self.open.as_ref().is_some_and(|(open, _)| *open == segment);
                if is_open {
                    if let Some((_, writer)) = &self.open {
                        writer.write(&format!(" {text}")).await?;
                    }
                    return Ok(());
                }
                self.close().await?;
                let writer = self
                    .room
                    .stream_text(options(&segment, &track_sid, false))
                    .await?;
                writer.write(&text).await?;
                self.open = Some((segment, writer));
                Ok(())
            }
            Parcel::Keys(keys) => {
                // Packets carry no waiting.
                for key in keys.chars().filter(|key| *key != 'w') {
                    self.room.publish_dtmf(key).await?;
                }
                Ok(())
            }
            Parcel::AgentDone { segment } => match &self.open {
                Some((open, _)) if *open == segment => self.close().await,
                _ => Ok(()),
            },
        }
    }

    async fn close(&mut self) -> Result<(), RoomError> {
        let Some((_, writer)) = self.open.take() else {
            return Ok(());
        };
        let is_final = [("lk.transcription_final".to_owned(), "true".to_owned())];
        writer.close(is_final.into()).await
    }
}

fn options(segment: &str, track_sid: &str, is_final: bool) -> TextOptions {
    let mut attributes = HashMap::from([
        ("lk.segment_id".to_owned(), segment.to_owned()),
        ("lk.transcription_final".to_owned(), is_final.to_string()),
    ]);
    if !track_sid.is_empty() {
        attributes.insert("lk.transcribed_track_id".to_owned(), track_sid.to_owned());
    }
    TextOptions {
        topic: TRANSCRIPTION_TOPIC.to_owned(),
        attributes,
        ..TextOptions::default()
    }
}
