//! What happens in the room.

use super::{
    Ending, SessionError, chat,
    cleaning::Cleaning,
    conversation::{Conversation, Speaker},
    ear::{Ear, SharedRecording},
    people::is_bridge,
};
use crate::turn::{SpeakerId, TurnEvent};
use casp_conversation::event::{Envelope, Event, TOPIC, VERSION};
use casp_room::{DisconnectReason, RemoteAudioTrack, RoomEvent};
use std::time::Instant;

/// Tracks heard at once; more are not listened to.
const MAX_SPEAKERS: usize = 32;
/// Tasks of a conversation: ears, requests, messages being read.
const MAX_TASKS: usize = 128;

impl Conversation {
    /// Something happened in the room; gives the end when it was that.
    pub(super) fn room_event(&mut self, event: RoomEvent) -> Option<Result<Ending, SessionError>> {
        let now = Instant::now();
        match event {
            RoomEvent::ParticipantJoined(participant)
            | RoomEvent::ParticipantUpdated(participant)
            | RoomEvent::TrackPublished { participant, .. } => {
                self.people.seen(&participant);
                self.may_be_back(&participant.identity);
                self.expect_hearers(now);
                self.tell_who_can_speak(now);
            }
            RoomEvent::ParticipantLeft(participant) => {
                self.people.left(&participant.identity, now);
                self.tell_who_can_speak(now);
            }
            RoomEvent::TrackUnpublished { participant, sid } => {
                self.people.track_changed(&participant, &sid, None);
                self.tell_who_can_speak(now);
            }
            RoomEvent::TrackMuted {
                participant,
                sid,
                is_muted,
            } => {
                self.people
                    .track_changed(&participant, &sid, Some(is_muted));
                self.tell_who_can_speak(now);
            }
            RoomEvent::TrackSubscribed(track) => self.listen_to(track, now),
            RoomEvent::LocalTrackSubscribed { .. } => self.is_heard(now),
            RoomEvent::SubscriptionFailed { sid, reason } => {
                tracing::warn!(track = sid, reason, "somebody can't be heard");
            }
            RoomEvent::Data {
                participant,
                topic,
                payload,
            } if topic == TOPIC && is_bridge(&participant) => {
                if let Ok(Envelope { v: VERSION, event }) = serde_json::from_slice(&payload) {
                    self.bridge_says(participant, event, now);
                }
            }
            RoomEvent::Dtmf { participant, digit } if self.people.knows(&participant) => {
                self.digits.press(&participant, digit, now);
            }
            RoomEvent::TextStream(reader)
                if reader.topic() == chat::TOPIC
                    && self.people.knows(reader.participant())
                    && self.tasks.len() < MAX_TASKS =>
            {
                self.tasks.spawn(chat::read(reader, self.reports.clone()));
            }
            RoomEvent::Data { .. } | RoomEvent::Dtmf { .. } | RoomEvent::TextStream(_) => {}
            RoomEvent::Reconnecting => tracing::info!("the room's connection is lost; coming back"),
            RoomEvent::Reconnected { is_rejoin } => {
                tracing::info!(is_rejoin, "back in the room");
                if is_rejoin {
                    // A new participant has no attributes.
                    let state = self.machine.state().as_str();
                    self.courier.attribute("lk.agent.state", state);
                }
            }
            RoomEvent::Disconnected(reason) => return Some(end(reason)),
        }
        None
    }

    fn listen_to(&mut self, track: RemoteAudioTrack, now: Instant) {
        let (identity, sid) = (track.participant().to_owned(), track.sid().to_owned());
        if !self.people.knows(&identity) {
            return;
        }
        self.speakers.retain(|_, speaker| speaker.track_sid != sid);
        if self.speakers.len() >= MAX_SPEAKERS {
            tracing::warn!("too many speak at once; one is not listened to");
            return;
        }
        let id = SpeakerId(self.next_speaker);
        self.next_speaker += 1;
        let recording = SharedRecording::default();
        let ear = Ear::new(
            id,
            recording.clone(),
            self.reports.clone(),
            self.services
                .cleanup
                .as_ref()
                .map(|options| Cleaning::new(options, &self.reference, now)),
        );
        self.tasks.spawn(ear.run(track));
        self.speakers.insert(
            id,
            Speaker {
                identity,
                track_sid: sid,
                recording,
                segment: 0,
                turn_since: None,
                last_turn_since: None,
            },
        );
    }

    fn bridge_says(&mut self, identity: String, event: Event, now: Instant) {
        match event {
            Event::Text { text, .. } if text.len() > chat::MAX_BYTES || text.trim().is_empty() => {}
            Event::Text { role, text } if role == "user" => self.typed(identity, text, now),
            Event::Text { role, text } if role == "assistant" && self.pace.admits(now) => {
                let actions = self.machine.handle(TurnEvent::Say { text }, now);
                self.act(actions);
            }
            Event::SpeechClear {} => {
                let actions = self.machine.handle(TurnEvent::Clear, now);
                self.act(actions);
            }
            Event::SpeechPlayed { utterance, ms } => {
                if let Some(speech) = &mut self.speech
                    && speech.utterance.0.to_string() == utterance
                {
                    speech.marked = Some((ms, now));
                }
            }
            _ => {}
        }
    }
}

fn end(reason: DisconnectReason) -> Result<Ending, SessionError> {
    match reason {
        // Whoever has our identity now has our session.
        DisconnectReason::DuplicateIdentity => Ok(Ending::Lost),
        DisconnectReason::Left | DisconnectReason::RoomDeleted | DisconnectReason::Removed => {
            Ok(Ending::RoomClosed)
        }
        DisconnectReason::ConnectionLost(why) | DisconnectReason::Server(why) => {
            Err(SessionError::ConnectionLost(why))
        }
    }
}
