//! Dialling, and coming back: first as the same participant (resume), then as a new one (rejoin).
//!
//! A resume keeps the peer connection: a new WebSocket, our state, an ICE restart; audio goes on meanwhile where the
//! network lets it. A rejoin makes all anew and publishes and subscribes again. Events of an old WebSocket cannot
//! come late: it has no task of its own, and goes with its [`Link`].

use super::{Media, Session};
use crate::{
    DisconnectReason, RoomError, RoomEvent,
    signal::{self, DialError, Dialed, FirstMessage, Join, Purpose, SignalConnection, Transports},
};
use livekit_protocol::{self as proto, ReconnectReason, signal_request::Message as Request};
use std::{
    pin::Pin,
    time::{Duration, Instant},
};

/// The server forgets a participant without a connection after some time; then only a rejoin helps.
const RESUME_FOR: Duration = Duration::from_secs(8);
/// ICE, DTLS and all, over TCP at worst.
const MEDIA_TIMEOUT: Duration = Duration::from_secs(8);
/// What came within this time shows that media lives: checks of the way are answered as often.
const MEDIA_LIVES: Duration = Duration::from_secs(4);
/// A server that is just putting out another of our name may hang up on us too.
const JOIN_ATTEMPTS: u32 = 3;
const BACKOFF_FIRST: Duration = Duration::from_millis(200);
const BACKOFF_MOST: Duration = Duration::from_secs(4);

/// The signalling connection.
pub(super) enum Link {
    Down,
    Dialing(Pin<Box<dyn Future<Output = Result<Dialed, DialError>> + Send>>),
    Waiting(Instant),
    Up(Box<SignalConnection>),
}

/// A recovery that is under way.
pub(super) struct Recovery {
    since: Instant,
    gives_up_at: Instant,
    /// The connection is up again; media has until then.
    media_by: Option<Instant>,
    attempts: u32,
    is_rejoin: bool,
    reason: ReconnectReason,
    last_error: String,
}

impl Recovery {
    pub(super) fn deadline(&self) -> Instant {
        self.media_by
            .map_or(self.gives_up_at, |by| by.min(self.gives_up_at))
    }
}

impl Session {
    /// Dials to join as a new participant; `media` is fresh.
    pub(super) fn dial_join(&mut self) {
        let tracks = self.local_tracks.requests();
        let offer = match self.transports {
            Transports::Single => self.make_offer(false),
            Transports::Dual => None,
        };
        self.dial(Purpose::Join { offer, tracks });
    }

    fn dial(&mut self, purpose: Purpose) {
        let join = Join {
            transports: self.transports,
            purpose,
        };
        let dialing = signal::dial(
            self.server.clone(),
            self.token.clone(),
            join,
            self.options.root_certificates.clone(),
        );
        self.link = Link::Dialing(Box::pin(dialing));
    }

    pub(super) fn on_signal_lost(&mut self, why: &str) {
        self.recover(ReconnectReason::RrSignalDisconnected, why);
    }

    /// Starts or goes on with coming back as the same participant.
    pub(super) fn recover(&mut self, reason: ReconnectReason, why: &str) {
        if self.begin_recovery(reason, why) {
            self.try_again();
        }
    }

    /// Starts or goes on with coming back as a new participant.
    pub(super) fn rejoin(&mut self, why: &str) {
        if self.begin_recovery(ReconnectReason::RrUnknown, why) {
            if let Some(recovery) = &mut self.recovery {
                recovery.is_rejoin = true;
            }
            self.try_again();
        }
    }

    /// False when there is nothing to recover: the room is over, or could not be joined in the first place.
    fn begin_recovery(&mut self, reason: ReconnectReason, why: &str) -> bool {
        if self.end.is_some() {
            return false;
        }
        let is_joining = self.ready.is_some();
        if is_joining {
            self.join_attempts += 1;
            if self.join_attempts >= JOIN_ATTEMPTS {
                self.fail(RoomError::Connection(why.to_owned()));
                return false;
            }
        }
        self.link = Link::Down;
        self.media_lost_at = None;
        self.media.negotiation.abandon();
        if let Some(recovery) = &mut self.recovery {
            why.clone_into(&mut recovery.last_error);
            recovery.media_by = None;
            return true;
        }
        tracing::info!(why, "connection lost; coming back");
        let now = Instant::now();
        self.recovery = Some(Recovery {
            since: now,
            gives_up_at: now + self.options.reconnect_timeout,
            media_by: None,
            attempts: 0,
            is_rejoin: is_joining,
            reason,
            last_error: why.to_owned(),
        });
        if !is_joining {
            self.shared.emit(RoomEvent::Reconnecting);
        }
        true
    }

    /// Waits a little longer each time, and not as long as the others who lost the same server.
    fn try_again(&mut self) {
        let Some(recovery) = &mut self.recovery else {
            return;
        };
        let wait = match recovery.attempts {
            0 => Duration::ZERO,
            n => (BACKOFF_FIRST * 2_u32.saturating_pow(n.min(10) - 1)).min(BACKOFF_MOST),
        };
        recovery.attempts += 1;
        self.link = Link::Waiting(Instant::now() + wait.mul_f64(rand::random_range(0.5..1.0)));
    }

    pub(super) fn on_recovery_time(&mut self, now: Instant) {
        if self.media_lost_at.is_some_and(|at| at <= now) {
            self.media_lost_at = None;
            if self.recovery.is_none() {
                self.recover(ReconnectReason::RrPublisherFailed, "media stopped");
            }
        }
        if self
            .media
            .negotiation
            .deadline()
            .is_some_and(|at| at <= now)
        {
            self.rejoin("no answer to an offer");
        }
        if let Some(recovery) = &self.recovery {
            if recovery.gives_up_at <= now {
                let why = format!(
                    "not back after {} s: {}",
                    recovery.since.elapsed().as_secs(),
                    recovery.last_error
                );
                self.finish(DisconnectReason::ConnectionLost(why));
                return;
            }
            if recovery.media_by.is_some_and(|by| by <= now) {
                self.rejoin("media did not come back");
            }
            self.on_connected();
        } else if self.media.publisher.is_silent(now) {
            let reason = ReconnectReason::RrPublisherFailed;
            self.recover(reason, "nothing comes from the server any more");
        }
        if matches!(self.link, Link::Waiting(until) if until <= now) {
            self.dial_again();
        }
    }

    fn dial_again(&mut self) {
        let Some(recovery) = &mut self.recovery else {
            return;
        };
        recovery.is_rejoin |= recovery.since.elapsed() > RESUME_FOR;
        if !recovery.is_rejoin {
            let purpose = Purpose::Resume {
                participant_sid: self.me.sid.clone(),
                reason: recovery.reason,
            };
            self.dial(purpose);
            return;
        }
        match Media::new(self.transports) {
            Ok(media) => {
                self.media.lines.clear();
                self.media = media;
                self.packets.reset();
                self.local_tracks.reset();
                self.dial_join();
            }
            Err(error) => {
                recovery.last_error = error.to_string();
                self.try_again();
            }
        }
    }

    pub(super) fn on_dialed(&mut self, dialed: Result<Dialed, DialError>) {
        let error = match dialed {
            Ok(dialed) => {
                self.link = Link::Up(Box::new(dialed.connection));
                match dialed.first {
                    FirstMessage::Join(join) => self.on_joined(*join),
                    FirstMessage::Reconnect => self.on_resumed(),
                }
                return;
            }
            Err(error) => error,
        };
        self.link = Link::Down;
        if let (DialError::NotFound, Transports::Single) = (&error, self.transports) {
            tracing::debug!("the server has no single peer connection; using two");
            self.transports = Transports::Dual;
            match Media::new(self.transports) {
                Ok(media) => {
                    self.media = media;
                    self.local_tracks.reset();
                    self.dial_join();
                }
                Err(error) => self.fail(error),
            }
            return;
        }
        let is_rejoin = self.recovery.as_ref().is_none_or(|r| r.is_rejoin);
        match error {
            error if self.ready.is_some() => self.fail(error.into()),
            DialError::Dismissed(reason) => self.finish(signal_reason(reason)),
            DialError::Refused(why) if is_rejoin => {
                self.finish(DisconnectReason::ConnectionLost(format!(
                    "the server refused: {why}"
                )));
            }
            DialError::Unreachable(why) => self.on_signal_lost(&why),
            DialError::NotFound => self.rejoin("the server does not know us"),
            DialError::Refused(why) | DialError::CannotResume(why) => self.rejoin(&why),
        }
    }

    /// The room cannot be joined in the first place.
    fn fail(&mut self, error: RoomError) {
        self.finish(DisconnectReason::ConnectionLost(error.to_string()));
        if let Some(ready) = self.ready.take() {
            let _ = ready.send(Err(error));
        }
    }

    fn on_joined(&mut self, join: proto::JoinResponse) {
        self.announce_candidates();
        if let Some(recovery) = &mut self.recovery {
            recovery.media_by = Some(Instant::now() + MEDIA_TIMEOUT);
        }
        {
            let mut snapshot = self.shared.snapshot();
            snapshot.server_version = join
                .server_info
                .map_or(join.server_version, |info| info.version);
            if let Some(room) = join.room {
                snapshot.room = room.name;
            }
            if let Some(me) = &join.participant {
                snapshot.identity.clone_from(&me.identity);
            }
        }
        if let Some(me) = join.participant {
            self.me = super::Me {
                sid: me.sid,
                name: me.name,
                metadata: me.metadata,
            };
        }
        self.on_all_participants(join.other_participants);
        if self.transports == Transports::Dual {
            for request in self.local_tracks.requests() {
                self.signal(Request::AddTrack(request));
            }
            self.negotiate();
        }
    }

    fn on_resumed(&mut self) {
        self.announce_candidates();
        let sync = self.sync_state();
        self.signal(Request::SyncState(sync));
        for request in self.local_tracks.unanswered() {
            self.signal(Request::AddTrack(request));
        }
        self.send_offer(true);
        if let Some(recovery) = &mut self.recovery {
            recovery.media_by = Some(Instant::now() + MEDIA_TIMEOUT);
        }
        self.on_connected();
    }

    /// Our candidates: the interface is known now that the WebSocket is up.
    fn announce_candidates(&mut self) {
        let Link::Up(connection) = &mut self.link else {
            return;
        };
        let Some(ip) = connection.local_ip() else {
            return;
        };
        for peer in self.media.peers() {
            for trickle in peer.set_local_ip(ip) {
                connection.send(Request::Trickle(trickle));
            }
        }
    }

    /// Media flows (again), or flowed on all the time.
    pub(super) fn on_connected(&mut self) {
        if !self.media.publisher.rtc.is_connected() || !matches!(self.link, Link::Up(_)) {
            return;
        }
        // A state machine that has not noticed the death of its way says "connected" still.
        let heard_at = self.media.publisher.heard_at();
        if let Some(by) = self
            .recovery
            .as_ref()
            .and_then(|recovery| recovery.media_by)
            && heard_at + MEDIA_LIVES + MEDIA_TIMEOUT < by
        {
            return;
        }
        if let Some(ready) = self.ready.take() {
            self.recovery = None;
            let _ = ready.send(Ok(()));
        }
        if let Some(recovery) = self.recovery.take() {
            let is_rejoin = recovery.is_rejoin;
            tracing::info!(is_rejoin, attempts = recovery.attempts, "back");
            self.shared.emit(RoomEvent::Reconnected { is_rejoin });
        }
    }

    fn data_channels(&mut self) -> Vec<proto::DataChannelInfo> {
        let Some(channels) = self.media.negotiation.channels else {
            return Vec::new();
        };
        let api = self.media.publisher.rtc.direct_api();
        [("_reliable", channels.reliable), ("_lossy", channels.lossy)]
            .into_iter()
            .filter_map(|(label, channel)| {
                Some(proto::DataChannelInfo {
                    label: label.into(),
                    id: api.sctp_stream_id_by_channel_id(channel)?.into(),
                    target: proto::SignalTarget::Publisher as i32,
                })
            })
            .collect()
    }

    /// What the server must know of us after a resume.
    fn sync_state(&mut self) -> proto::SyncState {
        let data_channels = self.data_channels();
        let publisher = &self.media.publisher;
        let (answer, offer) = match &self.media.subscriber {
            Some(peer) => (&peer.local_description, &peer.remote_description),
            None => (&publisher.remote_description, &publisher.local_description),
        };
        proto::SyncState {
            answer: answer.clone(),
            offer: offer.clone(),
            subscription: Some(proto::UpdateSubscription {
                track_sids: self.subscriptions.wanted(),
                subscribe: true,
                participant_tracks: Vec::new(),
            }),
            publish_tracks: self.local_tracks.published(),
            data_channels,
            datachannel_receive_states: self.packets.receive_states(),
            ..Default::default()
        }
    }
}

/// The server's reason for an end, in our words.
pub(super) fn signal_reason(reason: proto::DisconnectReason) -> DisconnectReason {
    use proto::DisconnectReason as Reason;
    match reason {
        Reason::DuplicateIdentity => DisconnectReason::DuplicateIdentity,
        Reason::RoomDeleted => DisconnectReason::RoomDeleted,
        Reason::ParticipantRemoved => DisconnectReason::Removed,
        Reason::ClientInitiated => DisconnectReason::Left,
        other => DisconnectReason::Server(other.as_str_name().to_lowercase()),
    }
}
