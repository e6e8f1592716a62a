//! What the server says, and what the handles ask for.

use super::{Session, recovery::signal_reason};
use crate::{DisconnectReason, RoomError, RoomEvent, handle::Command};
use livekit_protocol::{
    self as proto,
    leave_request::Action,
    request_response::{Reason, Request as Refused},
    signal_request::Message as Request,
    signal_response::Message as Response,
};

impl Session {
    pub(super) fn on_signal(&mut self, message: Response) {
        match message {
            Response::Answer(answer) => self.on_answer(answer),
            Response::Offer(offer) => self.on_offer(offer),
            Response::Trickle(trickle) => self.on_trickle(&trickle),
            Response::Update(update) => {
                for info in update.participants {
                    self.on_participant(info);
                }
            }
            Response::TrackPublished(published) => self.on_track_published(published),
            Response::TrackSubscribed(subscribed) => {
                let sid = subscribed.track_sid;
                self.shared.emit(RoomEvent::LocalTrackSubscribed { sid });
            }
            Response::MediaSectionsRequirement(needed) => self.on_lines_required(needed.num_audios),
            Response::SubscriptionResponse(response) => {
                let error = response.err();
                self.on_subscription_failed(response.track_sid, error);
            }
            Response::RequestResponse(response) => self.on_response(&response),
            Response::RefreshToken(token) => self.token = token,
            Response::Leave(leave) => self.on_leave(&leave),
            // The server mutes us (an administrator's doing): the track's owner may unmute.
            Response::Mute(mute) => self.on_muted_by_server(&mute),
            _ => {}
        }
    }

    fn on_trickle(&mut self, trickle: &proto::TrickleRequest) {
        let peer = match (trickle.target(), &mut self.media.subscriber) {
            (proto::SignalTarget::Subscriber, Some(subscriber)) => subscriber,
            (proto::SignalTarget::Subscriber, None) | (proto::SignalTarget::Publisher, _) => {
                &mut self.media.publisher
            }
        };
        peer.add_remote_candidate(&trickle.candidate_init);
    }

    fn on_response(&mut self, response: &proto::RequestResponse) {
        let reason = response.reason();
        let is_ok = matches!(reason, Reason::Ok | Reason::Queued);
        let why = || match response.message.as_str() {
            "" => reason.as_str_name().to_lowercase(),
            message => message.to_owned(),
        };
        if let Some(reply) = self.requests.remove(&response.request_id) {
            let result = if is_ok {
                Ok(())
            } else {
                Err(RoomError::Refused(why()))
            };
            let _ = reply.send(result);
        } else if let (Some(Refused::AddTrack(track)), false) = (&response.request, is_ok) {
            let (cid, why) = (track.cid.clone(), why());
            self.on_track_refused(&cid, &why);
        }
    }

    fn on_leave(&mut self, leave: &proto::LeaveRequest) {
        use proto::DisconnectReason as Why;
        let reason = leave.reason();
        tracing::info!(reason = reason.as_str_name(), "the server says leave");
        match reason {
            Why::DuplicateIdentity | Why::RoomDeleted | Why::ParticipantRemoved => {
                self.finish(signal_reason(reason));
                return;
            }
            // A server that goes down leaves its rooms to another, or to its next self.
            Why::ServerShutdown | Why::StateMismatch | Why::Migration => {
                self.rejoin("the server shuts down");
                return;
            }
            _ => {}
        }
        match leave.action() {
            Action::Resume => {
                self.recover(
                    proto::ReconnectReason::RrSignalDisconnected,
                    "told to resume",
                );
            }
            Action::Reconnect => self.rejoin("told to join again"),
            Action::Disconnect if leave.can_reconnect => self.rejoin("told to join again"),
            Action::Disconnect => self.finish(match signal_reason(reason) {
                // We did not; the server thinks we did.
                DisconnectReason::Left => DisconnectReason::Server("client_initiated".into()),
                other => other,
            }),
        }
    }

    pub(super) fn on_command(&mut self, command: Command) {
        match command {
            Command::Publish { options, reply } => self.publish(options, reply),
            Command::Unpublish(key) => self.unpublish(key),
            Command::SetMuted { key, is_muted } => self.set_muted(key, is_muted),
            Command::Subscribe { sid, is_wanted } => self.subscribe(sid, is_wanted),
            Command::Update {
                attributes,
                metadata,
                reply,
            } => {
                let request_id = self.request(reply);
                if let Some(metadata) = metadata {
                    self.me.metadata = metadata;
                }
                // The server takes all three at their word: what is not to change is said again.
                let update = proto::UpdateParticipantMetadata {
                    metadata: self.me.metadata.clone(),
                    name: self.me.name.clone(),
                    attributes,
                    request_id,
                };
                self.signal(Request::UpdateMetadata(update));
            }
            Command::Leave => self.finish(DisconnectReason::Left),
        }
    }
}
