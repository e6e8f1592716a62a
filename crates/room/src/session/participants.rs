//! Who else is in the room, what they publish, and which of it we want.

use super::Session;
use crate::{
    AutoSubscribe, ParticipantKind, RemoteParticipant, RemoteTrack, RoomEvent, TrackKind,
    handle::Known, inbox::Inbound,
};
use livekit_protocol::{
    self as proto, participant_info::State, signal_request::Message as Request,
};
use std::collections::HashMap;

/// Which tracks are wanted, and who publishes them.
pub(super) struct Subscriptions {
    auto: AutoSubscribe,
    /// By track: its publisher's identity and whether we want it.
    tracks: HashMap<String, Subscription>,
}

struct Subscription {
    participant: String,
    participant_sid: String,
    is_wanted: bool,
}

impl Subscriptions {
    pub(super) fn new(auto: AutoSubscribe) -> Self {
        Self {
            auto,
            tracks: HashMap::new(),
        }
    }

    /// The identity of a wanted track's publisher.
    pub(super) fn publisher_of(&self, sid: &str) -> Option<&str> {
        let track = self.tracks.get(sid).filter(|track| track.is_wanted)?;
        Some(&track.participant)
    }

    /// All wanted tracks.
    pub(super) fn wanted(&self) -> Vec<String> {
        let wanted = self.tracks.iter().filter(|(_, track)| track.is_wanted);
        wanted.map(|(sid, _)| sid.clone()).collect()
    }
}

/// Reads a participant as the server describes it.
pub(crate) fn describe(info: &proto::ParticipantInfo) -> RemoteParticipant {
    use proto::participant_info::Kind;
    RemoteParticipant {
        sid: info.sid.clone(),
        identity: info.identity.clone(),
        name: info.name.clone(),
        kind: match info.kind() {
            Kind::Standard => ParticipantKind::Standard,
            Kind::Agent => ParticipantKind::Agent,
            _ => ParticipantKind::Other,
        },
        metadata: info.metadata.clone(),
        attributes: info.attributes.clone(),
        tracks: info.tracks.iter().filter_map(describe_track).collect(),
    }
}

fn describe_track(info: &proto::TrackInfo) -> Option<RemoteTrack> {
    let kind = match info.r#type() {
        proto::TrackType::Audio => TrackKind::Audio,
        proto::TrackType::Video => TrackKind::Video,
        proto::TrackType::Data => return None,
    };
    Some(RemoteTrack {
        sid: info.sid.clone(),
        name: info.name.clone(),
        kind,
        mime_type: info.mime_type.clone(),
        is_muted: info.muted,
    })
}

impl Session {
    /// Everybody, after a join: who is not among them has gone while we were away.
    pub(super) fn on_all_participants(&mut self, infos: Vec<proto::ParticipantInfo>) {
        let gone: Vec<_> = {
            let snapshot = self.shared.snapshot();
            let here = |sid: &String| infos.iter().any(|info| info.sid == *sid);
            let absent = snapshot.participants.values();
            absent
                .filter(|known| !here(&known.public.sid))
                .map(|known| known.public.identity.clone())
                .collect()
        };
        for identity in gone {
            self.on_participant_left(&identity);
        }
        // A new participant of ours has no subscriptions yet.
        self.renew_subscriptions();
        for info in infos {
            self.on_participant(info);
        }
    }

    /// Asks again for all that was wanted of those who are still here.
    fn renew_subscriptions(&mut self) {
        let mut by_participant: HashMap<String, Vec<String>> = HashMap::new();
        for (sid, track) in &self.subscriptions.tracks {
            if track.is_wanted {
                let publisher = track.participant_sid.clone();
                by_participant
                    .entry(publisher)
                    .or_default()
                    .push(sid.clone());
            }
        }
        for (participant, tracks) in by_participant {
            self.signal(subscription(&participant, tracks, true));
        }
    }

    pub(super) fn on_participant(&mut self, info: proto::ParticipantInfo) {
        if info.sid == self.me.sid {
            self.me.name = info.name;
            self.me.metadata = info.metadata;
            return;
        }
        let known = {
            let snapshot = self.shared.snapshot();
            let is_me = snapshot.identity == info.identity;
            let known = snapshot.participants.get(&info.identity).cloned();
            // An earlier self of ours, after a rejoin, is nobody.
            if is_me {
                return;
            }
            known
        };
        let is_gone = info.state() == State::Disconnected;
        match known {
            Some(known) if known.public.sid == info.sid => {
                if is_gone {
                    self.on_participant_left(&info.identity);
                } else if info.version == 0 || info.version >= known.version {
                    self.on_participant_changed(&known.public, &info);
                }
            }
            // The end of an earlier one of that name.
            _ if is_gone => {}
            Some(_) => {
                self.on_participant_left(&info.identity);
                self.on_participant_joined(&info);
            }
            None => self.on_participant_joined(&info),
        }
        self.bind_lines();
    }

    fn on_participant_joined(&mut self, info: &proto::ParticipantInfo) {
        let participant = describe(info);
        self.remember(&participant, info);
        self.shared
            .emit(RoomEvent::ParticipantJoined(participant.clone()));
        self.on_tracks_published(&participant, participant.tracks.clone());
    }

    fn on_participant_changed(&mut self, old: &RemoteParticipant, info: &proto::ParticipantInfo) {
        let new = describe(info);
        if *old == new {
            self.remember(&new, info);
            return;
        }
        self.remember(&new, info);
        if (&old.name, &old.metadata, &old.attributes)
            != (&new.name, &new.metadata, &new.attributes)
        {
            self.shared.emit(RoomEvent::ParticipantUpdated(new.clone()));
        }
        for track in &old.tracks {
            if !new.tracks.iter().any(|other| other.sid == track.sid) {
                self.on_track_unpublished(&old.identity, &track.sid);
            }
        }
        let mut published = Vec::new();
        for track in &new.tracks {
            match old.tracks.iter().find(|other| other.sid == track.sid) {
                None => published.push(track.clone()),
                Some(before) if before.is_muted != track.is_muted => {
                    self.shared.emit(RoomEvent::TrackMuted {
                        participant: new.identity.clone(),
                        sid: track.sid.clone(),
                        is_muted: track.is_muted,
                    });
                }
                Some(_) => {}
            }
        }
        self.on_tracks_published(&new, published);
    }

    fn on_participant_left(&mut self, identity: &str) {
        let known = self.shared.snapshot().participants.remove(identity);
        let Some(Known { public, .. }) = known else {
            return;
        };
        for track in &public.tracks {
            self.on_track_unpublished(identity, &track.sid);
        }
        self.packets.forget(&public.sid);
        self.data
            .rpc_client
            .handle_participant_disconnected(&identity.into());
        if self.data.has_inbox() {
            self.data.receive(Inbound::ParticipantLeft(identity.into()));
        }
        self.shared.emit(RoomEvent::ParticipantLeft(public));
    }

    fn remember(&self, participant: &RemoteParticipant, info: &proto::ParticipantInfo) {
        let known = Known {
            public: participant.clone(),
            version: info.version,
            client_protocol: info.client_protocol,
            capabilities: info.capabilities.clone(),
        };
        let mut snapshot = self.shared.snapshot();
        snapshot
            .participants
            .insert(participant.identity.clone(), known);
    }

    fn on_tracks_published(&mut self, participant: &RemoteParticipant, tracks: Vec<RemoteTrack>) {
        let mut wanted = Vec::new();
        for track in tracks {
            let is_wanted =
                self.subscriptions.auto == AutoSubscribe::Audio && track.kind == TrackKind::Audio;
            if is_wanted {
                wanted.push(track.sid.clone());
            }
            let subscription = Subscription {
                participant: participant.identity.clone(),
                participant_sid: participant.sid.clone(),
                is_wanted,
            };
            self.subscriptions
                .tracks
                .insert(track.sid.clone(), subscription);
            self.shared.emit(RoomEvent::TrackPublished {
                participant: participant.clone(),
                track,
            });
        }
        if !wanted.is_empty() {
            self.signal(subscription(&participant.sid, wanted, true));
        }
    }

    fn on_track_unpublished(&mut self, identity: &str, sid: &str) {
        self.subscriptions.tracks.remove(sid);
        self.media.lines.end_track(sid);
        self.shared.emit(RoomEvent::TrackUnpublished {
            participant: identity.to_owned(),
            sid: sid.to_owned(),
        });
    }

    /// The caller wants a track, or wants it no more.
    pub(super) fn subscribe(&mut self, sid: String, is_wanted: bool) {
        let Some(track) = self.subscriptions.tracks.get_mut(&sid) else {
            if is_wanted {
                let reason = "there is no such track".into();
                self.shared
                    .emit(RoomEvent::SubscriptionFailed { sid, reason });
            }
            return;
        };
        if track.is_wanted == is_wanted {
            return;
        }
        track.is_wanted = is_wanted;
        let participant = track.participant_sid.clone();
        if !is_wanted {
            self.media.lines.stop_reading(&sid);
        }
        self.signal(subscription(&participant, vec![sid], is_wanted));
        self.bind_lines();
    }

    pub(super) fn on_subscription_failed(&mut self, sid: String, error: proto::SubscriptionError) {
        if let Some(track) = self.subscriptions.tracks.get_mut(&sid) {
            track.is_wanted = false;
        }
        let reason = match error {
            proto::SubscriptionError::SeCodecUnsupported => "its codec is not supported",
            proto::SubscriptionError::SeTrackNotfound => "there is no such track",
            proto::SubscriptionError::SeUnknown => "the server does not say why",
        };
        let reason = reason.to_owned();
        self.shared
            .emit(RoomEvent::SubscriptionFailed { sid, reason });
    }
}

fn subscription(participant_sid: &str, track_sids: Vec<String>, subscribe: bool) -> Request {
    Request::Subscription(proto::UpdateSubscription {
        track_sids: track_sids.clone(),
        subscribe,
        participant_tracks: vec![proto::ParticipantTracks {
            participant_sid: participant_sid.to_owned(),
            track_sids,
        }],
    })
}
