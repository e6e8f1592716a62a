//! Our own tracks.

use super::Session;
use crate::{
    AudioCodec, OutgoingPacket, PublishOptions, RoomError,
    handle::Reply,
    track::{LocalTrack, TrackKey},
};
use livekit_protocol::{self as proto, signal_request::Message as Request};
use std::{sync::Arc, time::Instant};
use str0m::{
    format::{Codec, PayloadParams},
    media::Mid,
    rtp::RtpWrite,
};

/// Tracks that a room may publish: a fault of the caller's beyond it.
const MAX_TRACKS: usize = 16;

/// All tracks that we publish or are about to.
pub(super) struct LocalTracks {
    tracks: Vec<Track>,
    /// Lines of tracks that are no more, to be made inactive with the next offer.
    retired: Vec<Mid>,
    next_key: TrackKey,
}

struct Track {
    shared: Arc<LocalTrack>,
    options: PublishOptions,
    /// Our name for it; the server's answer and the offer's `msid` carry it.
    cid: String,
    mid: Option<Mid>,
    /// The server has announced it.
    is_published: bool,
    is_muted: bool,
    /// Whoever waits for it; none once it is handed over.
    reply: Option<Reply<Arc<LocalTrack>>>,
    /// Published with the join, and not yet asked for.
    is_unclaimed: bool,
    /// Of the next packet. str0m wants the first to be below 2^16.
    sequence: u64,
}

impl Track {
    fn request(&self) -> proto::AddTrackRequest {
        #[allow(deprecated)] // LiveKit's server reads this field still
        let request = proto::AddTrackRequest {
            cid: self.cid.clone(),
            name: self.options.name.clone(),
            r#type: proto::TrackType::Audio as i32,
            source: proto::TrackSource::Microphone as i32,
            muted: self.is_muted,
            disable_dtx: !self.options.dtx,
            disable_red: true,
            ..Default::default()
        };
        if self.options.codec == AudioCodec::Opus {
            return request;
        }
        // Without this the server takes the track for Opus, and its subscribers hear nothing.
        proto::AddTrackRequest {
            simulcast_codecs: vec![proto::SimulcastCodec {
                codec: "audio/PCMU".into(),
                cid: self.cid.clone(),
                ..Default::default()
            }],
            ..request
        }
    }
}

impl LocalTracks {
    pub(super) fn new(in_join: Option<&PublishOptions>) -> Self {
        let mut tracks = Self {
            tracks: Vec::new(),
            retired: Vec::new(),
            next_key: 1,
        };
        if let Some(options) = in_join {
            tracks.add(options.clone(), None);
        }
        tracks
    }

    fn add(&mut self, options: PublishOptions, reply: Option<Reply<Arc<LocalTrack>>>) -> &Track {
        let key = self.next_key;
        self.next_key += 1;
        self.tracks.push(Track {
            shared: Arc::new(LocalTrack::new(key, options.codec)),
            cid: format!("TR_{:016x}", rand::random::<u64>()),
            options,
            mid: None,
            is_published: false,
            is_muted: false,
            is_unclaimed: reply.is_none(),
            reply,
            sequence: first_sequence(),
        });
        &self.tracks[self.tracks.len() - 1]
    }

    fn find(&mut self, key: TrackKey) -> Option<&mut Track> {
        self.tracks.iter_mut().find(|track| track.shared.key == key)
    }

    /// For a new participant: nothing of it is known to the server.
    pub(super) fn reset(&mut self) {
        self.retired.clear();
        for track in &mut self.tracks {
            track.mid = None;
            track.is_published = false;
            track.sequence = first_sequence();
        }
    }

    /// All tracks, as asked for.
    pub(super) fn requests(&self) -> Vec<proto::AddTrackRequest> {
        self.tracks.iter().map(Track::request).collect()
    }

    /// Tracks that were asked for and not announced: the request may have been lost.
    pub(super) fn unanswered(&self) -> Vec<proto::AddTrackRequest> {
        let open = self.tracks.iter().filter(|track| !track.is_published);
        open.map(Track::request).collect()
    }

    /// Tracks as the server announced them.
    pub(super) fn published(&self) -> Vec<proto::TrackPublishedResponse> {
        let known = self.tracks.iter().filter(|track| track.is_published);
        known
            .map(|track| proto::TrackPublishedResponse {
                cid: track.cid.clone(),
                track: Some(proto::TrackInfo {
                    sid: track.shared.sid(),
                    muted: track.is_muted,
                    ..Default::default()
                }),
            })
            .collect()
    }

    pub(super) fn without_line(&self) -> impl Iterator<Item = (TrackKey, &str)> {
        let bare = self.tracks.iter().filter(|track| track.mid.is_none());
        bare.map(|track| (track.shared.key, track.cid.as_str()))
    }

    pub(super) fn retired_lines(&self) -> impl Iterator<Item = Mid> {
        self.retired.iter().copied()
    }

    /// An offer was accepted, and with it these lines. True when one of them is of no use any more.
    pub(super) fn on_lines(&mut self, lines: &[(TrackKey, Mid)]) -> bool {
        let before = self.retired.len();
        for (key, mid) in lines {
            match self.find(*key) {
                Some(track) => track.mid = Some(*mid),
                // Withdrawn meanwhile.
                None => self.retired.push(*mid),
            }
        }
        self.retired.len() > before
    }
}

impl Session {
    pub(super) fn publish(&mut self, options: PublishOptions, reply: Reply<Arc<LocalTrack>>) {
        let tracks = &mut self.local_tracks.tracks;
        let claimed = tracks
            .iter_mut()
            .find(|track| track.is_unclaimed && track.options.name == options.name);
        if let Some(track) = claimed {
            track.is_unclaimed = false;
            track.reply = Some(reply);
            if track.is_published {
                self.hand_over();
            }
            return;
        }
        if tracks.len() >= MAX_TRACKS {
            let error = format!("{MAX_TRACKS} tracks are published already");
            let _ = reply.send(Err(RoomError::Track(error)));
            return;
        }
        let request = self.local_tracks.add(options, Some(reply)).request();
        self.signal(Request::AddTrack(request));
        self.negotiate();
    }

    pub(super) fn on_track_published(&mut self, response: proto::TrackPublishedResponse) {
        let tracks = &mut self.local_tracks.tracks;
        let (Some(track), Some(info)) = (
            tracks.iter_mut().find(|track| track.cid == response.cid),
            response.track,
        ) else {
            return;
        };
        tracing::debug!(sid = info.sid, mime = info.mime_type, codecs = ?info.codecs, "published");
        if let Some(codec) = announced_codec(&info) {
            track.shared.set_codec(codec);
        }
        track.shared.set_sid(&info.sid);
        track.is_published = true;
        if track.is_muted != info.muted {
            let (sid, muted) = (info.sid, track.is_muted);
            self.signal(Request::Mute(proto::MuteTrackRequest { sid, muted }));
        }
        self.hand_over();
    }

    /// Gives announced tracks to those who wait for them; one whose caller has gone is withdrawn.
    fn hand_over(&mut self) {
        let mut abandoned = Vec::new();
        for track in &mut self.local_tracks.tracks {
            if track.is_published
                && let Some(reply) = track.reply.take()
                && reply.send(Ok(Arc::clone(&track.shared))).is_err()
            {
                abandoned.push(track.shared.key);
            }
        }
        for key in abandoned {
            self.unpublish(key);
        }
    }

    /// The server will not have it.
    pub(super) fn on_track_refused(&mut self, cid: &str, why: &str) {
        let tracks = &mut self.local_tracks.tracks;
        let Some(index) = tracks.iter().position(|track| track.cid == cid) else {
            return;
        };
        let track = tracks.swap_remove(index);
        if let Some(reply) = track.reply {
            let _ = reply.send(Err(RoomError::Track(why.to_owned())));
        }
        if let Some(mid) = track.mid {
            self.local_tracks.retired.push(mid);
            self.negotiate();
        }
    }

    pub(super) fn unpublish(&mut self, key: TrackKey) {
        let tracks = &mut self.local_tracks.tracks;
        let Some(index) = tracks.iter().position(|track| track.shared.key == key) else {
            return;
        };
        if let Some(mid) = tracks.swap_remove(index).mid {
            self.local_tracks.retired.push(mid);
            self.negotiate();
        }
    }

    /// Withdraws tracks whose handle went while the command queue was full.
    pub(super) fn unpublish_abandoned(&mut self) {
        let tracks = self.local_tracks.tracks.iter();
        let abandoned: Vec<_> = tracks
            .filter(|track| !track.is_unclaimed && track.reply.is_none())
            .filter(|track| Arc::strong_count(&track.shared) == 1)
            .map(|track| track.shared.key)
            .collect();
        for key in abandoned {
            self.unpublish(key);
        }
    }

    pub(super) fn set_muted(&mut self, key: TrackKey, is_muted: bool) {
        let Some(track) = self.local_tracks.find(key) else {
            return;
        };
        track.is_muted = is_muted;
        if track.is_published {
            let mute = proto::MuteTrackRequest {
                sid: track.shared.sid(),
                muted: is_muted,
            };
            self.signal(Request::Mute(mute));
        }
    }

    pub(super) fn on_muted_by_server(&mut self, mute: &proto::MuteTrackRequest) {
        let tracks = &mut self.local_tracks.tracks;
        let track = tracks
            .iter_mut()
            .find(|track| track.shared.sid() == mute.sid);
        if let Some(track) = track {
            track.is_muted = mute.muted;
        }
    }

    /// A packet of audio out: the way that runs fifty times a second.
    pub(super) fn send_audio(&mut self, key: TrackKey, packet: &OutgoingPacket) {
        let Some(track) = self.local_tracks.find(key) else {
            return;
        };
        let (Some(mid), false) = (track.mid, track.is_muted) else {
            return;
        };
        let codec = match track.shared.codec() {
            AudioCodec::Opus => Codec::Opus,
            AudioCodec::Pcmu => Codec::PCMU,
        };
        let rtc = &mut self.media.publisher.rtc;
        if !rtc.is_connected() {
            return;
        }
        let params = rtc.codec_config().params().iter();
        let Some(payload_type) = params
            .clone()
            .find(|params| params.spec().codec == codec)
            .map(PayloadParams::pt)
        else {
            return;
        };
        let mut api = rtc.direct_api();
        let Some(stream) = api.stream_tx_by_mid(mid, None) else {
            return;
        };
        let sequence = track.sequence;
        track.sequence += 1;
        stream.write_rtp(
            RtpWrite::new(
                payload_type,
                sequence.into(),
                packet.rtp_timestamp,
                Instant::now(),
                &packet.payload[..],
            )
            .marker(packet.starts_talkspurt),
        );
        // It is sent when str0m is told the time, which this does.
        self.drain(super::turn::Side::Publisher);
    }
}

/// Random, as RFC 3550 (section 5.1) wants it; in the lower half, so that a reordered start does not wrap.
fn first_sequence() -> u64 {
    rand::random_range(1..0x8000)
}

/// The codec the server took the track for: it decides, and where it has no PCMU it takes Opus.
fn announced_codec(info: &proto::TrackInfo) -> Option<AudioCodec> {
    let of_layers = info.codecs.iter().map(|codec| &codec.mime_type);
    let mut names = of_layers.chain([&info.mime_type]);
    let mime = names.find(|mime| !mime.is_empty())?;
    Some(if mime.eq_ignore_ascii_case("audio/PCMU") {
        AudioCodec::Pcmu
    } else {
        AudioCodec::Opus
    })
}
