//! Room → caller: every remote voice, as one stream of μ-law.
//!
//! Usually the agent alone speaks, and its frames pass as they come: the agent paces, Twilio buffers. When others
//! are in the room too, 20 ms of each are added up by a clock.

use super::{
    outbox::{Outbox, Outgoing},
    speech::{Frame, Speech, Verdict},
    track_decoder::TrackDecoder,
};
use bytes::{Bytes, BytesMut};
use casp_audio::pcmu;
use casp_room::AudioPacket;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

const FRAME_LEN: usize = 160;
const FRAME_TIME: Duration = Duration::from_millis(20);
/// A lane holds at most 200 ms; the oldest go.
const LANE_CAPACITY: usize = 10 * FRAME_LEN;
/// Mixing begins so long after the first frame, so that lanes that are not in step do not stutter.
const HEAD_START: Duration = Duration::from_millis(40);

#[derive(Debug)]
struct Lane {
    id: u64,
    is_agent: bool,
    decoder: TrackDecoder,
    /// Waits to be mixed.
    codes: VecDeque<u8>,
    taken: u64,
    /// Marks, and after how many bytes of the lane each is due.
    marks: VecDeque<(u64, String)>,
}

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Downlink {
    lanes: Vec<Lane>,
    next_mix: Option<Instant>,
    frames: Vec<Bytes>,
    mixed: BytesMut,
}

impl Downlink {
    /// With nobody.
    pub(crate) fn new() -> Self {
        Self {
            lanes: Vec::new(),
            next_mix: None,
            frames: Vec::with_capacity(8),
            mixed: BytesMut::new(),
        }
    }

    /// A track begins.
    pub(crate) fn add(&mut self, id: u64, is_agent: bool) {
        self.lanes.push(Lane {
            id,
            is_agent,
            decoder: TrackDecoder::new(),
            codes: VecDeque::new(),
            taken: 0,
            marks: VecDeque::new(),
        });
    }

    /// A track has ended. With one left, what waits of it goes at once.
    pub(crate) fn remove(&mut self, id: u64, outbox: &mut Outbox) {
        self.lanes.retain(|lane| lane.id != id);
        if let [last] = &mut self.lanes[..] {
            self.next_mix = None;
            let rest: Vec<u8> = last.codes.drain(..).collect();
            for frame in rest.chunks(FRAME_LEN) {
                outbox.media(Bytes::copy_from_slice(frame));
            }
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
        let mut frames = std::mem::take(&mut self.frames);
        let is_decoded = lane.decoder.push(packet, &mut frames).is_ok();
        let clock_rate_hz = packet.codec.clock_rate_hz();
        let count = frames.len();
        for (index, payload) in frames.drain(..).enumerate() {
            let ms = (payload.len() / 8) as u32;
            let mark = if lane.is_agent {
                let ticks_before = (count - 1 - index) as u32 * ms * (clock_rate_hz / 1_000);
                let frame = Frame {
                    rtp_timestamp: packet.rtp_timestamp.wrapping_sub(ticks_before),
                    clock_rate_hz,
                    ms,
                };
                match speech.frame(frame, now) {
                    Verdict::Drop => continue,
                    Verdict::Forward(mark) => mark,
                }
            } else {
                None
            };
            if is_mixing {
                lane.queue(&payload, mark);
                self.next_mix.get_or_insert(now + HEAD_START);
            } else {
                outbox.media(payload);
                if let Some(mark) = mark {
                    outbox.other(Outgoing::Mark(mark));
                }
            }
        }
        self.frames = frames;
        is_decoded
    }

    /// The agent was cut: what waits of it must not be heard.
    pub(crate) fn clear_agent(&mut self) {
        for lane in self.lanes.iter_mut().filter(|lane| lane.is_agent) {
            lane.taken += lane.codes.len() as u64;
            lane.codes.clear();
            lane.marks.clear();
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
        let mut sum = [0_i32; FRAME_LEN];
        let mut is_silent = true;
        for lane in &mut self.lanes {
            let count = lane.codes.len().min(FRAME_LEN);
            is_silent &= count == 0;
            lane.taken += count as u64;
            for (total, code) in sum.iter_mut().zip(lane.codes.drain(..count)) {
                *total += i32::from(pcmu::decode_sample(code));
            }
        }
        if is_silent {
            self.next_mix = None;
            return;
        }
        self.mixed.extend(sum.iter().map(|total| {
            let clipped = (*total).clamp(i32::from(i16::MIN), i32::from(i16::MAX));
            pcmu::encode_sample(clipped as i16)
        }));
        outbox.media(self.mixed.split().freeze());
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
    fn queue(&mut self, payload: &[u8], mark: Option<String>) {
        self.codes.extend(payload);
        let excess = self.codes.len().saturating_sub(LANE_CAPACITY);
        self.codes.drain(..excess);
        self.taken += excess as u64;
        if let Some(mark) = mark {
            self.marks
                .push_back((self.taken + self.codes.len() as u64, mark));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casp_conversation::event::Event;
    use casp_room::AudioCodec;

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
            let mut downlink = Downlink::new();
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
