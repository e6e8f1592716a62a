//! One WebRTC connection to the server: str0m's state machine with its sockets.

use crate::ice::{Packet, Sockets, candidate};
use livekit_protocol as proto;
use std::{
    net::{IpAddr, SocketAddr},
    task::{Context, Poll},
    time::{Duration, Instant},
};
use str0m::{
    Candidate, Event, Input, Output, Rtc, RtcConfig, RtcError,
    channel::{ChannelConfig, ChannelId, Reliability},
    net::{Protocol, Receive, TcpType},
};

/// Unacknowledged data; more waits at its sender.
const DATA_BUFFER_BYTES: usize = 64 * 1024;
/// UDP gets so long before TCP is tried beside it.
const TCP_AFTER: Duration = Duration::from_millis(1500);
/// Where only TCP candidates came, others may still be on their way.
const TCP_ONLY_AFTER: Duration = Duration::from_millis(150);
/// The server answers our checks of the way every few seconds at least; without an answer for so long it is dead,
/// which the state machine itself sees only after some twenty seconds.
const SILENCE: Duration = Duration::from_secs(8);
/// One address after another is tried over TCP, at most so many.
const MAX_TCP_CANDIDATES: usize = 8;
/// Candidates that are looked at in all: a hostile server could trickle for ever.
const MAX_CANDIDATES: usize = 64;

/// The two data channels LiveKit uses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DataChannels {
    /// In order, resent.
    pub(crate) reliable: ChannelId,
    /// Neither.
    pub(crate) lossy: ChannelId,
}

impl DataChannels {
    pub(crate) fn add(api: &mut str0m::change::SdpApi<'_>) -> Self {
        Self {
            reliable: api.add_channel("_reliable".into()),
            lossy: api.add_channel_with_config(ChannelConfig {
                label: "_lossy".into(),
                ordered: false,
                reliability: Reliability::MaxRetransmits { retransmits: 0 },
                ..Default::default()
            }),
        }
    }
}

/// A peer connection.
pub(crate) struct PeerConnection {
    /// The state machine. Whoever feeds it calls [`Self::next_event`] until there is none.
    pub(crate) rtc: Rtc,
    sockets: Sockets,
    target: proto::SignalTarget,
    /// Candidates that came before the remote description.
    early: Vec<Candidate>,
    has_remote_description: bool,
    candidates_seen: usize,
    has_udp_candidate: bool,
    tcp_candidates: Vec<Candidate>,
    /// When TCP is tried, unless connected by then.
    tcp_at: Option<Instant>,
    has_udp_host: bool,
    /// When something came that shows that packets pass both ways.
    heard_at: Instant,
    deadline: Instant,
    /// Our last description and the server's, for a resume.
    pub(crate) local_description: Option<proto::SessionDescription>,
    pub(crate) remote_description: Option<proto::SessionDescription>,
}

impl PeerConnection {
    pub(crate) fn new(target: proto::SignalTarget) -> std::io::Result<Self> {
        let now = Instant::now();
        let rtc = RtcConfig::new()
            .clear_codecs()
            // Both always: an offer of PCMU alone to a server that has it off could not be answered.
            .enable_opus(true, false)
            .enable_pcmu(true, false)
            .set_stats_interval(None)
            // Packets as they are: in frame mode a line that the server gives to another track would drop those of
            // the new stream as too old whenever its sequence numbers are lower.
            .set_rtp_mode(true)
            .set_send_buffer_audio(20)
            .set_sctp_max_buffered_amount(DATA_BUFFER_BYTES)
            .build(now);
        Ok(Self {
            rtc,
            sockets: Sockets::bind()?,
            target,
            early: Vec::new(),
            has_remote_description: false,
            candidates_seen: 0,
            has_udp_candidate: false,
            tcp_candidates: Vec::new(),
            tcp_at: None,
            has_udp_host: false,
            heard_at: now,
            deadline: now,
            local_description: None,
            remote_description: None,
        })
    }

    /// Adds our host candidates once the interface is known; gives what to trickle.
    pub(crate) fn set_local_ip(&mut self, ip: IpAddr) -> Vec<proto::TrickleRequest> {
        if std::mem::replace(&mut self.has_udp_host, true) {
            return Vec::new();
        }
        let addresses = self.sockets.set_local_ip(ip);
        let added = addresses.into_iter().filter_map(|address| {
            let candidate = Candidate::host(address, "udp").ok()?;
            let added = self.rtc.add_local_candidate(candidate)?;
            Some(proto::TrickleRequest {
                candidate_init: candidate::to_json(added),
                target: self.target as i32,
                r#final: false,
            })
        });
        added.collect()
    }

    /// A candidate of the server's.
    pub(crate) fn add_remote_candidate(&mut self, json: &str) {
        self.candidates_seen += 1;
        if self.candidates_seen > MAX_CANDIDATES {
            return;
        }
        let Some(candidate) = candidate::parse(json) else {
            return;
        };
        if self.has_remote_description {
            self.use_candidate(candidate);
        } else {
            self.early.push(candidate);
        }
    }

    /// The remote description is set; candidates can be used from now on.
    pub(crate) fn on_remote_description(&mut self, description: proto::SessionDescription) {
        self.candidates_seen = 0;
        self.remote_description = Some(description);
        self.has_remote_description = true;
        for candidate in std::mem::take(&mut self.early) {
            self.use_candidate(candidate);
        }
    }

    /// An offer that restarts ICE goes out: candidates that come before its answer belong to what it begins.
    pub(crate) fn hold_candidates(&mut self) {
        self.has_remote_description = false;
    }

    /// When a packet last showed that the way is open in both directions.
    pub(crate) fn heard_at(&self) -> Instant {
        self.heard_at
    }

    /// Since when nothing has come over a connection that should live, if that is too long ago.
    pub(crate) fn is_silent(&self, now: Instant) -> bool {
        self.rtc.is_connected() && now.saturating_duration_since(self.heard_at) >= SILENCE
    }

    /// When [`Self::is_silent`] may become true.
    pub(crate) fn silence_deadline(&self) -> Option<Instant> {
        self.rtc.is_connected().then(|| self.heard_at + SILENCE)
    }

    fn use_candidate(&mut self, candidate: Candidate) {
        let now = Instant::now();
        match candidate.proto() {
            Protocol::Udp => {
                self.has_udp_candidate = true;
                self.tcp_at = self.tcp_at.map(|at| at.max(now + TCP_AFTER));
                self.rtc.add_remote_candidate(candidate);
            }
            Protocol::Tcp if candidate.tcptype() == Some(TcpType::Passive) => {
                let is_known = |known: &Candidate| known.addr() == candidate.addr();
                if self.tcp_candidates.len() < MAX_TCP_CANDIDATES
                    && !self.tcp_candidates.iter().any(is_known)
                {
                    self.tcp_candidates.push(candidate);
                    let wait = if self.has_udp_candidate {
                        TCP_AFTER
                    } else {
                        TCP_ONLY_AFTER
                    };
                    self.tcp_at.get_or_insert(now + wait);
                }
            }
            _ => {}
        }
    }

    /// When [`Self::on_time`] wants to be called.
    pub(crate) fn deadline(&self) -> Instant {
        self.tcp_at
            .map_or(self.deadline, |tcp_at| tcp_at.min(self.deadline))
    }

    /// Gives the state machine the time, when it asked for it.
    pub(crate) fn on_time(&mut self, now: Instant) -> Result<(), RtcError> {
        if self.tcp_at.is_some_and(|at| at <= now) {
            self.tcp_at = None;
            if !self.rtc.is_connected()
                && let Some(candidate) = self.tcp_candidates.first()
            {
                tracing::debug!(address = %candidate.addr(), "trying ICE over TCP");
                self.sockets.connect_tcp(candidate.addr());
            }
        }
        if self.deadline <= now {
            self.rtc.handle_input(Input::Timeout(now))?;
        }
        Ok(())
    }

    /// Waits for a packet, or for the TCP connection. After it: [`Self::receive`], then [`Self::next_event`].
    pub(crate) fn poll_packet(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Option<Packet>> {
        if let Poll::Ready(connected) = self.sockets.poll_tcp_connected(context) {
            match connected {
                Ok((local, remote)) => self.use_tcp(local, remote),
                Err(error) => {
                    tracing::debug!(%error, "no TCP connection for ICE");
                    self.tcp_candidates.drain(..1);
                    if !self.tcp_candidates.is_empty() {
                        self.tcp_at = Some(Instant::now());
                    }
                }
            }
            return Poll::Ready(None);
        }
        self.sockets.poll_packet(context, buffer).map(Some)
    }

    fn use_tcp(&mut self, local: SocketAddr, remote: SocketAddr) {
        let host = Candidate::builder()
            .tcp()
            .host(local)
            .tcptype(TcpType::Active)
            .build();
        if let Ok(host) = host {
            self.rtc.add_local_candidate(host);
        }
        if let Some(candidate) = self.tcp_candidates.iter().find(|c| c.addr() == remote) {
            self.rtc.add_remote_candidate(candidate.clone());
        }
    }

    /// Feeds a received packet.
    pub(crate) fn receive(&mut self, packet: Packet, buffer: &[u8]) -> Result<(), RtcError> {
        let Ok(contents) = buffer[..packet.length].try_into() else {
            return Ok(()); // nothing WebRTC would send
        };
        let now = Instant::now();
        if is_answer(&buffer[..packet.length]) {
            self.heard_at = now;
        }
        self.rtc.handle_input(Input::Receive(
            now,
            Receive {
                proto: packet.protocol,
                source: packet.source,
                destination: packet.destination,
                contents,
            },
        ))
    }

    /// Feeds a packet of somebody unknown.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn receive_from_anywhere(&mut self, bytes: &[u8]) {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        let packet = Packet {
            length: bytes.len(),
            source: nowhere,
            destination: nowhere,
            protocol: Protocol::Udp,
        };
        let _ = self.receive(packet, bytes);
    }

    /// Sends what is to be sent, up to the next event; `None` when all is done until the deadline.
    pub(crate) fn next_event(&mut self) -> Result<Option<Event>, RtcError> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(at) => {
                    let now = Instant::now();
                    // A deadline in the past means "tell me the time now", as right after a write: a second
                    // write before that would fail.
                    if at <= now {
                        self.rtc.handle_input(Input::Timeout(now))?;
                        continue;
                    }
                    self.deadline = at;
                    return Ok(None);
                }
                Output::Transmit(transmit) => {
                    let (to, packet) = (transmit.destination, &transmit.contents);
                    self.sockets.send(transmit.proto, to, packet);
                }
                Output::Event(event) => return Ok(Some(event)),
            }
        }
    }
}

/// Whether a packet shows that the way is open in both directions: anything but a request of STUN's, which a server
/// may send without hearing us (RFC 7983, 7; RFC 8489, 5).
fn is_answer(packet: &[u8]) -> bool {
    match packet {
        [0..=3, kind, ..] => packet[0] == 1 && *kind == 1,
        [] => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::is_answer;

    #[test]
    fn a_request_of_the_server_does_not_prove_that_it_hears_us() {
        assert!(!is_answer(&[0, 1, 0, 0]), "a binding request");
        assert!(is_answer(&[1, 1, 0, 0]), "the answer to ours");
        assert!(is_answer(&[0x80, 111]), "RTP");
        assert!(is_answer(&[22, 254]), "DTLS");
        assert!(!is_answer(&[]));
    }
}
