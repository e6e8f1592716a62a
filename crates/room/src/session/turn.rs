//! One turn of the room's task: wait, hand out, let the peer connections send.

use super::{
    Session,
    recovery::{Link, Recovery},
};
use crate::{
    DisconnectReason, OutgoingPacket,
    data::OutgoingData,
    handle::Command,
    ice::Packet,
    signal::{DialError, Dialed},
    track::TrackKey,
};
use livekit_protocol::{
    self as proto, signal_request::Message as Request, signal_response::Message as Response,
};
use std::{
    future::{Future as _, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
    time::{Duration, Instant},
};
use str0m::{Event, IceConnectionState, RtcError};
use tokio::time::Sleep;

/// As long as the farewell may take; [`crate::Room::leave`] waits a little longer.
const FAREWELL: Duration = Duration::from_millis(800);
/// ICE mends short interruptions by itself.
const MEDIA_PATIENCE: Duration = Duration::from_secs(2);
/// More than a packet of any path.
const PACKET_BYTES: usize = 8 * 1024;
/// Packets handled in one turn, so that a flood of them does not keep the task from all else.
const PACKETS_A_TURN: usize = 16;

/// Which peer connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Publisher,
    Subscriber,
}

/// What woke the task.
#[allow(clippy::large_enum_variant)] // lives on the stack for one turn; a box would cost more
enum Wake {
    Audio(TrackKey, OutgoingPacket),
    Command(Option<Command>),
    Signal(Result<Response, crate::RoomError>),
    Dialed(Result<Box<Dialed>, DialError>),
    Data(OutgoingData),
    Packet(Side, Option<Packet>),
    Time,
}

impl Session {
    pub(super) async fn run(mut self) {
        let mut timer = pin!(tokio::time::sleep(Duration::ZERO));
        let mut armed = Instant::now();
        let mut buffer = vec![0_u8; PACKET_BYTES / 4].into_boxed_slice();
        while self.end.is_none() {
            let deadline = self.deadline();
            // A timer that fires too early costs less than setting it anew for each packet.
            if deadline < armed || timer.is_elapsed() {
                timer.as_mut().reset(deadline.into());
                armed = deadline;
            }
            let wake =
                poll_fn(|context| self.poll_wake(context, timer.as_mut(), &mut buffer)).await;
            self.on_wake(wake, &mut buffer);
            self.on_time(Instant::now());
            self.settle();
            if self.shared.is_overflowed() {
                self.finish(DisconnectReason::ConnectionLost("event queue full".into()));
            }
        }
        self.farewell().await;
    }

    fn poll_wake(
        &mut self,
        context: &mut Context<'_>,
        timer: Pin<&mut Sleep>,
        buffer: &mut [u8],
    ) -> Poll<Wake> {
        if let Poll::Ready(Some((key, packet))) = self.audio.poll_recv(context) {
            return Poll::Ready(Wake::Audio(key, packet));
        }
        if let Poll::Ready(command) = self.commands.poll_recv(context) {
            return Poll::Ready(Wake::Command(command));
        }
        match &mut self.link {
            Link::Up(connection) => {
                if let Poll::Ready(message) = connection.poll(context) {
                    return Poll::Ready(Wake::Signal(message));
                }
            }
            Link::Dialing(dialing) => {
                if let Poll::Ready(dialed) = dialing.as_mut().poll(context) {
                    return Poll::Ready(Wake::Dialed(dialed.map(Box::new)));
                }
            }
            Link::Down | Link::Waiting(_) => {}
        }
        if self.packets.can_send()
            && let Poll::Ready(Some(data)) = self.packets.outgoing.poll_recv(context)
        {
            return Poll::Ready(Wake::Data(data));
        }
        if let Poll::Ready(packet) = self.media.publisher.poll_packet(context, buffer) {
            return Poll::Ready(Wake::Packet(Side::Publisher, packet));
        }
        if let Some(subscriber) = &mut self.media.subscriber
            && let Poll::Ready(packet) = subscriber.poll_packet(context, buffer)
        {
            return Poll::Ready(Wake::Packet(Side::Subscriber, packet));
        }
        timer.poll(context).map(|()| Wake::Time)
    }

    fn on_wake(&mut self, wake: Wake, buffer: &mut [u8]) {
        match wake {
            Wake::Audio(key, packet) => self.send_audio(key, &packet),
            Wake::Command(Some(command)) => self.on_command(command),
            // Nobody holds the room any more.
            Wake::Command(None) => self.finish(DisconnectReason::Left),
            Wake::Signal(Ok(message)) => self.on_signal(message),
            Wake::Signal(Err(error)) => self.on_signal_lost(&error.to_string()),
            Wake::Dialed(dialed) => self.on_dialed(dialed.map(|dialed| *dialed)),
            Wake::Data(data) => self.send_data(data),
            Wake::Packet(side, packet) => self.on_packets(side, packet, buffer),
            Wake::Time => {}
        }
    }

    /// Feeds a packet, and those that came with it.
    fn on_packets(&mut self, side: Side, first: Option<Packet>, buffer: &mut [u8]) {
        let mut next = first;
        for _ in 0..PACKETS_A_TURN {
            let Some(packet) = next else { return };
            let fed = self.peer(side).map(|peer| peer.receive(packet, buffer));
            if let Some(Err(error)) = fed {
                self.on_media_broken(&error);
                return;
            }
            self.drain(side);
            // No waker: the next wait asks again, and then with one.
            let mut context = Context::from_waker(std::task::Waker::noop());
            next = match self
                .peer(side)
                .map(|peer| peer.poll_packet(&mut context, buffer))
            {
                Some(Poll::Ready(packet)) => packet,
                _ => None,
            };
        }
        if let (Some(packet), Some(peer)) = (next, self.peer(side)) {
            let _ = peer.receive(packet, buffer);
        }
    }

    pub(super) fn peer(
        &mut self,
        side: Side,
    ) -> Option<&mut crate::peer_connection::PeerConnection> {
        match side {
            Side::Publisher => Some(&mut self.media.publisher),
            Side::Subscriber => self.media.subscriber.as_mut(),
        }
    }

    /// Lets both peer connections send what this turn gave them, and retries what could not be sent before.
    fn settle(&mut self) {
        self.drain(Side::Publisher);
        self.drain(Side::Subscriber);
        if self.retry_data() {
            self.drain(Side::Publisher);
        }
    }

    pub(super) fn drain(&mut self, side: Side) {
        loop {
            let next = match self.peer(side) {
                Some(peer) => peer.next_event(),
                None => return,
            };
            match next {
                Ok(Some(event)) => self.on_event(side, event),
                Ok(None) => return,
                Err(error) => {
                    self.on_media_broken(&error);
                    return;
                }
            }
        }
    }

    fn on_event(&mut self, side: Side, event: Event) {
        match event {
            Event::RtpPacket(packet) => self.on_media(side, packet),
            Event::ChannelData(data) => self.on_data(&data.data),
            Event::ChannelOpen(id, _) if side == Side::Publisher => self.on_channel_open(id),
            Event::ChannelClose(id) if side == Side::Publisher => self.packets.on_close(id),
            Event::Connected if side == Side::Publisher => {
                self.media_lost_at = None;
                self.on_connected();
            }
            Event::IceConnectionStateChange(state) => match state {
                IceConnectionState::Disconnected => {
                    self.media_lost_at
                        .get_or_insert_with(|| Instant::now() + MEDIA_PATIENCE);
                }
                IceConnectionState::Connected | IceConnectionState::Completed => {
                    self.media_lost_at = None;
                    self.on_connected();
                }
                _ => {}
            },
            // The server hangs up. It says why over signalling, which may come a moment later: a participant that
            // was put out must not take it for a lost connection, and come back.
            Event::Closed => {
                self.media_lost_at
                    .get_or_insert_with(|| Instant::now() + MEDIA_PATIENCE);
            }
            _ => {}
        }
    }

    /// The state machine refused its input: it is of no further use.
    pub(super) fn on_media_broken(&mut self, error: &RtcError) {
        tracing::warn!(%error, "the peer connection broke");
        self.rejoin("the peer connection broke");
    }

    fn deadline(&mut self) -> Instant {
        let mut deadline = self.media.publisher.deadline();
        if let Some(subscriber) = &self.media.subscriber {
            deadline = deadline.min(subscriber.deadline());
        }
        match &self.link {
            Link::Up(connection) => deadline = deadline.min(connection.deadline()),
            Link::Waiting(until) => deadline = deadline.min(*until),
            Link::Down | Link::Dialing(_) => {}
        }
        let others = [
            self.media_lost_at,
            self.recovery.as_ref().map(Recovery::deadline),
            self.media.negotiation.deadline(),
            self.media.lines.deadline(),
            match self.recovery {
                None => self.media.publisher.silence_deadline(),
                Some(_) => None,
            },
        ];
        others.into_iter().flatten().fold(deadline, Instant::min)
    }

    fn on_time(&mut self, now: Instant) {
        self.media.lines.on_time(now);
        let mut broken = None;
        for peer in self.media.peers() {
            if peer.deadline() <= now
                && let Err(error) = peer.on_time(now)
            {
                broken = Some(error);
            }
        }
        if let Some(error) = broken {
            self.on_media_broken(&error);
        }
        if let Link::Up(connection) = &mut self.link
            && connection.deadline() <= now
        {
            let pinged = connection.on_time(now);
            self.unpublish_abandoned();
            if let Err(error) = pinged {
                self.on_signal_lost(&error.to_string());
            }
        }
        self.on_recovery_time(now);
    }

    /// The last turn: tells the server, if it can be told, and everybody who waits.
    async fn farewell(&mut self) {
        let reason = self.end.clone().unwrap_or(DisconnectReason::Left);
        if let Some(ready) = self.ready.take() {
            let _ = ready.send(Err(crate::RoomError::Closed));
        }
        if let Link::Up(connection) = &mut self.link
            && reason == DisconnectReason::Left
        {
            connection.send(Request::Leave(proto::LeaveRequest {
                reason: proto::DisconnectReason::ClientInitiated as i32,
                ..Default::default()
            }));
            let flushed = poll_fn(|context| connection.poll_flushed(context));
            let _ = tokio::time::timeout(FAREWELL, flushed).await;
        }
        self.media.lines.clear();
        self.data.rpc_client.fail_all_pending();
        self.shared.close(reason);
    }
}
