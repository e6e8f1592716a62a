//! Sends speech and not silence: half of a call's packets, and half of its cost, are nobody speaking.
//!
//! The gate never clips an onset: it opens on the first frame above the threshold, and the three frames before it
//! are sent too. It closes after 300 ms of quiet, with five frames of digital silence, which cut the receiver's
//! concealment tail short.

use super::wire::Wire;
use bytes::Bytes;
use casp_room::OutgoingPacket;
use std::collections::VecDeque;

/// Frames before an onset that are sent with it (60 ms: a soft consonant).
const PRE_ROLL: usize = 3;
/// Quiet frames that are still sent after sound (300 ms: a pause between words).
const HANGOVER: u32 = 15;
/// Frames of digital silence before sending stops.
const TAIL: u32 = 5;
/// Mean μ-law magnitude code (0–127) above which a frame counts as sound. The codes are linear near zero, 8 of
/// 32,767 apart, so 4 is about −58 dB of full scale: below any speech on a telephone line, above its idle noise.
const THRESHOLD: u32 = 4;

/// 20 ms of digital silence in μ-law.
static SILENCE: [u8; 160] = [0xFF; 160];
/// 20 ms of digital silence in PCM of the highest rate.
static PCM_SILENCE: [u8; 1_920] = [0; 1_920];

#[derive(Debug, Clone, Copy)]
enum State {
    /// Nothing is sent.
    Closed,
    /// Everything is sent; so many frames in a row were quiet.
    Open { quiet: u32 },
    /// Digital silence is sent, so many frames more.
    Closing { left: u32 },
}

/// The gate. It takes frames of μ-law or PCM with their place on the RTP clock.
#[derive(Debug)]
pub(crate) struct SpeechGate {
    wire: Wire,
    state: State,
    held: VecDeque<OutgoingPacket>,
}

impl SpeechGate {
    /// Closed.
    pub(crate) fn new(wire: Wire) -> Self {
        Self {
            wire,
            state: State::Closed,
            held: VecDeque::with_capacity(PRE_ROLL + 1),
        }
    }

    /// Takes the next frame; what is to be sent is appended to `out`.
    pub(crate) fn push(
        &mut self,
        rtp_timestamp: u32,
        payload: Bytes,
        out: &mut VecDeque<OutgoingPacket>,
    ) {
        let is_loud = match self.wire {
            Wire::Pcm(_) => is_pcm_sound(&payload),
            Wire::Mulaw | Wire::Opus => is_sound(&payload),
        };
        let packet = OutgoingPacket {
            payload,
            rtp_timestamp,
            starts_talkspurt: false,
        };
        self.state = match self.state {
            State::Closed if is_loud => {
                self.held.push_back(packet);
                if let Some(first) = self.held.front_mut() {
                    first.starts_talkspurt = true;
                }
                out.append(&mut self.held);
                State::Open { quiet: 0 }
            }
            State::Closed => {
                if self.held.len() == PRE_ROLL {
                    self.held.pop_front();
                }
                self.held.push_back(packet);
                State::Closed
            }
            State::Open { .. } | State::Closing { .. } if is_loud => {
                out.push_back(packet);
                State::Open { quiet: 0 }
            }
            State::Open { quiet } if quiet < HANGOVER => {
                out.push_back(packet);
                State::Open { quiet: quiet + 1 }
            }
            State::Open { .. } => self.close_further(rtp_timestamp, TAIL, out),
            State::Closing { left } => self.close_further(rtp_timestamp, left, out),
        };
    }

    fn close_further(
        &self,
        rtp_timestamp: u32,
        left: u32,
        out: &mut VecDeque<OutgoingPacket>,
    ) -> State {
        let silence = match self.wire {
            Wire::Pcm(rate) => &PCM_SILENCE[..2 * rate.frame_samples()],
            Wire::Mulaw | Wire::Opus => &SILENCE[..],
        };
        out.push_back(OutgoingPacket {
            payload: Bytes::from_static(silence),
            rtp_timestamp,
            starts_talkspurt: false,
        });
        match left - 1 {
            0 => State::Closed,
            left => State::Closing { left },
        }
    }
}

/// Whether a frame of μ-law is louder than the threshold. The inverted low seven bits are the magnitude code.
fn is_sound(mulaw: &[u8]) -> bool {
    let sum: u32 = mulaw.iter().map(|byte| u32::from(!byte & 0x7F)).sum();
    sum > THRESHOLD * mulaw.len() as u32
}

/// The same for PCM: a step of μ-law near zero is 8.
fn is_pcm_sound(pcm: &[u8]) -> bool {
    let samples = pcm.chunks_exact(2);
    let limit = u64::from(8 * THRESHOLD) * samples.len() as u64;
    let sum: u64 = samples
        .map(|pair| u64::from(i16::from_le_bytes([pair[0], pair[1]]).unsigned_abs()))
        .sum();
    sum > limit
}

#[cfg(test)]
mod tests {
    use super::*;

    /// μ-law of about ±1,000 of 32,767.
    const LOUD: u8 = 0xCE;
    const QUIET: u8 = 0xFE;

    struct Rig {
        gate: SpeechGate,
        number: u32,
        sent: VecDeque<OutgoingPacket>,
    }

    impl Rig {
        fn new() -> Self {
            Self {
                gate: SpeechGate::new(Wire::Mulaw),
                number: 0,
                sent: VecDeque::new(),
            }
        }
        fn push(&mut self, level: u8, count: usize) {
            for _ in 0..count {
                let payload = Bytes::from(vec![level; 160]);
                self.gate.push(self.number * 160, payload, &mut self.sent);
                self.number += 1;
            }
        }
        fn sent(&mut self) -> Vec<(u32, u8, bool)> {
            self.sent
                .drain(..)
                .map(|packet| {
                    let number = packet.rtp_timestamp / 160;
                    (number, packet.payload[0], packet.starts_talkspurt)
                })
                .collect()
        }
    }

    #[test]
    fn silence_is_not_sent() {
        let mut rig = Rig::new();
        rig.push(QUIET, 1_000);
        rig.push(0xFF, 1_000);
        assert_eq!(rig.sent(), []);
    }

    #[test]
    fn an_onset_comes_with_the_frames_before_it() {
        let mut rig = Rig::new();
        rig.push(QUIET, 10);
        rig.push(LOUD, 2);
        assert_eq!(
            rig.sent(),
            [
                (7, QUIET, true),
                (8, QUIET, false),
                (9, QUIET, false),
                (10, LOUD, false),
                (11, LOUD, false)
            ]
        );
    }

    #[test]
    fn the_very_first_frame_may_be_speech() {
        let mut rig = Rig::new();
        rig.push(LOUD, 1);
        assert_eq!(rig.sent(), [(0, LOUD, true)]);
    }

    #[test]
    fn pauses_between_words_are_sent_and_long_ones_end_with_digital_silence() {
        let mut rig = Rig::new();
        rig.push(LOUD, 1);
        rig.push(QUIET, 15);
        assert!(rig.sent().iter().skip(1).all(|frame| frame.1 == QUIET));
        rig.push(QUIET, 5);
        assert_eq!(
            rig.sent(),
            (16..21)
                .map(|number| (number, 0xFF, false))
                .collect::<Vec<_>>()
        );
        rig.push(QUIET, 50);
        assert_eq!(rig.sent(), []);
    }

    #[test]
    fn speech_while_closing_goes_on_without_a_gap() {
        let mut rig = Rig::new();
        rig.push(LOUD, 1);
        rig.push(QUIET, 17);
        rig.sent();
        rig.push(LOUD, 1);
        assert_eq!(rig.sent(), [(18, LOUD, false)]);
    }

    #[test]
    fn soft_speech_is_sound_and_line_noise_is_not() {
        let alternating = |codes: [u8; 2]| {
            (0..160)
                .map(|index| 0xFF ^ codes[index % 2])
                .collect::<Vec<u8>>()
        };
        assert!(!is_sound(&alternating([1, 2])), "about -70 dB");
        assert!(is_sound(&alternating([12, 14])), "about -50 dB");
    }

    #[test]
    fn pcm_is_gated_at_the_same_level() {
        let of = |sample: i16| sample.to_le_bytes().repeat(320);
        assert!(!is_pcm_sound(&of(10)));
        assert!(is_pcm_sound(&of(-100)));
        let wire = Wire::Pcm(casp_audio::SampleRate::Hz16000);
        let (mut gate, mut out) = (SpeechGate::new(wire), VecDeque::new());
        for level in [1_000].into_iter().chain([0; 30]) {
            gate.push(0, of(level).into(), &mut out);
        }
        assert_eq!(out.len(), 1 + HANGOVER as usize + TAIL as usize);
        assert!(out.iter().all(|packet| packet.payload.len() == 640));
    }
}
