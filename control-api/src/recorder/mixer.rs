//! Voices added up to one, 20 ms at a time, whatever the order and the jitter in which their packets come. Sans-IO: the
//! caller asks for a frame every 20 ms.

use std::collections::{HashMap, VecDeque};

/// Of what goes in and comes out.
pub(super) const SAMPLE_RATE_HZ: u32 = 16_000;
/// 20 ms.
pub(super) const FRAME: usize = SAMPLE_RATE_HZ as usize / 50;
/// A voice begins when this much of it is there: what comes later than its turn by less leaves no gap.
const CUSHION: usize = 3 * FRAME;
/// Or when it has waited for so many frames.
const LONGEST_WAIT: u32 = 4;
/// More than this waits only after a burst: the oldest goes.
const MOST: usize = SAMPLE_RATE_HZ as usize;

/// One voice.
#[derive(Debug, Default)]
struct Voice {
    samples: VecDeque<i16>,
    is_flowing: bool,
    waited: u32,
}

impl Voice {
    fn may_flow(&mut self) -> bool {
        if !self.is_flowing && !self.samples.is_empty() {
            self.waited += 1;
            self.is_flowing = self.samples.len() >= CUSHION || self.waited > LONGEST_WAIT;
        }
        self.is_flowing
    }
}

/// Adds voices up.
#[derive(Debug, Default)]
pub(super) struct Mixer {
    voices: HashMap<u64, Voice>,
}

impl Mixer {
    /// More of a voice, at [`SAMPLE_RATE_HZ`].
    pub(super) fn push(&mut self, voice: u64, pcm: &[i16]) {
        let voice = self.voices.entry(voice).or_default();
        voice.samples.extend(pcm);
        if voice.samples.len() > MOST {
            let surplus = voice.samples.len() - CUSHION;
            voice.samples.drain(..surplus);
        }
    }

    /// Nothing more comes of a voice; what is there of it is cut.
    pub(super) fn remove(&mut self, voice: u64) {
        self.voices.remove(&voice);
    }

    /// The next 20 ms of all.
    pub(super) fn frame(&mut self) -> [i16; FRAME] {
        let mut sum = [0_i32; FRAME];
        for voice in self.voices.values_mut() {
            if !voice.may_flow() {
                continue;
            }
            let count = voice.samples.len().min(FRAME);
            for (sum, sample) in sum.iter_mut().zip(voice.samples.drain(..count)) {
                *sum += i32::from(sample);
            }
            if voice.samples.is_empty() {
                (voice.is_flowing, voice.waited) = (false, 0);
            }
        }
        sum.map(|sample| sample.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(mixer: &mut Mixer, count: usize) -> Vec<i16> {
        (0..count).flat_map(|_| mixer.frame()).collect()
    }

    #[test]
    fn voices_are_added_up_and_clipped() {
        let mut mixer = Mixer::default();
        mixer.push(1, &[1_000; CUSHION]);
        mixer.push(2, &[-300; CUSHION]);
        assert_eq!(mixer.frame(), [700; FRAME]);
        let mut mixer = Mixer::default();
        mixer.push(1, &[30_000; CUSHION]);
        mixer.push(2, &[30_000; CUSHION]);
        assert_eq!(mixer.frame(), [i16::MAX; FRAME]);
    }

    #[test]
    fn jitter_below_the_cushion_leaves_no_gap() {
        let mut mixer = Mixer::default();
        let mut heard = Vec::new();
        // A packet each 20 ms, but every other one comes 20 ms late, together with the next.
        for turn in 0..50 {
            if turn % 2 == 1 {
                mixer.push(1, &[5; 2 * FRAME]);
            }
            heard.extend(mixer.frame());
        }
        let begin = heard.iter().position(|sample| *sample != 0).unwrap();
        assert!(begin <= 4 * FRAME, "{begin}");
        assert!(heard[begin..].iter().all(|sample| *sample == 5));
    }

    #[test]
    fn a_short_word_comes_too() {
        let mut mixer = Mixer::default();
        mixer.push(1, &[7; FRAME]);
        let heard = frames(&mut mixer, 10);
        assert_eq!(heard.iter().filter(|sample| **sample == 7).count(), FRAME);
    }

    #[test]
    fn a_burst_is_cut_to_its_end() {
        let mut mixer = Mixer::default();
        mixer.push(1, &vec![1; MOST]);
        mixer.push(1, &[2; CUSHION]);
        assert_eq!(frames(&mut mixer, 4)[..CUSHION], [2; CUSHION]);
    }

    #[test]
    fn who_has_left_is_silent() {
        let mut mixer = Mixer::default();
        mixer.push(1, &[1; CUSHION]);
        mixer.remove(1);
        assert_eq!(mixer.frame(), [0; FRAME]);
    }
}
