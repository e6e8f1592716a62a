//! What the agent says, for the echo cancellers of those it hears.
//!
//! A canceller looks for the one in the other, so it wants both as streams of one clock: for every 10 ms that a
//! microphone sent, the 10 ms that the agent sent at that time, silence included. The mouth sends speech only; so what
//! was said is kept with its time, and an ear reads on from where it stopped, a little behind the present. It jumps only
//! where the microphone's packets have really paused.

use super::recording::SAMPLE_RATE_HZ;
use casp_audio::{AudioError, resample::Resampler};
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::broadcast;

/// A little over a second of speech. An ear that hears nothing for so long misses the older pieces: what was said then
/// echoes no more.
const PIECES: usize = 64;
/// How far behind the present an ear reads, so that what it reads has been said; no echo comes sooner.
const BEHIND: Duration = Duration::from_millis(60);
/// Packets may come this much earlier than those before them until the ear falls further behind.
const EARLY: Duration = Duration::from_millis(40);
/// After a pause of this length a microphone's packets are read where they belong by the clock.
const LATE: Duration = Duration::from_millis(40);
/// Kept for an ear: the second that a canceller could look back, and what is ahead of it.
const KEPT_SAMPLES: usize = 2 * SAMPLE_RATE_HZ as usize;

/// A piece of speech at 16 kHz, and when its first sample was sent.
#[derive(Debug, Clone)]
pub(super) struct Said {
    at: Instant,
    pcm: Arc<[i16]>,
}

/// Where ears take the reference from.
pub(super) type ReferenceTap = broadcast::Sender<Said>;

/// A tap that nobody feeds yet.
pub(super) fn tap() -> ReferenceTap {
    broadcast::Sender::new(PIECES)
}

/// The mouth's end: takes what is sent at the track's rate.
#[derive(Debug)]
pub(super) struct ReferenceFeed {
    tap: ReferenceTap,
    resampler: Option<Resampler>,
    pcm: Vec<i16>,
}

impl ReferenceFeed {
    pub(super) fn new(tap: ReferenceTap) -> Self {
        Self {
            tap,
            resampler: None,
            pcm: Vec::new(),
        }
    }

    /// The agent sent these samples at that time.
    ///
    /// # Errors
    /// `SampleRate` for a rate that cannot be converted.
    pub(super) fn spoke(
        &mut self,
        at: Instant,
        pcm: &[i16],
        sample_rate_hz: u32,
    ) -> Result<(), AudioError> {
        self.pcm.clear();
        if sample_rate_hz == SAMPLE_RATE_HZ {
            self.pcm.extend_from_slice(pcm);
        } else {
            let resampler = match &mut self.resampler {
                Some(resampler) if resampler.from_hz() == sample_rate_hz => resampler,
                other => other.insert(Resampler::new(sample_rate_hz, SAMPLE_RATE_HZ)?),
            };
            resampler.process(pcm, &mut self.pcm);
        }
        let pcm = self.pcm.as_slice().into();
        // Nobody may be listening; then it is for nobody.
        let _ = self.tap.send(Said { at, pcm });
        Ok(())
    }
}

/// The ear's end: silence where nothing was said. Positions are samples since it began.
#[derive(Debug)]
pub(super) struct ReferenceEar {
    said: broadcast::Receiver<Said>,
    began: Instant,
    /// What was said from `first` on.
    samples: VecDeque<i16>,
    first: u64,
    /// Where the last piece ended, and the time of what follows it without a gap.
    end: Option<(u64, Instant)>,
    /// What is read next.
    next: Option<u64>,
}

impl ReferenceEar {
    pub(super) fn new(tap: &ReferenceTap, now: Instant) -> Self {
        Self {
            said: tap.subscribe(),
            // Times before it have positions too.
            began: now.checked_sub(Duration::from_secs(1)).unwrap_or(now),
            samples: VecDeque::new(),
            first: 0,
            end: None,
            next: None,
        }
    }

    /// What the agent said while a microphone took what was sent until `at`: as many samples as `out` has.
    pub(super) fn read(&mut self, at: Instant, out: &mut [i16]) {
        while let Ok(said) = self.said.try_recv().or_else(|error| match error {
            // The next one is there.
            broadcast::error::TryRecvError::Lagged(_) => self.said.try_recv(),
            other => Err(other),
        }) {
            self.keep(&said);
        }
        let mut position = self.position(at, out.len() as u64);
        for sample in &mut *out {
            let kept = position.checked_sub(self.first);
            let kept = kept.and_then(|index| self.samples.get(usize::try_from(index).ok()?));
            *sample = kept.copied().unwrap_or(0);
            position += 1;
        }
        self.next = Some(position);
    }

    /// Where to read `count` samples that were sent until `at`: where the last ones ended, unless that is too far from
    /// where they would be by the clock.
    fn position(&self, at: Instant, count: u64) -> u64 {
        let by_clock = samples_in(
            at.saturating_duration_since(self.began)
                .saturating_sub(BEHIND),
        );
        let by_clock = by_clock.saturating_sub(count);
        match self.next {
            Some(next)
                if next <= by_clock + samples_in(EARLY) && by_clock <= next + samples_in(LATE) =>
            {
                next
            }
            _ => by_clock,
        }
    }

    /// Puts a piece where it belongs: behind the last one, or, after a silence, where the clock says.
    fn keep(&mut self, said: &Said) {
        let start = match self.end {
            Some((end, expected)) if difference(said.at, expected) < BEHIND => end,
            _ => samples_in(said.at.saturating_duration_since(self.began)),
        };
        let count = said.pcm.len() as u64;
        let duration = Duration::from_micros(count * 1_000_000 / u64::from(SAMPLE_RATE_HZ));
        let end = self.first + self.samples.len() as u64;
        match start.checked_sub(end) {
            Some(gap) if gap <= KEPT_SAMPLES as u64 => {
                self.samples.extend(std::iter::repeat_n(0, gap as usize));
            }
            // Long silence, or a clock that has jumped: what was before is forgotten.
            _ if start != end => {
                self.samples.clear();
                self.first = start;
            }
            _ => {}
        }
        self.samples.extend(said.pcm.iter());
        let excess = self.samples.len().saturating_sub(KEPT_SAMPLES);
        self.samples.drain(..excess);
        self.first += excess as u64;
        self.end = Some((start + count, said.at + duration));
    }
}

fn difference(one: Instant, other: Instant) -> Duration {
    one.saturating_duration_since(other)
        .max(other.saturating_duration_since(one))
}

fn samples_in(time: Duration) -> u64 {
    let samples = time.as_micros() * u128::from(SAMPLE_RATE_HZ) / 1_000_000;
    u64::try_from(samples).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: usize = 320;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// Frame n of speech is all n.
    fn speak(feed: &mut ReferenceFeed, start: Instant, frames: std::ops::Range<u64>) {
        for n in frames {
            let frame = [n as i16; FRAME];
            feed.spoke(start + ms(20 * n), &frame, SAMPLE_RATE_HZ)
                .unwrap();
        }
    }

    fn read(ear: &mut ReferenceEar, at: Instant) -> [i16; FRAME] {
        let mut out = [-1; FRAME];
        ear.read(at, &mut out);
        out
    }

    #[test]
    fn silence_is_read_where_nothing_was_said() {
        let (start, tap) = (Instant::now(), tap());
        let mut ear = ReferenceEar::new(&tap, start);
        let mut feed = ReferenceFeed::new(tap);
        assert_eq!(read(&mut ear, start + ms(20)), [0; FRAME]);
        speak(&mut feed, start, 5..10);
        let mut heard = Vec::new();
        for n in 2..20 {
            heard.push(read(&mut ear, start + ms(20 * n))[0]);
        }
        // What was received at n × 20 ms began 20 ms before, and is read 60 ms behind.
        let expected = [0, 0, 0, 0, 0, 0, 0, 5, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0];
        assert_eq!(heard, expected);
    }

    #[test]
    fn a_clock_that_trembles_reads_a_stream_without_gaps() {
        let (start, tap) = (Instant::now(), tap());
        let mut ear = ReferenceEar::new(&tap, start);
        let mut feed = ReferenceFeed::new(tap);
        let mut heard = Vec::new();
        for n in 1..50 {
            speak(&mut feed, start, n - 1..n);
            heard.push(read(&mut ear, start + ms(20 * n + 7 * (n % 4)))[160]);
        }
        let spoken: Vec<_> = heard.into_iter().skip_while(|n| *n == 0).collect();
        assert!(spoken.len() > 40, "{spoken:?}");
        assert!(
            spoken.windows(2).all(|two| two[1] == two[0] + 1),
            "{spoken:?}"
        );
    }

    #[test]
    fn after_a_pause_of_the_microphone_it_reads_the_present_again() {
        let (start, tap) = (Instant::now(), tap());
        let mut ear = ReferenceEar::new(&tap, start);
        let mut feed = ReferenceFeed::new(tap);
        speak(&mut feed, start, 1..10);
        read(&mut ear, start + ms(200));
        speak(&mut feed, start, 10..60);
        assert_eq!(read(&mut ear, start + ms(20 * 60))[0], 56);
    }

    #[test]
    fn every_rate_is_read_at_16_khz() {
        for sample_rate_hz in [8_000, 16_000, 24_000, 48_000] {
            let (start, tap) = (Instant::now(), tap());
            let mut ear = ReferenceEar::new(&tap, start);
            let mut feed = ReferenceFeed::new(tap);
            let frame = vec![1_000; sample_rate_hz as usize / 50];
            for n in 0..50 {
                feed.spoke(start + ms(20 * n), &frame, sample_rate_hz)
                    .unwrap();
            }
            let heard: Vec<_> = (5..50)
                .flat_map(|n| read(&mut ear, start + ms(20 * n)))
                .collect();
            let loud = heard
                .iter()
                .filter(|sample| (900..1_100).contains(*sample))
                .count();
            // All of it, but what the converter holds back at the beginning.
            assert!(loud > 42 * FRAME, "{sample_rate_hz}: {loud}");
        }
    }

    #[test]
    fn it_is_bounded() {
        let (start, tap) = (Instant::now(), tap());
        let mut ear = ReferenceEar::new(&tap, start);
        let mut feed = ReferenceFeed::new(tap);
        for n in 0..500 {
            speak(&mut feed, start, n..n + 1);
            read(&mut ear, start + ms(20 * n));
        }
        assert!(ear.samples.len() <= KEPT_SAMPLES);
        // Nothing is read for a long while: the older pieces are missed.
        speak(&mut feed, start, 500..700);
        assert_eq!(read(&mut ear, start + ms(20 * 700))[0], 696);
    }
}
