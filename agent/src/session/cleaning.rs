//! Cleans what one microphone sends, with the agent's own speech as reference.

use super::reference::{ReferenceEar, ReferenceTap};
use casp_audio::cleanup::{Cleanup, CleanupOptions, FRAME_SAMPLES, Likeness};
use casp_room::{AudioCodec, AudioPacket};
use std::time::{Duration, Instant};

/// Length of a packet.
const PACKET: Duration = Duration::from_millis(20);
/// A sender's clock that is further off than this has begun anew.
const LOST: Duration = Duration::from_secs(2);

/// Cleans one microphone.
pub(super) struct Cleaning {
    cleanup: Cleanup,
    reference: ReferenceEar,
    clock: SenderClock,
    likeness: Likeness,
    /// What the agent said meanwhile.
    said: Vec<i16>,
}

impl Cleaning {
    pub(super) fn new(options: &CleanupOptions, tap: &ReferenceTap, now: Instant) -> Self {
        Self {
            cleanup: Cleanup::new(options),
            reference: ReferenceEar::new(tap, now),
            clock: SenderClock::default(),
            likeness: Likeness::default(),
            said: Vec::new(),
        }
    }

    /// Cleans the sound of a packet in place.
    pub(super) fn clean(&mut self, packet: &AudioPacket, pcm: &mut [i16]) {
        let rate_hz = packet.codec.clock_rate_hz();
        let sent_at = self.clock.sent_at(
            packet.codec,
            packet.rtp_timestamp,
            rate_hz,
            packet.received_at,
        );
        if !pcm.len().is_multiple_of(FRAME_SAMPLES) {
            return;
        }
        self.said.resize(pcm.len(), 0);
        self.reference.read(sent_at + PACKET, &mut self.said);
        self.likeness.push(pcm, &self.said);
        let frames = pcm.chunks_exact_mut(FRAME_SAMPLES);
        for (frame, said) in frames.zip(self.said.chunks_exact(FRAME_SAMPLES)) {
            // Whole frames, so that neither can fail.
            let _ = self.cleanup.agent_spoke(said);
            let _ = self.cleanup.process(frame);
        }
    }

    /// Whose voice the microphone has heard lately. What is left of the agent's is an echo that the canceller has not
    /// found yet.
    pub(super) fn heard(&self) -> Heard {
        if !self.likeness.is_spoken() {
            Heard::Quiet
        } else if self.likeness.is_echo() {
            Heard::Echo
        } else {
            let likeness = self.likeness.correlation();
            Heard::Somebody { likeness }
        }
    }
}

/// Whose voice it is that a microphone hears.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Heard {
    /// The agent says nothing that could be heard: it is somebody's.
    Quiet,
    /// The agent's.
    Echo,
    /// Somebody's, while the agent speaks.
    Somebody {
        /// The correlation with what it says.
        likeness: f32,
    },
}

/// A sender's RTP clock on ours. Packets are late by as much as the network likes, but never early: the earliest tell
/// when all of them were sent.
#[derive(Debug, Default)]
struct SenderClock {
    last: Option<Reading>,
}

#[derive(Debug)]
struct Reading {
    codec: AudioCodec,
    rtp_timestamp: u32,
    sent_at: Instant,
}

impl SenderClock {
    /// When a packet was sent, as seen here: no later than it came.
    fn sent_at(
        &mut self,
        codec: AudioCodec,
        rtp_timestamp: u32,
        rate_hz: u32,
        received_at: Instant,
    ) -> Instant {
        let expected = self.last.as_ref().and_then(|last| {
            let ticks = rtp_timestamp.wrapping_sub(last.rtp_timestamp);
            let later = Duration::from_micros(u64::from(ticks) * 1_000_000 / u64::from(rate_hz));
            (last.codec == codec && later < Duration::from_mins(10)).then_some(last.sent_at + later)
        });
        let sent_at = match expected {
            Some(expected) if received_at.saturating_duration_since(expected) < LOST => {
                expected.min(received_at)
            }
            _ => received_at,
        };
        self.last = Some(Reading {
            codec,
            rtp_timestamp,
            sent_at,
        });
        sent_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn the_earliest_packets_tell_when_all_were_sent() {
        let (start, mut clock) = (Instant::now(), SenderClock::default());
        let mut sent = |n: u32, received_ms| {
            let first = u32::MAX - 300;
            let rtp_timestamp = first.wrapping_add(160 * n);
            let sent_at = clock.sent_at(
                AudioCodec::Pcmu,
                rtp_timestamp,
                8_000,
                start + ms(received_ms),
            );
            sent_at.duration_since(start).as_millis()
        };
        assert_eq!(sent(0, 50), 50);
        // Late by 30 ms, then on time: the first was late as well.
        assert_eq!(sent(1, 100), 70);
        assert_eq!(sent(2, 60), 60);
        assert_eq!(sent(3, 500), 80);
        // A pause of the sender counts.
        assert_eq!(sent(53, 1_150), 1_080);
        // A clock that has begun anew is believed.
        assert_eq!(sent(2, 10_000), 10_000);
    }
}
