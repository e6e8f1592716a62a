//! What of the agent's speech reaches the caller: stale frames are kept back, marks ask what was played.
//!
//! The agent tells where an utterance begins, pauses, is cut and ends, on the RTP clock of its track (`casp.event`).
//! Data and audio take different ways through the room, so either may come first. Every half second of an utterance
//! a mark `<utterance>:<ms>` follows its audio; when Twilio sends it back, that much was heard.

use casp_conversation::event::Event;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// A mark follows so much speech.
const MARK_EVERY_MS: u32 = 500;
/// At most so many marks are waited for; a far side that returns none loses the oldest.
const MOST_MARKS: usize = 64;
/// Ids are the agent's; longer ones are ignored.
const LONGEST_ID: usize = 64;
/// Timestamps further apart are not compared: the track's clock began anew.
const COMPARABLE_S: u32 = 1;
/// How long frames are held for stale on nothing but an old cut.
const STALE_FOR: Duration = Duration::from_secs(1);
/// How long the last frames of a finished utterance are waited for.
const LAST_FRAMES_WITHIN: Duration = Duration::from_millis(300);

/// One frame of the agent's track.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    /// Of its first sample.
    pub(crate) rtp_timestamp: u32,
    /// Ticks a second of that clock.
    pub(crate) clock_rate_hz: u32,
    /// Its length.
    pub(crate) ms: u32,
}

impl Frame {
    fn end(self) -> u32 {
        self.rtp_timestamp
            .wrapping_add(self.clock_rate_hz / 1_000 * self.ms)
    }

    /// Whether it is earlier than this; what cannot be compared is not.
    fn is_before(self, rtp_timestamp: u32) -> bool {
        let behind = ticks_after(rtp_timestamp, self.rtp_timestamp);
        behind > 0 && behind.unsigned_abs() <= COMPARABLE_S * self.clock_rate_hz
    }
}

/// What becomes of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Stale: the caller must not hear it.
    Drop,
    /// To be sent, and then these marks.
    Forward(Option<String>),
}

/// What an event asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// Nothing.
    Nothing,
    /// Empty the far buffer.
    Clear,
    /// Send this mark.
    Mark(String),
}

/// So much of an utterance was heard.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Played {
    /// Utterance.
    pub(crate) utterance: String,
    /// Milliseconds from its start.
    pub(crate) ms: u32,
}

#[derive(Debug)]
struct Utterance {
    id: String,
    /// Timestamp of its first frame.
    from: u32,
    ms: u32,
    marked_ms: u32,
    /// Timestamp after its last frame and when we were told, once it is finished.
    end: Option<(u32, Instant)>,
}

#[derive(Debug)]
struct Stale {
    before: u32,
    since: Instant,
    /// A new utterance has begun: what cannot be compared belongs to it.
    has_started: bool,
}

#[derive(Debug)]
struct Mark {
    name: String,
    utterance: String,
    ms: u32,
    /// When, by our model of the far buffer, the audio before it has been played.
    plays_at: Instant,
    cleared_at: Option<Instant>,
}

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Speech {
    utterance: Option<Utterance>,
    stale: Option<Stale>,
    last: Option<Frame>,
    marks: VecDeque<Mark>,
    /// When the far buffer will have run empty.
    far_end: Instant,
}

impl Speech {
    /// Nothing said yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            utterance: None,
            stale: None,
            last: None,
            marks: VecDeque::new(),
            far_end: now,
        }
    }

    /// The agent's track is another one now, with a clock of its own.
    pub(crate) fn new_track(&mut self) {
        self.utterance = None;
        self.stale = None;
        self.last = None;
    }

    /// A frame of the agent's.
    pub(crate) fn frame(&mut self, frame: Frame, now: Instant) -> Verdict {
        if self.is_stale(frame, now) {
            return Verdict::Drop;
        }
        self.last = Some(frame);
        self.far_end = self.far_end.max(now) + Duration::from_millis(u64::from(frame.ms));
        let Some(utterance) = &mut self.utterance else {
            return Verdict::Forward(None);
        };
        // The tail of what was said before is slower than this utterance's event.
        if frame.is_before(utterance.from) {
            return Verdict::Forward(None);
        }
        utterance.ms += frame.ms;
        let is_last = utterance
            .end
            .is_some_and(|(end, _)| ticks_after(frame.end(), end) >= 0);
        let is_due = utterance.ms - utterance.marked_ms >= MARK_EVERY_MS;
        Verdict::Forward((is_last || is_due).then(|| self.mark(is_last)).flatten())
    }

    fn is_stale(&mut self, frame: Frame, now: Instant) -> bool {
        let Some(stale) = &self.stale else {
            return false;
        };
        let ahead = ticks_after(frame.rtp_timestamp, stale.before);
        let is_stale = if ahead.unsigned_abs() <= COMPARABLE_S * frame.clock_rate_hz {
            ahead < 0
        } else {
            !stale.has_started && now.saturating_duration_since(stale.since) < STALE_FOR
        };
        if !is_stale && ahead >= 0 {
            self.stale = None;
        }
        is_stale
    }

    /// The mark for what has been said of the utterance so far.
    fn mark(&mut self, is_last: bool) -> Option<String> {
        let utterance = self.utterance.as_mut()?;
        utterance.marked_ms = utterance.ms;
        let mark = Mark {
            name: format!("{}:{}", utterance.id, utterance.ms),
            utterance: utterance.id.clone(),
            ms: utterance.ms,
            plays_at: self.far_end,
            cleared_at: None,
        };
        if is_last {
            self.utterance = None;
        }
        let name = mark.name.clone();
        if self.marks.len() == MOST_MARKS {
            self.marks.pop_front();
        }
        self.marks.push_back(mark);
        Some(name)
    }

    /// An event of the agent's.
    pub(crate) fn event(&mut self, event: &Event, now: Instant) -> Reaction {
        match event {
            Event::SpeechStarted {
                utterance,
                rtp_timestamp,
            } if is_id(utterance) => {
                self.started(utterance, *rtp_timestamp, now);
                Reaction::Nothing
            }
            Event::SpeechPaused {
                utterance,
                rtp_timestamp,
            } => self.stopped(utterance, *rtp_timestamp, now, false),
            Event::SpeechCut {
                utterance,
                rtp_timestamp,
            } => self.stopped(utterance, *rtp_timestamp, now, true),
            Event::SpeechFinished {
                utterance,
                rtp_timestamp,
            } => self.finished(utterance, *rtp_timestamp, now),
            _ => Reaction::Nothing,
        }
    }

    fn started(&mut self, id: &str, rtp_timestamp: u32, now: Instant) {
        if let Some(stale) = &mut self.stale {
            *stale = Stale {
                before: rtp_timestamp,
                since: now,
                has_started: true,
            };
        }
        if self
            .utterance
            .as_ref()
            .is_some_and(|current| current.id == id)
        {
            return;
        }
        // Frames that were faster than this event.
        let ms = self.last.map_or(0, |last| {
            let ticks = ticks_after(last.end(), rtp_timestamp);
            let limit = COMPARABLE_S * last.clock_rate_hz;
            let is_comparable = ticks > 0 && ticks.unsigned_abs() <= limit;
            if is_comparable {
                ticks.unsigned_abs() / (last.clock_rate_hz / 1_000)
            } else {
                0
            }
        });
        self.utterance = Some(Utterance {
            id: id.to_owned(),
            from: rtp_timestamp,
            ms,
            marked_ms: 0,
            end: None,
        });
    }

    fn stopped(&mut self, id: &str, before: u32, now: Instant, is_over: bool) -> Reaction {
        if self
            .utterance
            .as_ref()
            .is_some_and(|current| current.id != id)
        {
            return Reaction::Nothing;
        }
        self.stale = Some(Stale {
            before,
            since: now,
            has_started: false,
        });
        if is_over {
            self.utterance = None;
        }
        self.cleared(now);
        Reaction::Clear
    }

    fn finished(&mut self, id: &str, end: u32, now: Instant) -> Reaction {
        let Some(utterance) = self.utterance.as_mut().filter(|current| current.id == id) else {
            return Reaction::Nothing;
        };
        utterance.end = Some((end, now));
        let is_here = self
            .last
            .is_some_and(|last| ticks_after(last.end(), end) >= 0);
        match is_here.then(|| self.mark(true)).flatten() {
            Some(name) => Reaction::Mark(name),
            None => Reaction::Nothing,
        }
    }

    /// The far buffer is emptied now: marks of audio that was still in it mean nothing when they come back.
    pub(crate) fn cleared(&mut self, now: Instant) {
        self.far_end = now;
        for mark in &mut self.marks {
            mark.cleared_at.get_or_insert(now);
        }
    }

    /// A mark came back. Marks come in order, so those before it are settled too.
    pub(crate) fn marked(&mut self, name: &str) -> Option<Played> {
        let position = self.marks.iter().position(|mark| mark.name == name)?;
        let mark = self.marks.drain(..=position).next_back()?;
        let was_thrown_away = mark.cleared_at.is_some_and(|at| at < mark.plays_at);
        (!was_thrown_away).then_some(Played {
            utterance: mark.utterance,
            ms: mark.ms,
        })
    }

    /// When [`Self::poll`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let (_, since) = self.utterance.as_ref()?.end?;
        Some(since + LAST_FRAMES_WITHIN)
    }

    /// The last mark of an utterance whose last frames were lost.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<String> {
        self.deadline().filter(|deadline| *deadline <= now)?;
        self.mark(true)
    }

    /// When, by our model of it, the far buffer will have run empty.
    pub(crate) const fn far_end(&self) -> Instant {
        self.far_end
    }

    /// No utterance is under way, as far as we know.
    pub(crate) const fn is_finished(&self) -> bool {
        self.utterance.is_none()
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= LONGEST_ID
}

/// How far `a` is ahead of `b` on a clock that wraps.
const fn ticks_after(a: u32, b: u32) -> i32 {
    a.wrapping_sub(b) as i32
}

#[cfg(test)]
mod tests;
