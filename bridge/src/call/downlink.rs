//! Room → caller: every remote voice, as one stream in the caller's format.
//!
//! Usually the agent alone speaks, and its frames pass as they come: the agent paces, Twilio buffers. When others
//! are in the room too, 20 ms of each are added up by a clock.

use super::{
    egress::Egress,
    outbox::{Outbox, Outgoing},
    speech::{Frame, Speech, Verdict},
    track_decoder::{Piece, Sound, TrackDecoder},
    wire::Wire,
};
use bytes::Bytes;
use casp_audio::pcmu;
use casp_room::AudioPacket;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

const FRAME_TIME: Duration = Duration::from_millis(20);
/// A lane holds at most 200 ms; the oldest go.
const LANE_FRAMES: usize = 10;
/// Mixing begins so long after the first frame, so that lanes that are not in step do not stutter.
const HEAD_START: Duration = Duration::from_millis(40);

#[derive(Debug)]
struct Lane {
    id: u64,
    is_agent: bool,
    decoder: TrackDecoder,
    /// Waits to be mixed.
    samples: VecDeque<i16>,
    taken: u64,
    /// Marks, and after how many samples of the lane each is due.
    marks: VecDeque<(u64, String)>,
}

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Downlink {
    wire: Wire,
    egress: Egress,
    lanes: Vec<Lane>,
    next_mix: Option<Instant>,
    pieces: Vec<Piece>,
    sum: Vec<i32>,
    mixed: Vec<i16>,
}

impl Downlink {
    /// With nobody.
    pub(crate) fn new(wire: Wire) -> Self {
        Self {
            wire,
            egress: Egress::new(wire),
            lanes: Vec::new(),
            next_mix: None,
            pieces: Vec::with_capacity(8),
            sum: Vec::new(),
            mixed: Vec::new(),
        }
    }

    /// A sound of the bridge's own, in μ-law.
    pub(crate) fn prompt(&mut self, codes: Bytes, outbox: &mut Outbox) {
        self.egress.mulaw(codes, outbox);
    }

    /// A track begins.
    pub(crate) fn add(&mut self, id: u64, is_agent: bool) {
        self.lanes.push(Lane {
            id,
            is_agent,
            decoder: TrackDecoder::new(self.wire),
            samples: VecDeque::new(),
            taken: 0,
            marks: VecDeque::new(),
        });
    }

    /// A track has ended. With one left, what waits of it goes at once.
    pub(crate) fn remove(&mut self, id: u64, outbox: &mut Outbox) {
        self.lanes.retain(|lane| lane.id != id);
        if let [last] = &mut self.lanes[..] {
            self.next_mix = None;
            self.egress.pcm(last.samples.make_contiguous(), outbox);
            self.egress.finish(outbox);
            last.samples.clear();
            for (_, mark) in last.marks.drain(..) {
                outbox.other(Outgoing::Mark(mark));
            }
        }
    }

    /// A packet of a track. False when it could not be decoded.
    pub(crate) fn packet(
        &mut self,
        id: u64,
        packet: &AudioPacket,
        speech: &mut Speech,
        outbox: &mut Outbox,
        now: Instant,
    ) -> bool {
        let is_mixing = self.lanes.len() > 1;
        let Some(lane) = self.lanes.iter_mut().find(|lane| lane.id == id) else {
            return true;
        };
        let mut pieces = std::mem::take(&mut self.pieces);
        let is_decoded = lane.decoder.push(packet, is_mixing, &mut pieces).is_ok();
        let clock_rate_hz = packet.codec.clock_rate_hz();
        for piece in pieces.drain(..) {
            let mark = if lane.is_agent {
                let offset = piece.offset_ms * (clock_rate_hz / 1_000) as i32;
                let frame = Frame {
                    rtp_timestamp: packet.rtp_timestamp.wrapping_add_signed(offset),
                    clock_rate_hz,
                    ms: piece.ms,
                };
                match speech.frame(frame, now) {
                    Verdict::Drop => continue,
                    Verdict::Forward(mark) => mark,
                }
            } else {
                None
            };
            if is_mixing {
                lane.queue(piece.sound, mark, self.wire);
                self.next_mix.get_or_insert(now + HEAD_START);
                continue;
            }
            match piece.sound {
                Sound::Ready(payload) => outbox.media(payload),
                Sound::Pcm(range) => self.egress.pcm(lane.decoder.pcm(range), outbox),
            }
            if let Some(mark) = mark {
                outbox.other(Outgoing::Mark(mark));
            }
        }
        self.pieces = pieces;
        is_decoded
    }

    /// The agent was cut: what waits of it must not be heard.
    pub(crate) fn clear_agent(&mut self) {
        for lane in self.lanes.iter_mut().filter(|lane| lane.is_agent) {
            lane.taken += lane.samples.len() as u64;
            lane.samples.clear();
            lane.marks.clear();
        }
        if self.lanes.len() == 1 {
            self.egress.clear();
        }
    }

    /// When [`Self::mix`] is due.
    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.next_mix
    }

    /// Adds up 20 ms of every lane.
    pub(crate) fn mix(&mut self, outbox: &mut Outbox, now: Instant) {
        let Some(due) = self.next_mix.filter(|due| *due <= now) else {
            return;
        };
        let frame = self.wire.sample_rate().frame_samples();
        self.sum.clear();
        self.sum.resize(frame, 0);
        let mut is_silent = true;
        for lane in &mut self.lanes {
            let count = lane.samples.len().min(frame);
            is_silent &= count == 0;
            lane.taken += count as u64;
            for (total, sample) in self.sum.iter_mut().zip(lane.samples.drain(..count)) {
                *total += i32::from(sample);
            }
        }
        if is_silent {
            self.next_mix = None;
            return;
        }
        self.mixed.clear();
        self.mixed.extend(
            self.sum
                .iter()
                .map(|total| (*total).clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16),
        );
        self.egress.pcm(&self.mixed, outbox);
        for lane in &mut self.lanes {
            while lane.marks.front().is_some_and(|(at, _)| *at <= lane.taken) {
                if let Some((_, mark)) = lane.marks.pop_front() {
                    outbox.other(Outgoing::Mark(mark));
                }
            }
        }
        // A clock that was held up does not catch up: the lanes are bounded.
        let next = due + FRAME_TIME;
        self.next_mix = Some(if next + 5 * FRAME_TIME < now {
            now
        } else {
            next
        });
    }
}

impl Lane {
    fn queue(&mut self, sound: Sound, mark: Option<String>, wire: Wire) {
        match sound {
            // While voices are mixed an Opus client's are decoded: what is ready is μ-law.
            Sound::Ready(codes) => {
                let samples = codes.iter().map(|code| pcmu::decode_sample(*code));
                self.samples.extend(samples);
            }
            Sound::Pcm(range) => self.samples.extend(self.decoder.pcm(range)),
        }
        let capacity = LANE_FRAMES * wire.sample_rate().frame_samples();
        let excess = self.samples.len().saturating_sub(capacity);
        self.samples.drain(..excess);
        self.taken += excess as u64;
        if let Some(mark) = mark {
            self.marks
                .push_back((self.taken + self.samples.len() as u64, mark));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casp_conversation::event::Event;
    use casp_room::AudioCodec;

    const FRAME_LEN: usize = 160;
    const A: u64 = 1;
    const B: u64 = 2;

    struct Rig {
        downlink: Downlink,
        speech: Speech,
        outbox: Outbox,
        now: Instant,
        rtp: u32,
    }

    impl Rig {
        fn new(tracks: &[(u64, bool)]) -> Self {
            let now = Instant::now();
            let mut downlink = Downlink::new(Wire::Mulaw);
            for (id, is_agent) in tracks {
                downlink.add(*id, *is_agent);
            }
            Self {
                downlink,
                speech: Speech::new(now),
                outbox: Outbox::new(),
                now,
                rtp: 0,
            }
        }
        fn push(&mut self, id: u64, code: u8) {
            let packet = AudioPacket {
                codec: AudioCodec::Pcmu,
                rtp_timestamp: self.rtp,
                lost_before: 0,
                received_at: self.now,
                payload: Bytes::from(vec![code; FRAME_LEN]),
            };
            assert!(self.downlink.packet(
                id,
                &packet,
                &mut self.speech,
                &mut self.outbox,
                self.now
            ));
        }
        fn pass_20_ms(&mut self) {
            self.now += FRAME_TIME;
            self.rtp += 160;
            self.downlink.mix(&mut self.outbox, self.now);
        }
        fn heard(&mut self) -> Vec<Outgoing> {
            std::iter::from_fn(|| self.outbox.pop()).collect()
        }
    }

    fn media(code: u8) -> Outgoing {
        Outgoing::Media(Bytes::from(vec![code; FRAME_LEN]))
    }

    #[test]
    fn one_voice_passes_at_once_and_untouched() {
        let mut rig = Rig::new(&[(A, true)]);
        rig.push(A, 0x12);
        assert_eq!(rig.heard(), [media(0x12)]);
        assert_eq!(rig.downlink.deadline(), None);
    }

    #[test]
    fn two_voices_are_added() {
        let mut rig = Rig::new(&[(A, true), (B, false)]);
        let (a, b) = (pcmu::encode_sample(1_000), pcmu::encode_sample(3_000));
        for _ in 0..3 {
            rig.push(A, a);
            rig.push(B, b);
            rig.pass_20_ms();
        }
        let expected = pcmu::encode_sample(pcmu::decode_sample(a) + pcmu::decode_sample(b));
        assert_eq!(rig.heard(), [media(expected), media(expected)]);
    }

    #[test]
    fn loud_voices_clip_rather_than_wrap() {
        let mut rig = Rig::new(&[(A, true), (B, false)]);
        rig.push(A, 0x80);
        rig.push(B, 0x80);
        rig.pass_20_ms();
        rig.pass_20_ms();
        assert_eq!(rig.heard(), [media(0x80)]);
    }

    #[test]
    fn the_clock_stops_when_nobody_speaks() {
        let mut rig = Rig::new(&[(A, true), (B, false)]);
        rig.push(B, 0x90);
        for _ in 0..5 {
            rig.pass_20_ms();
        }
        assert_eq!(rig.heard().len(), 1);
        assert_eq!(rig.downlink.deadline(), None);
    }

    #[test]
    fn a_cut_silences_the_agent_and_nobody_else() {
        let mut rig = Rig::new(&[(A, true), (B, false)]);
        let quiet = pcmu::encode_sample(500);
        rig.push(A, 0x80);
        rig.push(B, quiet);
        rig.downlink.clear_agent();
        rig.pass_20_ms();
        rig.pass_20_ms();
        assert_eq!(rig.heard(), [media(quiet)]);
    }

    #[test]
    fn marks_follow_their_audio_through_the_mixer() {
        let mut rig = Rig::new(&[(A, true), (B, false)]);
        let started = Event::SpeechStarted {
            utterance: "u".into(),
            rtp_timestamp: 0,
        };
        rig.speech.event(&started, rig.now);
        for _ in 0..27 {
            rig.push(A, 0x90);
            rig.pass_20_ms();
        }
        let heard = rig.heard();
        let mark = heard
            .iter()
            .position(|item| *item == Outgoing::Mark("u:500".into()));
        assert_eq!(mark, Some(25), "after 25 frames");
    }

    #[test]
    fn the_last_voice_left_is_not_held_back() {
        let mut rig = Rig::new(&[(A, true), (B, false)]);
        rig.push(A, 0x90);
        rig.downlink.remove(B, &mut rig.outbox);
        rig.push(A, 0x91);
        assert_eq!(rig.heard(), [media(0x90), media(0x91)]);
    }
}
