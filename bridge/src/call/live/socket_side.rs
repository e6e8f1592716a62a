//! What the client says.

use super::Live;
use crate::{
    call::{ending::Ending, outbox::Outgoing, to_room::ToRoom},
    metrics,
    state::now,
};
use axum::extract::ws::Message;
use casp_conversation::event::Event as AgentEvent;
use casp_twilio::media_streams::{Event, Outcome};
use std::time::Instant;

impl Live {
    pub(super) fn socket_message(
        &mut self,
        message: Option<Result<Message, axum::Error>>,
    ) -> Option<Ending> {
        let now = now();
        let outcome = match message {
            Some(Ok(Message::Text(text))) => {
                self.pulse.heard(now);
                match self.protocol.handle_text(&text, now) {
                    // The frame path: the audio is still in the protocol's buffer.
                    Outcome::Event(Event::Audio(audio)) => {
                        self.uplink.push(audio, now);
                        self.send_up(now);
                        return None;
                    }
                    other => other,
                }
            }
            Some(Ok(Message::Binary(_))) => {
                self.pulse.heard(now);
                self.protocol.handle_binary(now)
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                self.pulse.heard(now);
                return None;
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Some(Ending::SocketLost),
        };
        match outcome {
            Outcome::Event(Event::Stopped) => return Some(Ending::Stopped),
            Outcome::Event(Event::Dtmf(digit)) => self.tell(ToRoom::Dtmf(digit)),
            Outcome::Event(Event::Mark(name)) => return self.marked(&name),
            Outcome::Event(Event::Transcript { role, text }) => {
                self.tell(ToRoom::Event(AgentEvent::Text { role, text }));
            }
            Outcome::Event(Event::Clear) => self.tell(ToRoom::Event(AgentEvent::SpeechClear {})),
            Outcome::Event(Event::Started(_) | Event::Audio(_)) | Outcome::Ignored => {}
            Outcome::Fault(fault) => {
                metrics::bad_message(fault.code.as_str());
                self.outbox.other(Outgoing::Error(fault));
            }
            Outcome::Close(close) => return Some(Ending::Refused(close)),
        }
        None
    }

    pub(super) fn send_up(&mut self, now: Instant) {
        let mut refused = 0;
        while let Some(packet) = self.uplink.poll(now) {
            refused += u64::from(self.track.send(packet).is_err());
        }
        metrics::dropped("to_room", refused + self.uplink.take_dropped());
    }

    pub(super) fn marked(&mut self, name: &str) -> Option<Ending> {
        if let Some(ending) = self.is_farewell(name) {
            return Some(ending);
        }
        if let Some(played) = self.speech.marked(name) {
            self.tell(ToRoom::Event(AgentEvent::SpeechPlayed {
                utterance: played.utterance,
                ms: played.ms,
            }));
        }
        None
    }
}
