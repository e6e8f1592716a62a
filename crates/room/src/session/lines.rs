//! Receiving lines of the session description, and the remote tracks that they carry. The server moves tracks
//! between lines as they come and go.

use super::{Session, turn::Side};
use crate::{
    AudioCodec, RemoteAudioTrack, RoomEvent,
    packet_queue::{PacketSender, packet_queue},
    reorder::Reorder,
};
use std::{collections::HashMap, sync::Arc, time::Instant};
use str0m::{
    format::{Codec, PayloadParams},
    media::Mid,
    rtp::{RtpPacket, Ssrc},
};

/// All receiving lines.
#[derive(Default)]
pub(super) struct Lines {
    /// Few, so that a search is cheaper than a map.
    lines: Vec<Line>,
    /// Readers of tracks that are between two lines, as after a change of mind about a subscription.
    parked: HashMap<String, PacketSender>,
}

struct Line {
    mid: Mid,
    /// What the server says it carries.
    track: Option<String>,
    /// Where its packets go, while somebody wants them.
    packets: Option<PacketSender>,
    /// The stream that arrives, and its packets on their way into order.
    ssrc: Option<Ssrc>,
    window: Reorder<Held>,
}

/// What is kept of a packet while it waits for its turn: a tenth of str0m's.
struct Held {
    codec: AudioCodec,
    rtp_timestamp: u32,
    received_at: Instant,
    payload: Arc<[u8]>,
}

impl Line {
    /// Hands over what is due.
    fn release(&mut self, now: Instant) {
        while let Some((sequence, held)) = self.window.pop(now) {
            if let Some(packets) = &mut self.packets {
                packets.push(
                    sequence,
                    held.codec,
                    held.rtp_timestamp,
                    held.received_at,
                    held.payload,
                );
            }
        }
    }
}

impl Lines {
    pub(super) fn add(&mut self, mids: impl IntoIterator<Item = Mid>) {
        for mid in mids {
            if !self.lines.iter().any(|line| line.mid == mid) {
                self.lines.push(Line {
                    mid,
                    track: None,
                    packets: None,
                    ssrc: None,
                    window: Reorder::default(),
                });
            }
        }
    }

    pub(super) fn mids(&self) -> impl Iterator<Item = Mid> {
        self.lines.iter().map(|line| line.mid)
    }

    /// When [`Self::on_time`] wants to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.lines
            .iter()
            .filter_map(|line| line.window.deadline())
            .min()
    }

    /// Hands over packets that have waited long enough for one before them.
    pub(super) fn on_time(&mut self, now: Instant) {
        for line in &mut self.lines {
            line.release(now);
        }
    }

    /// Some line, an idle one if there is.
    pub(super) fn any(&self) -> Option<Mid> {
        let idle = self.lines.iter().find(|line| line.track.is_none());
        idle.or(self.lines.first()).map(|line| line.mid)
    }

    /// Ends all tracks.
    pub(super) fn clear(&mut self) {
        self.lines.clear();
        self.parked.clear();
    }

    /// Ends the reading of one track. The line may carry it for a while yet, or, when it is wanted again at once,
    /// all along.
    pub(super) fn stop_reading(&mut self, sid: &str) {
        self.parked.remove(sid);
        for line in &mut self.lines {
            if line.track.as_deref() == Some(sid) {
                line.packets = None;
            }
        }
    }

    /// Ends a track that is no more.
    pub(super) fn end_track(&mut self, sid: &str) {
        self.parked.remove(sid);
        for line in &mut self.lines {
            if line.track.as_deref() == Some(sid) {
                line.track = None;
                line.packets = None;
            }
        }
    }
}

impl Session {
    /// Takes over the server's map of lines to tracks.
    pub(super) fn map_lines(&mut self, map: &HashMap<String, String>) {
        let Lines { lines, parked } = &mut self.media.lines;
        for line in lines {
            let now = map.get(&*line.mid);
            if now == line.track.as_ref() {
                continue;
            }
            // It may come back on another line: then its reader reads on.
            if let (Some(track), Some(packets)) = (line.track.take(), line.packets.take()) {
                parked.insert(track, packets);
            }
            line.track = now.cloned();
        }
        self.bind_lines();
    }

    /// Hands out the tracks of lines that carry something wanted and have no reader yet.
    pub(super) fn bind_lines(&mut self) {
        let Lines { lines, parked } = &mut self.media.lines;
        for line in lines {
            let (Some(sid), None) = (&line.track, &line.packets) else {
                continue;
            };
            let Some(participant) = self.subscriptions.publisher_of(sid) else {
                continue; // not wanted, or not announced yet
            };
            if let Some(mut packets) = parked.remove(sid) {
                packets.restart();
                line.packets = Some(packets);
                continue;
            }
            let (sender, receiver) = packet_queue();
            line.packets = Some(sender);
            let track = RemoteAudioTrack::new(sid.clone(), participant.to_owned(), receiver);
            self.shared.emit(RoomEvent::TrackSubscribed(track));
        }
    }

    /// A packet of audio: the way that runs fifty times a second for each track.
    pub(super) fn on_media(&mut self, side: Side, packet: RtpPacket) {
        if packet.payload.is_empty() {
            return; // padding
        }
        let ssrc = packet.header.ssrc;
        let Some(peer) = self.peer(side) else {
            return;
        };
        let known = peer.rtc.codec_config().params().iter();
        let spec = |params: &PayloadParams| params.spec().codec;
        let codec = match known
            .clone()
            .find(|p| p.pt() == packet.header.payload_type)
            .map(spec)
        {
            Some(Codec::Opus) => AudioCodec::Opus,
            Some(Codec::PCMU) => AudioCodec::Pcmu,
            _ => return,
        };
        let Some(mid) = peer
            .rtc
            .direct_api()
            .stream_rx(&ssrc)
            .map(|stream| stream.mid())
        else {
            return;
        };
        let lines = &mut self.media.lines.lines;
        let Some(line) = lines.iter_mut().find(|line| line.mid == mid) else {
            return;
        };
        if line.ssrc.replace(ssrc) != Some(ssrc) {
            line.window = Reorder::default();
            if let Some(packets) = &mut line.packets {
                packets.restart();
            }
        }
        let now = packet.timestamp;
        let held = Held {
            codec,
            rtp_timestamp: packet.header.timestamp,
            received_at: now,
            payload: packet.payload,
        };
        line.window.push(*packet.seq_no, now, held);
        line.release(now);
    }
}
