//! The paced sender, to the millisecond.

use casp_audio::pacer::{CutSpeech, FrameKind, Pacer, PacerOptions};
use casp_audio::{AudioError, SampleRate};
use std::time::{Duration, Instant};

const SPEECH: FrameKind = FrameKind::Speech {
    ends_utterance: false,
};
const LAST: FrameKind = FrameKind::Speech {
    ends_utterance: true,
};

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A pacer at 8 kHz with an 8 kHz RTP clock, and a clock of its own.
struct Rig {
    pacer: Pacer,
    start: Instant,
}

/// What a frame was, without its samples: due time in ms, RTP timestamp, talkspurt, kind.
type Sent = (u64, u32, bool, FrameKind);

impl Rig {
    fn new(change: impl FnOnce(&mut PacerOptions)) -> Self {
        let mut options = PacerOptions::new(SampleRate::Hz8000, 8_000);
        change(&mut options);
        Self {
            pacer: Pacer::new(options),
            start: Instant::now(),
        }
    }

    fn at(&self, milliseconds: u64) -> Instant {
        self.start + ms(milliseconds)
    }

    fn push(&mut self, at: u64, samples: usize) {
        let pcm: Vec<i16> = (1..=samples).map(|n| n as i16).collect();
        self.pacer.push(self.at(at), &pcm).unwrap();
    }

    /// Everything due at `at`.
    fn poll(&mut self, at: u64) -> Vec<Sent> {
        let (now, start) = (self.at(at), self.start);
        std::iter::from_fn(|| {
            let slot = self.pacer.poll(now)?;
            assert_eq!(slot.pcm.len(), 160);
            let due = (slot.due - start).as_millis() as u64;
            Some((due, slot.rtp_timestamp, slot.starts_talkspurt, slot.kind))
        })
        .collect()
    }

    /// Sleeps from deadline to deadline, as its shell does, until `until`.
    fn run(&mut self, until: u64) -> Vec<Sent> {
        let mut sent = Vec::new();
        while let Some(deadline) = self.pacer.next_deadline() {
            let milliseconds = (deadline - self.start).as_millis() as u64;
            if milliseconds > until {
                break;
            }
            sent.extend(self.poll(milliseconds));
        }
        sent
    }
}

#[test]
fn an_utterance_goes_out_every_20_ms_and_is_followed_by_a_tail() {
    let mut rig = Rig::new(|options| options.tail_frames = 2);
    rig.push(100, 400);
    assert!(rig.pacer.finish(rig.at(100)));
    assert_eq!(
        rig.run(1_000),
        [
            (100, 0, true, SPEECH),
            (120, 160, false, SPEECH),
            (140, 320, false, LAST),
            (160, 480, false, FrameKind::Tail),
            (180, 640, false, FrameKind::Tail),
        ]
    );
    assert_eq!(rig.pacer.played_samples(), 400, "the padding is not speech");
    assert_eq!(rig.pacer.played(), ms(50));
    assert_eq!(rig.pacer.next_deadline(), None);
    assert!(!rig.pacer.is_speaking());
}

#[test]
fn nothing_is_due_before_something_is_pushed() {
    let mut rig = Rig::new(|_| {});
    assert_eq!(rig.pacer.next_deadline(), None);
    assert!(rig.poll(50).is_empty());
    assert!(!rig.pacer.finish(rig.at(50)), "no utterance to finish");
    assert_eq!(rig.pacer.next_deadline(), None);
}

#[test]
fn it_waits_for_its_prebuffer_but_not_for_a_short_utterance() {
    let mut rig = Rig::new(|options| options.prebuffer = ms(40));
    rig.push(0, 319);
    assert_eq!(rig.pacer.next_deadline(), None);
    rig.push(7, 1);
    assert_eq!(rig.pacer.next_deadline(), Some(rig.at(7)));

    let mut rig = Rig::new(|options| options.prebuffer = ms(40));
    rig.push(0, 10);
    rig.pacer.finish(rig.at(3));
    assert_eq!(rig.poll(3), [(3, 0, true, LAST)]);
}

#[test]
fn samples_come_out_as_they_went_in_and_the_last_frame_is_filled_with_silence() {
    let mut rig = Rig::new(|_| {});
    rig.push(0, 200);
    rig.pacer.finish(rig.at(0));
    let mut heard = Vec::new();
    for at in [0, 20] {
        heard.extend_from_slice(rig.pacer.poll(rig.start + ms(at)).unwrap().pcm);
    }
    let mut expected: Vec<i16> = (1..=200).collect();
    expected.resize(320, 0);
    assert_eq!(heard, expected);
}

#[test]
fn a_late_wake_up_delays_one_frame_and_not_those_after_it() {
    let mut rig = Rig::new(|_| {});
    rig.push(0, 1_600);
    assert_eq!(rig.poll(0).len(), 1);
    assert_eq!(rig.poll(29), [(20, 160, false, SPEECH)]);
    assert_eq!(rig.pacer.next_deadline(), Some(rig.at(40)));
    // Three frames behind: all three, at once, in their places.
    assert_eq!(
        rig.poll(99),
        [
            (40, 320, false, SPEECH),
            (60, 480, false, SPEECH),
            (80, 640, false, SPEECH)
        ]
    );
    assert_eq!(rig.pacer.stats().re_anchors, 0);
}

#[test]
fn one_that_is_too_late_starts_the_schedule_anew() {
    let mut rig = Rig::new(|_| {});
    rig.push(0, 1_600);
    assert_eq!(rig.poll(0).len(), 1);
    // 81 ms behind: one frame, now, and RTP time went on with the clock.
    assert_eq!(rig.poll(101), [(101, 808, true, SPEECH)]);
    assert_eq!(rig.poll(121), [(121, 968, false, SPEECH)]);
    assert_eq!(rig.pacer.stats().re_anchors, 1);
}

#[test]
fn a_pause_stops_in_mid_word_and_goes_on_there() {
    let mut rig = Rig::new(|options| options.tail_frames = 1);
    rig.push(0, 640);
    rig.pacer.finish(rig.at(0));
    assert_eq!(rig.run(20).len(), 2);
    rig.pacer.pause();
    assert!(rig.pacer.is_paused());
    assert_eq!(rig.run(500), [(40, 320, false, FrameKind::Tail)]);
    assert_eq!(rig.pacer.next_deadline(), None, "nothing to do in a pause");
    assert_eq!(rig.pacer.played_samples(), 320);
    rig.pacer.resume(rig.at(507));
    let frame = rig.pacer.poll(rig.start + ms(507)).unwrap();
    assert_eq!(
        (frame.pcm[0], frame.rtp_timestamp, frame.starts_talkspurt),
        (321, 4_056, true)
    );
    assert_eq!(rig.run(600).first(), Some(&(527, 4_216, false, LAST)));
}

#[test]
fn a_pause_shorter_than_a_frame_changes_nothing() {
    let mut rig = Rig::new(|_| {});
    rig.push(0, 640);
    assert_eq!(rig.poll(0).len(), 1);
    rig.pacer.pause();
    rig.pacer.resume(rig.at(15));
    assert_eq!(rig.poll(20), [(20, 160, false, SPEECH)]);
}

#[test]
fn a_pause_fades_over_5_ms_and_repeats_what_faded() {
    let mut rig = Rig::new(|_| {});
    rig.pacer.push(rig.at(0), &[10_000; 480]).unwrap();
    assert_eq!(rig.poll(0).len(), 1);
    rig.pacer.pause();
    let tail = rig.pacer.poll(rig.start + ms(20)).unwrap();
    assert_eq!(tail.kind, FrameKind::Tail);
    assert!(
        tail.pcm[..40].is_sorted_by(|a, b| a > b),
        "falls: {:?}",
        &tail.pcm[..40]
    );
    assert!(tail.pcm[0] > 9_500 && tail.pcm[39] < 500);
    assert!(tail.pcm[40..].iter().all(|&sample| sample == 0));
    assert_eq!(rig.run(250).len(), 4, "the rest of the tail");
    rig.pacer.resume(rig.at(300));
    assert_eq!(
        rig.run(320).len(),
        2,
        "all of the 320 samples left are still to come"
    );
}

#[test]
fn a_cut_drops_the_rest_and_says_how_much_was_played() {
    let mut rig = Rig::new(|options| options.tail_frames = 2);
    rig.push(0, 1_000);
    rig.pacer.finish(rig.at(0));
    rig.push(0, 500);
    assert_eq!(rig.run(20).len(), 2);
    assert_eq!(
        rig.pacer.cut(),
        CutSpeech {
            played_samples: 320,
            dropped_samples: 680 + 500
        }
    );
    assert_eq!(
        rig.run(500),
        [
            (40, 320, false, FrameKind::Tail),
            (60, 480, false, FrameKind::Tail)
        ]
    );
    assert!(!rig.pacer.is_speaking());
    // The next utterance begins at once, and counts from zero.
    rig.push(65, 160);
    rig.pacer.finish(rig.at(65));
    assert_eq!(rig.poll(80).first(), Some(&(80, 640, false, LAST)));
    assert_eq!(rig.pacer.played_samples(), 160);
}

#[test]
fn a_cut_before_the_first_frame_sends_nothing() {
    let mut rig = Rig::new(|_| {});
    rig.push(0, 1_000);
    assert_eq!(
        rig.pacer.cut(),
        CutSpeech {
            played_samples: 0,
            dropped_samples: 1_000
        }
    );
    assert!(rig.run(500).is_empty());
}

#[test]
fn a_cut_in_a_pause_ends_the_pause() {
    let mut rig = Rig::new(|options| options.tail_frames = 1);
    rig.push(0, 1_000);
    assert_eq!(rig.poll(0).len(), 1);
    rig.pacer.pause();
    assert_eq!(rig.run(300).len(), 1);
    assert_eq!(rig.pacer.cut().dropped_samples, 840);
    assert!(!rig.pacer.is_paused());
    assert!(rig.run(400).is_empty(), "its tail was sent with the pause");
    rig.push(500, 320);
    assert_eq!(rig.poll(500), [(500, 4_000, true, SPEECH)]);
}

#[test]
fn missing_audio_is_waited_for_a_frame_long() {
    let mut rig = Rig::new(|_| {});
    rig.push(0, 320);
    assert_eq!(rig.run(20).len(), 2);
    assert_eq!(
        rig.pacer.next_deadline(),
        Some(rig.at(60)),
        "due at 40, and 20 ms of grace"
    );
    rig.push(55, 320);
    assert_eq!(
        rig.poll(55),
        [(40, 320, false, SPEECH)],
        "late, but in its place"
    );
    assert_eq!(rig.pacer.stats().underruns, 0);
}

#[test]
fn audio_that_stays_away_is_an_underrun_and_goes_on_later() {
    let mut rig = Rig::new(|options| options.tail_frames = 1);
    rig.push(0, 320);
    assert_eq!(rig.run(20).len(), 2);
    assert_eq!(rig.poll(60), [(40, 320, false, FrameKind::Tail)]);
    assert!(rig.pacer.is_dry());
    assert!(rig.pacer.is_speaking());
    assert_eq!(rig.pacer.next_deadline(), None);
    rig.push(200, 320);
    assert_eq!(rig.poll(200), [(200, 1_600, true, SPEECH)]);
    assert!(!rig.pacer.is_dry());
    let stats = rig.pacer.stats();
    assert_eq!(
        (stats.underruns, stats.underrun_time, stats.speech_frames),
        (1, ms(160), 3)
    );
}

#[test]
fn the_end_known_too_late_is_no_underrun_for_long() {
    let mut rig = Rig::new(|_| {});
    rig.push(0, 320);
    assert_eq!(rig.run(20).len(), 2);
    assert!(!rig.pacer.finish(rig.at(45)), "all of it was sent");
    assert!(!rig.pacer.is_speaking());
    assert_eq!(rig.pacer.stats().underruns, 0);
    assert_eq!(rig.run(1_000).len(), 5, "the tail");
}

#[test]
fn more_than_the_limit_is_refused_whole() {
    let mut rig = Rig::new(|options| options.max_queued = ms(100));
    rig.push(0, 700);
    let error = rig.pacer.push(rig.at(0), &[0; 101]).unwrap_err();
    assert!(
        matches!(
            error,
            AudioError::QueueFull {
                queued: 700,
                limit: 800
            }
        ),
        "{error}"
    );
    assert_eq!(rig.pacer.queued(), Duration::from_micros(87_500));
    rig.push(0, 100);
}

#[test]
fn rtp_time_of_opus_runs_at_48_khz_and_wraps() {
    let mut options = PacerOptions::new(SampleRate::Hz24000, 48_000);
    options.first_rtp_timestamp = u32::MAX - 959;
    let mut pacer = Pacer::new(options);
    let start = Instant::now();
    pacer.push(start, &[0; 480 * 3]).unwrap();
    let stamps = [0, 20, 40].map(|at| pacer.poll(start + ms(at)).unwrap().rtp_timestamp);
    assert_eq!(stamps, [u32::MAX - 959, 0, 960]);
}
