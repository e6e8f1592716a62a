//! Speech waiting to be sent, utterance by utterance.

use std::collections::VecDeque;

#[derive(Debug, Default)]
struct Utterance {
    /// Samples of speech pushed.
    samples: u64,
    /// The same with the silence that fills its last frame.
    padded: u64,
    is_finished: bool,
}

/// Samples in order; an utterance ends on a frame's edge.
#[derive(Debug)]
pub(super) struct SpeechQueue {
    frame_samples: usize,
    waiting: VecDeque<i16>,
    /// The front one is being played; only the back one may be unfinished.
    utterances: VecDeque<Utterance>,
    /// Samples of the front one that were sent, padding included.
    sent: u64,
    /// Samples of the utterance played last that were sent, padding not included.
    played: u64,
}

impl SpeechQueue {
    pub(super) fn new(frame_samples: usize) -> Self {
        Self {
            frame_samples,
            waiting: VecDeque::new(),
            utterances: VecDeque::new(),
            sent: 0,
            played: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn played(&self) -> u64 {
        self.played
    }

    pub(super) fn has_frame(&self) -> bool {
        self.waiting.len() >= self.frame_samples
    }

    /// Whether more of the utterance in play is to come.
    pub(super) fn is_open(&self) -> bool {
        self.utterances
            .back()
            .is_some_and(|utterance| !utterance.is_finished)
    }

    pub(super) fn push(&mut self, pcm: &[i16]) {
        if pcm.is_empty() {
            return;
        }
        if !self.is_open() {
            self.utterances.push_back(Utterance::default());
        }
        if let Some(utterance) = self.utterances.back_mut() {
            utterance.samples += pcm.len() as u64;
            utterance.padded = utterance.samples;
        }
        self.waiting.extend(pcm);
    }

    /// Fills the last frame of the open utterance, if there is one, with silence.
    pub(super) fn finish(&mut self) {
        let Some(utterance) = self
            .utterances
            .back_mut()
            .filter(|utterance| !utterance.is_finished)
        else {
            return;
        };
        let padding = self.waiting.len().next_multiple_of(self.frame_samples) - self.waiting.len();
        utterance.padded += padding as u64;
        utterance.is_finished = true;
        self.waiting.extend(std::iter::repeat_n(0, padding));
        // Nothing left to send of it: everything went out before it was known to be the end.
        if self.waiting.is_empty() {
            self.next_utterance();
        }
    }

    /// Moves a frame to `out`; returns whether it was the last of its utterance. There must be one.
    pub(super) fn take_frame(&mut self, out: &mut [i16]) -> bool {
        for (to, from) in out.iter_mut().zip(self.waiting.drain(..self.frame_samples)) {
            *to = from;
        }
        self.sent += self.frame_samples as u64;
        let Some(utterance) = self.utterances.front() else {
            return false;
        };
        self.played = self.sent.min(utterance.samples);
        let is_last = utterance.is_finished && self.sent >= utterance.padded;
        if is_last {
            self.next_utterance();
        }
        is_last
    }

    /// Copies what comes next, fading to nothing, to the start of `out`.
    pub(super) fn copy_fading(&self, out: &mut [i16]) {
        let length = out.len() as f32;
        for (n, (to, &from)) in out.iter_mut().zip(&self.waiting).enumerate() {
            *to = (f32::from(from) * (1.0 - (n as f32 + 0.5) / length)) as i16;
        }
    }

    /// Drops everything; returns how many samples of speech were never sent.
    pub(super) fn clear(&mut self) -> u64 {
        let pushed: u64 = self
            .utterances
            .iter()
            .map(|utterance| utterance.samples)
            .sum();
        let sent = self
            .utterances
            .front()
            .map_or(0, |front| self.sent.min(front.samples));
        self.waiting.clear();
        self.utterances.clear();
        self.sent = 0;
        pushed - sent
    }

    fn next_utterance(&mut self) {
        self.utterances.pop_front();
        self.sent = 0;
    }
}
