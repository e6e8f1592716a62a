//! Caller → room: audio in pieces of any size in, packets on a running RTP clock out (20 ms, or as an Opus client cut
//! them), at a speed the room can take.

use super::{gate::SpeechGate, wire::Wire};
use bytes::{Bytes, BytesMut};
use casp_room::OutgoingPacket;
use casp_twilio::media_streams::{TokenBucket, opus_packet_duration};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Frames (20 ms) that go out at once: an onset with its pre-roll, and what a network bunches.
const BURST: f64 = 5.0;
/// After a burst frames go at twice the speed of speech until they have caught up.
const PER_SECOND: f64 = 100.0;
/// At most 5 s wait; beyond, the oldest go.
const CAPACITY: usize = 250;
/// The same in the shortest packets that an Opus client may send, of 2.5 ms.
const OPUS_CAPACITY: usize = 2_000;
/// No audio for so long is a pause of the client's, and the RTP clock takes it in.
const PAUSE: Duration = Duration::from_secs(1);

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Uplink {
    wire: Wire,
    partial: BytesMut,
    gate: Option<SpeechGate>,
    waiting: VecDeque<OutgoingPacket>,
    pace: TokenBucket,
    rtp_timestamp: u32,
    heard_at: Option<Instant>,
    dropped: u64,
}

impl Uplink {
    /// `is_gated`: silence is not sent (an Opus client leaves it out by itself).
    pub(crate) fn new(wire: Wire, is_gated: bool, first_rtp_timestamp: u32, now: Instant) -> Self {
        Self {
            wire,
            partial: BytesMut::new(),
            gate: (is_gated && wire != Wire::Opus).then(|| SpeechGate::new(wire)),
            waiting: VecDeque::with_capacity(16),
            pace: TokenBucket::new(PER_SECOND, BURST, now),
            rtp_timestamp: first_rtp_timestamp,
            heard_at: None,
            dropped: 0,
        }
    }

    /// Takes what the caller said.
    pub(crate) fn push(&mut self, audio: &[u8], now: Instant) {
        self.note_pause(now);
        self.partial.extend_from_slice(audio);
        let capacity = if let Some(frame_bytes) = self.wire.frame_bytes() {
            while self.partial.len() >= frame_bytes {
                let frame = self.partial.split_to(frame_bytes).freeze();
                self.push_packet(frame, self.wire.frame_ticks());
            }
            CAPACITY
        } else {
            let packet = self.partial.split().freeze();
            let ticks = self.ticks_of(&packet);
            self.push_packet(packet, ticks);
            OPUS_CAPACITY
        };
        while self.waiting.len() > capacity {
            self.waiting.pop_front();
            self.dropped += 1;
        }
    }

    fn ticks_of(&self, payload: &[u8]) -> u32 {
        let length = match self.wire {
            Wire::Opus => opus_packet_duration(payload),
            Wire::Mulaw | Wire::Pcm(_) => None,
        };
        length.map_or(self.wire.frame_ticks(), |length| {
            (length.as_micros() * u128::from(self.wire.frame_ticks()) / 20_000) as u32
        })
    }

    fn push_packet(&mut self, payload: Bytes, ticks: u32) {
        let rtp_timestamp = self.rtp_timestamp;
        self.rtp_timestamp = rtp_timestamp.wrapping_add(ticks);
        match &mut self.gate {
            Some(gate) => gate.push(rtp_timestamp, payload, &mut self.waiting),
            None => self.waiting.push_back(OutgoingPacket {
                payload,
                rtp_timestamp,
                starts_talkspurt: false,
            }),
        }
    }

    /// A client that sends nothing in silence must not have its words run together. Shorter gaps are a network's,
    /// and what is missing in them comes later, all at once.
    fn note_pause(&mut self, now: Instant) {
        let before = self.heard_at.replace(now);
        let Some(gap) = before.map(|before| now.saturating_duration_since(before)) else {
            return;
        };
        if gap >= PAUSE {
            let frames = (gap.as_millis() / 20) as u32;
            self.rtp_timestamp = self
                .rtp_timestamp
                .wrapping_add(frames.wrapping_mul(self.wire.frame_ticks()));
        }
    }

    /// The next packet, if one may go now.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<OutgoingPacket> {
        let cost = self.next_cost()?;
        self.pace
            .take(cost, now)
            .then(|| self.waiting.pop_front())?
    }

    /// Of the next packet, in frames; what is longer than a burst could never go.
    fn next_cost(&self) -> Option<f64> {
        let next = self.waiting.front()?;
        let frames = f64::from(self.ticks_of(&next.payload)) / f64::from(self.wire.frame_ticks());
        Some(frames.min(BURST))
    }

    /// When [`Self::poll`] will have a packet; `None` while nothing waits.
    pub(crate) fn deadline(&self, now: Instant) -> Option<Instant> {
        let cost = self.next_cost()?;
        Some(self.pace.ready_at(cost, now))
    }

    /// Packets dropped since the last time this was asked.
    pub(crate) fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LOUD: u8 = 0xCE;
    const FRAME_LEN: usize = 160;

    fn drain(uplink: &mut Uplink, now: Instant) -> Vec<OutgoingPacket> {
        std::iter::from_fn(|| uplink.poll(now)).collect()
    }

    #[test]
    fn what_comes_every_20_ms_goes_at_once() {
        let mut now = Instant::now();
        let mut uplink = Uplink::new(Wire::Mulaw, false, u32::MAX - 159, now);
        for number in 0..500_u32 {
            uplink.push(&[LOUD; FRAME_LEN], now);
            let sent = drain(&mut uplink, now);
            assert_eq!(sent.len(), 1);
            assert_eq!(
                sent[0].rtp_timestamp,
                (u32::MAX - 159).wrapping_add(number * 160)
            );
            now += Duration::from_millis(20);
        }
    }

    #[test]
    fn a_burst_goes_out_at_twice_the_speed_of_speech() {
        let start = Instant::now();
        let mut uplink = Uplink::new(Wire::Mulaw, false, 0, start);
        uplink.push(&[LOUD; FRAME_LEN * 25], start);
        assert_eq!(drain(&mut uplink, start).len(), 5);
        let (mut now, mut sent) = (start, 5);
        while let Some(next) = uplink.deadline(now) {
            assert!(next > now);
            now = next;
            sent += drain(&mut uplink, now).len();
        }
        assert_eq!(sent, 25);
        let took = now - start;
        assert!((195..=205).contains(&took.as_millis()), "{took:?}");
    }

    #[test]
    fn more_than_five_seconds_is_not_kept() {
        let now = Instant::now();
        let mut uplink = Uplink::new(Wire::Mulaw, false, 0, now);
        uplink.push(&vec![LOUD; FRAME_LEN * 300], now);
        assert_eq!(uplink.take_dropped(), 50);
        assert_eq!(
            uplink.poll(now).unwrap().rtp_timestamp,
            50 * 160,
            "the oldest went"
        );
    }

    #[test]
    fn the_clock_runs_on_through_a_pause() {
        let mut now = Instant::now();
        let mut uplink = Uplink::new(Wire::Mulaw, true, 0, now);
        uplink.push(&[LOUD; FRAME_LEN], now);
        now += Duration::from_secs(2);
        uplink.push(&[LOUD; FRAME_LEN], now);
        let stamps: Vec<u32> = drain(&mut uplink, now)
            .iter()
            .map(|packet| packet.rtp_timestamp)
            .collect();
        assert_eq!(stamps, [0, 160 + 100 * 160]);
    }

    #[test]
    fn opus_packets_stay_whole_and_their_clock_goes_by_their_length() {
        let mut now = Instant::now();
        let mut uplink = Uplink::new(Wire::Opus, true, 0, now);
        let lengths_ms = [20_u32, 60, 10, 120, 20];
        let packets = [
            vec![31 << 3, 1],
            vec![3 << 3, 2],
            vec![30 << 3, 3],
            vec![31 << 3 | 3, 6, 4],
            vec![31 << 3, 5],
        ];
        let mut expected = 0;
        for (packet, ms) in packets.iter().zip(lengths_ms) {
            uplink.push(packet, now);
            let sent = drain(&mut uplink, now);
            assert_eq!(sent.len(), 1);
            assert_eq!(sent[0].payload, packet);
            assert_eq!(sent[0].rtp_timestamp, expected);
            expected += ms * 48;
            now += Duration::from_millis(ms.into());
        }
    }

    #[test]
    fn pcm_is_cut_into_frames_of_its_rate_on_the_clock_of_opus() {
        let now = Instant::now();
        let wire = Wire::Pcm(casp_audio::SampleRate::Hz16000);
        let mut uplink = Uplink::new(wire, false, 0, now);
        uplink.push(&[1; 3 * 640 - 2], now);
        let sent = drain(&mut uplink, now);
        assert_eq!(sent.len(), 2);
        assert_eq!((sent[1].payload.len(), sent[1].rtp_timestamp), (640, 960));
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_or_moved(sizes in proptest::collection::vec(0..700_usize, 1..40)) {
            let now = Instant::now();
            let mut uplink = Uplink::new(Wire::Mulaw, false, 0, now);
            let total: usize = sizes.iter().sum();
            let audio: Vec<u8> = (0..total).map(|index| (index % 251) as u8).collect();
            let (mut at, mut clock, mut heard) = (0, now, Vec::new());
            for size in sizes {
                uplink.push(&audio[at..at + size], clock);
                at += size;
                clock += Duration::from_millis(100);
                for packet in drain(&mut uplink, clock) {
                    prop_assert_eq!(packet.rtp_timestamp as usize, heard.len());
                    heard.extend_from_slice(&packet.payload);
                }
            }
            clock += Duration::from_secs(10);
            while let Some(packet) = uplink.poll(clock) {
                heard.extend_from_slice(&packet.payload);
                clock += Duration::from_millis(20);
            }
            prop_assert_eq!(&heard[..], &audio[..total / FRAME_LEN * FRAME_LEN]);
        }
    }
}
