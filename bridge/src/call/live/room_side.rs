//! What happens in the room.

use super::{Live, farewell::HANG_UP_WITHIN};
use crate::{
    call::{
        AGENT, ending::Ending, outbox::Outgoing, socket::Dialect, speech::Reaction, to_room::ToRoom,
    },
    metrics,
    state::now,
};
use casp_conversation::event::{Envelope, Event as AgentEvent, TOPIC, VERSION};
use casp_room::{AudioPacket, DisconnectReason, RoomEvent};
use casp_twilio::{StreamSid, media_streams::outgoing};

/// Longest event of an agent's (bytes).
const LONGEST_EVENT: usize = 16 * 1024;

impl Live {
    pub(super) fn heard(&mut self, track: u64, packet: &AudioPacket) {
        // An agent that comes when the apology has begun is not heard any more.
        if self
            .farewell
            .as_ref()
            .is_some_and(|farewell| farewell.ending() == Ending::NobodyThere)
        {
            return;
        }
        let now = now();
        self.downlink
            .packet(track, packet, &mut self.speech, &mut self.outbox, now);
        metrics::dropped("to_caller", self.outbox.take_dropped());
    }

    pub(super) fn room_event(&mut self, event: Option<RoomEvent>) -> Option<Ending> {
        match event {
            Some(RoomEvent::ParticipantJoined(other)) if other.identity == AGENT => {
                self.agent_sid = Some(other.sid);
                self.settle();
            }
            Some(RoomEvent::ParticipantLeft(other))
                if self.agent_sid.as_ref() == Some(&other.sid) =>
            {
                self.agent_sid = None;
                self.watch.lost(now());
            }
            Some(RoomEvent::TrackSubscribed(track)) => {
                let is_agent = track.participant() == AGENT;
                if is_agent {
                    self.speech.new_track();
                }
                let id = self.sources.add(track);
                self.downlink.add(id, is_agent);
            }
            Some(RoomEvent::Data {
                participant,
                topic,
                payload,
            }) if participant == AGENT && topic == TOPIC && payload.len() <= LONGEST_EVENT => {
                if let Ok(Envelope { v: VERSION, event }) =
                    serde_json::from_slice::<Envelope>(&payload)
                {
                    self.agent_event(&event);
                } else {
                    tracing::debug!(
                        session = self.session.id,
                        "an event of the agent's was not understood"
                    );
                }
            }
            Some(RoomEvent::Reconnected { is_rejoin: true }) => self.look_after_rejoin(),
            Some(RoomEvent::Disconnected(reason)) => return Some(ending_of(&reason)),
            None => return Some(Ending::RoomLost),
            Some(_) => {}
        }
        None
    }

    pub(super) fn agent_event(&mut self, event: &AgentEvent) {
        let now = now();
        match event {
            AgentEvent::HangUp {} => self.begin_farewell(Ending::HungUp, HANG_UP_WITHIN, now),
            AgentEvent::Transfer {} => {
                self.begin_farewell(Ending::Transferred, HANG_UP_WITHIN, now);
            }
            AgentEvent::Transcript {
                role,
                text,
                is_final,
            } => {
                self.write(|out, stream| outgoing::transcript(out, stream, role, text, *is_final));
            }
            AgentEvent::Action {
                name,
                status,
                result,
                error,
            } => {
                self.write(|out, stream| {
                    outgoing::action(out, stream, name, status, result.as_ref(), error.as_deref());
                });
            }
            speech => match self.speech.event(speech, now) {
                Reaction::Nothing => {}
                Reaction::Mark(mark) => self.outbox.other(Outgoing::Mark(mark)),
                Reaction::Clear => {
                    self.downlink.clear_agent();
                    self.outbox.clear();
                }
            },
        }
    }

    /// A message that Twilio would not understand.
    pub(super) fn write(&mut self, message: impl FnOnce(&mut String, &StreamSid)) {
        if let (Dialect::Casp, Some(stream)) = (self.writer.dialect(), self.writer.stream()) {
            let mut text = String::new();
            message(&mut text, stream);
            self.outbox.other(Outgoing::Text(text));
        }
    }

    /// Full means that the room has been stuck for seconds: the loss is the least of its troubles.
    pub(super) fn tell(&self, message: ToRoom) {
        let _ = self.to_room.try_send(message);
    }
}

fn ending_of(reason: &DisconnectReason) -> Ending {
    match reason {
        DisconnectReason::RoomDeleted
        | DisconnectReason::Removed
        | DisconnectReason::DuplicateIdentity
        | DisconnectReason::Left => Ending::RoomClosed,
        DisconnectReason::ConnectionLost(_) | DisconnectReason::Server(_) => Ending::RoomLost,
    }
}
