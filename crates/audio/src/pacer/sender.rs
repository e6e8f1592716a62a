//! The paced sender.

use super::queue::SpeechQueue;
use super::schedule::{FRAME, Schedule};
use crate::{AudioError, Result, SampleRate};
use std::time::{Duration, Instant};

/// Settings of a [`Pacer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacerOptions {
    /// Rate of the PCM, which is the encoder's.
    pub sample_rate: SampleRate,
    /// Ticks of the RTP clock a second: 48,000 for Opus, 8,000 for μ-law.
    pub rtp_clock_rate_hz: u32,
    /// RTP timestamp of the first frame.
    pub first_rtp_timestamp: u32,
    /// Audio that must wait before an utterance begins (a shorter, finished one begins anyway).
    pub prebuffer: Duration,
    /// How late a frame may be sent in its place; later, the schedule starts anew.
    pub max_catch_up: Duration,
    /// How long missing audio is waited for before the gap is made up of silence.
    pub underrun_grace: Duration,
    /// Silence sent after speech stops, so that hearers' jitter buffers don't make up 100 ms of
    /// sound that was never there.
    pub tail_frames: u8,
    /// Length of the fade to that silence when speech is paused or cut.
    pub fade_out: Duration,
    /// The most that may wait.
    pub max_queued: Duration,
}

impl PacerOptions {
    /// For a track of this rate and RTP clock.
    pub fn new(sample_rate: SampleRate, rtp_clock_rate_hz: u32) -> Self {
        Self {
            sample_rate,
            rtp_clock_rate_hz,
            first_rtp_timestamp: 0,
            prebuffer: FRAME * 2,
            max_catch_up: FRAME * 3,
            underrun_grace: FRAME,
            tail_frames: 5,
            fade_out: Duration::from_millis(5),
            max_queued: Duration::from_mins(2),
        }
    }
}

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// Speech that was pushed.
    Speech {
        /// The last of its utterance: it has been played when this frame has.
        ends_utterance: bool,
    },
    /// Silence after speech; after a pause or a cut it begins with a short fade.
    Tail,
}

/// A frame that is due.
#[derive(Debug, PartialEq, Eq)]
pub struct FrameSlot<'a> {
    /// 20 ms.
    pub pcm: &'a [i16],
    /// On the wire's clock.
    pub rtp_timestamp: u32,
    /// The first after a gap (RTP marker).
    pub starts_talkspurt: bool,
    /// What it is.
    pub kind: FrameKind,
    /// When it was due.
    pub due: Instant,
}

/// What [`Pacer::cut`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutSpeech {
    /// Samples of the utterance in play that were sent.
    pub played_samples: u64,
    /// Samples that never will be.
    pub dropped_samples: u64,
}

/// Counts since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PacerStats {
    /// Frames of speech given out.
    pub speech_frames: u64,
    /// Times that speech ran dry before its end: text-to-speech was slower than real time.
    pub underruns: u64,
    /// Silence in such gaps.
    pub underrun_time: Duration,
    /// Times that the sender woke too late to catch up.
    pub re_anchors: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tail {
    /// Speech was sent last: all of it is still owed.
    Owed,
    /// Frames of silence left; none is also where it begins.
    Left(u8),
}

/// Paces one track. See the [module](super).
#[derive(Debug)]
pub struct Pacer {
    options: PacerOptions,
    queue: SpeechQueue,
    schedule: Schedule,
    frame: Vec<i16>,
    /// The fade that the next tail begins with; empty when there is none.
    fade: Vec<i16>,
    tail: Tail,
    is_paused: bool,
    /// When speech ran dry.
    dry_since: Option<Instant>,
    stats: PacerStats,
}

impl Pacer {
    /// With nothing to say.
    pub fn new(options: PacerOptions) -> Self {
        let frame_samples = options.sample_rate.frame_samples();
        Self {
            queue: SpeechQueue::new(frame_samples),
            schedule: Schedule::new(options.rtp_clock_rate_hz, options.first_rtp_timestamp),
            frame: vec![0; frame_samples],
            fade: Vec::with_capacity(frame_samples),
            tail: Tail::Left(0),
            is_paused: false,
            dry_since: None,
            stats: PacerStats::default(),
            options,
        }
    }

    /// Takes more of the utterance; begins one if the last was finished.
    ///
    /// # Errors
    /// `QueueFull` when `max_queued` would be exceeded; nothing is taken then. Wait until
    /// [`Self::queued`] has fallen.
    pub fn push(&mut self, now: Instant, pcm: &[i16]) -> Result<()> {
        let limit = self.samples(self.options.max_queued);
        let queued = self.queue.len();
        if queued + pcm.len() > limit {
            return Err(AudioError::QueueFull { queued, limit });
        }
        self.queue.push(pcm);
        self.start_if_ready(now);
        Ok(())
    }

    /// The utterance is complete: its last frame is filled up with silence. Without an utterance
    /// this does nothing. Returns whether frames are still to come; when not, no frame will say
    /// `ends_utterance`, since all had been sent before its end was known.
    pub fn finish(&mut self, now: Instant) -> bool {
        self.queue.finish();
        let is_more_to_come = self.queue.len() > 0;
        if !is_more_to_come {
            // Ended, not dry: what was missing was nothing.
            self.dry_since = None;
        }
        self.start_if_ready(now);
        is_more_to_come
    }

    /// Stops in mid-word, keeping the rest. A tail with a fade follows if speech was being sent.
    pub fn pause(&mut self) {
        if !self.is_paused {
            self.is_paused = true;
            self.dry_since = None;
            self.prepare_fade();
        }
    }

    /// Goes on where [`Self::pause`] stopped.
    pub fn resume(&mut self, now: Instant) {
        if self.is_paused {
            self.is_paused = false;
            self.fade.clear();
            self.start_if_ready(now);
        }
    }

    /// Drops everything that was not sent, and ends a pause. A tail with a fade follows if speech
    /// was being sent.
    pub fn cut(&mut self) -> CutSpeech {
        if !self.is_paused {
            self.prepare_fade();
        }
        self.is_paused = false;
        self.dry_since = None;
        let dropped_samples = self.queue.clear();
        CutSpeech {
            played_samples: self.queue.played(),
            dropped_samples,
        }
    }

    /// When [`Self::poll`] is to be called next; `None` until something is pushed or resumed.
    pub fn next_deadline(&self) -> Option<Instant> {
        let due = self.schedule.next_due()?;
        Some(if self.is_waiting() {
            due + self.options.underrun_grace
        } else {
            due
        })
    }

    /// The next frame, if it is due. Call until it gives `None`: after a late wake-up several are.
    pub fn poll(&mut self, now: Instant) -> Option<FrameSlot<'_>> {
        if self.next_deadline()? > now {
            return None;
        }
        let due = self.schedule.next_due()?;
        let has_speech = self.has_speech();
        if !has_speech {
            self.note_underrun(due);
            if self.tail_frames_left() == 0 {
                self.schedule.stop();
                return None;
            }
        }
        if now - due > self.options.max_catch_up {
            self.stats.re_anchors += 1;
            self.schedule.re_anchor(now);
        }
        let (due, rtp_timestamp, starts_talkspurt) = self.schedule.advance()?;
        let kind = if has_speech {
            self.fill_speech(due)
        } else {
            self.fill_tail()
        };
        Some(FrameSlot {
            pcm: &self.frame,
            rtp_timestamp,
            starts_talkspurt,
            kind,
            due,
        })
    }

    /// Samples sent of the utterance that was played last.
    pub fn played_samples(&self) -> u64 {
        self.queue.played()
    }

    /// The same as time.
    pub fn played(&self) -> Duration {
        Duration::from_micros(
            self.queue.played() * 1_000_000 / u64::from(self.options.sample_rate.hz()),
        )
    }

    /// Speech that waits, as time.
    pub fn queued(&self) -> Duration {
        let rate = u64::from(self.options.sample_rate.hz());
        Duration::from_micros(self.queue.len() as u64 * 1_000_000 / rate)
    }

    /// Whether speech waits or more is to come.
    pub fn is_speaking(&self) -> bool {
        self.queue.len() > 0 || self.queue.is_open()
    }

    /// Whether [`Self::pause`] holds.
    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Whether speech has run dry: the agent is silent in mid-sentence.
    pub fn is_dry(&self) -> bool {
        self.dry_since.is_some()
    }

    /// Counts since the start.
    pub fn stats(&self) -> PacerStats {
        self.stats
    }

    fn samples(&self, time: Duration) -> usize {
        (time.as_micros() * u128::from(self.options.sample_rate.hz()) / 1_000_000) as usize
    }

    fn has_speech(&self) -> bool {
        !self.is_paused && self.queue.has_frame()
    }

    /// Whether the next frame is missing but may still come in time.
    fn is_waiting(&self) -> bool {
        !self.is_paused
            && self.tail == Tail::Owed
            && self.queue.is_open()
            && !self.queue.has_frame()
    }

    fn start_if_ready(&mut self, now: Instant) {
        let is_enough = !self.queue.is_open()
            || self.queue.len() >= self.samples(self.options.prebuffer).max(1);
        if self.has_speech() && is_enough {
            self.schedule.start(now);
        }
    }

    fn note_underrun(&mut self, due: Instant) {
        if self.is_waiting() && self.dry_since.is_none() {
            self.stats.underruns += 1;
            self.dry_since = Some(due);
        }
    }

    fn prepare_fade(&mut self) {
        // Only what sounds can fade: speech in this schedule, not yet followed by a tail.
        if self.tail == Tail::Owed {
            let length = self.samples(self.options.fade_out).min(self.queue.len());
            self.fade.resize(length.min(self.frame.len()), 0);
            self.queue.copy_fading(&mut self.fade);
        }
    }

    fn tail_frames_left(&self) -> u8 {
        match self.tail {
            Tail::Owed => self.options.tail_frames,
            Tail::Left(frames) => frames,
        }
    }

    fn fill_speech(&mut self, due: Instant) -> FrameKind {
        if let Some(since) = self.dry_since.take() {
            self.stats.underrun_time += due.saturating_duration_since(since);
        }
        self.tail = Tail::Owed;
        self.fade.clear();
        self.stats.speech_frames += 1;
        let ends_utterance = self.queue.take_frame(&mut self.frame);
        FrameKind::Speech { ends_utterance }
    }

    fn fill_tail(&mut self) -> FrameKind {
        self.tail = Tail::Left(self.tail_frames_left() - 1);
        self.frame.fill(0);
        self.frame[..self.fade.len()].copy_from_slice(&self.fade);
        self.fade.clear();
        FrameKind::Tail
    }
}
