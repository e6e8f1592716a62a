use super::*;

struct Rig {
    speech: Speech,
    start: Instant,
    now: Instant,
    rtp: u32,
}

impl Rig {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            speech: Speech::new(now),
            start: now,
            now,
            // The clock wraps in the first second of every test.
            rtp: u32::MAX - 2_000,
        }
    }
    /// Sends `count` frames in real time and returns the marks.
    fn say(&mut self, count: u32) -> Vec<String> {
        let mut marks = Vec::new();
        for _ in 0..count {
            match self.frame_at(self.rtp) {
                Verdict::Forward(mark) => marks.extend(mark),
                Verdict::Drop => panic!("dropped at {:?}", self.now - self.start),
            }
            self.rtp = self.rtp.wrapping_add(160);
            self.now += Duration::from_millis(20);
        }
        marks
    }
    fn frame_at(&mut self, rtp_timestamp: u32) -> Verdict {
        let frame = Frame {
            rtp_timestamp,
            clock_rate_hz: 8_000,
            ms: 20,
        };
        self.speech.frame(frame, self.now)
    }
    fn silence(&mut self, ms: u32) {
        self.rtp = self.rtp.wrapping_add(ms * 8);
        self.now += Duration::from_millis(u64::from(ms));
    }
    fn started(&mut self, id: &str) {
        let event = Event::SpeechStarted {
            utterance: id.into(),
            rtp_timestamp: self.rtp,
        };
        assert_eq!(self.speech.event(&event, self.now), Reaction::Nothing);
    }
    fn finished(&mut self, id: &str) -> Reaction {
        let event = Event::SpeechFinished {
            utterance: id.into(),
            rtp_timestamp: self.rtp,
        };
        self.speech.event(&event, self.now)
    }
    fn cut(&mut self, id: &str, rtp_timestamp: u32) -> Reaction {
        let event = Event::SpeechCut {
            utterance: id.into(),
            rtp_timestamp,
        };
        self.speech.event(&event, self.now)
    }
}

fn played(utterance: &str, ms: u32) -> Played {
    Played {
        utterance: utterance.into(),
        ms,
    }
}

#[test]
fn marks_follow_every_half_second_and_the_end() {
    let mut rig = Rig::new();
    rig.started("u1");
    assert_eq!(rig.say(60), ["u1:500", "u1:1000"]);
    assert_eq!(rig.finished("u1"), Reaction::Mark("u1:1200".into()));
    assert!(rig.speech.is_finished());
    assert_eq!(rig.say(60), [""; 0], "outside an utterance there are none");
    for (name, ms) in [("u1:500", 500), ("u1:1000", 1_000), ("u1:1200", 1_200)] {
        assert_eq!(rig.speech.marked(name), Some(played("u1", ms)));
        assert_eq!(rig.speech.marked(name), None, "once");
    }
    assert_eq!(rig.speech.marked("made up"), None);
}

#[test]
fn events_may_be_slower_than_audio() {
    let mut rig = Rig::new();
    let first = rig.rtp;
    rig.say(5);
    let event = Event::SpeechStarted {
        utterance: "u1".into(),
        rtp_timestamp: first,
    };
    rig.speech.event(&event, rig.now);
    assert_eq!(rig.say(20), ["u1:500"], "the early frames count");
}

#[test]
fn events_may_be_faster_than_audio() {
    let mut rig = Rig::new();
    rig.started("u1");
    rig.say(10);
    let end = rig.rtp.wrapping_add(2 * 160);
    let event = Event::SpeechFinished {
        utterance: "u1".into(),
        rtp_timestamp: end,
    };
    assert_eq!(rig.speech.event(&event, rig.now), Reaction::Nothing);
    assert_eq!(rig.say(2), ["u1:240"], "the mark follows the last frame");
}

#[test]
fn frames_from_before_an_utterance_are_heard_and_do_not_count() {
    let mut rig = Rig::new();
    let event = Event::SpeechStarted {
        utterance: "u1".into(),
        rtp_timestamp: rig.rtp.wrapping_add(5 * 160),
    };
    rig.speech.event(&event, rig.now);
    assert_eq!(rig.say(5 + 24), [""; 0]);
    assert_eq!(rig.say(1), ["u1:500"]);
}

#[test]
fn a_lost_last_frame_does_not_hold_the_last_mark_for_ever() {
    let mut rig = Rig::new();
    rig.started("u1");
    rig.say(10);
    rig.rtp = rig.rtp.wrapping_add(160);
    assert_eq!(rig.finished("u1"), Reaction::Nothing);
    let deadline = rig.speech.deadline().unwrap();
    assert_eq!(rig.speech.poll(rig.now), None);
    assert_eq!(rig.speech.poll(deadline), Some("u1:200".into()));
    assert_eq!(rig.speech.deadline(), None);
}

#[test]
fn frames_from_before_a_cut_are_not_heard() {
    let mut rig = Rig::new();
    rig.started("u1");
    rig.say(10);
    let cut_at = rig.rtp.wrapping_add(3 * 160);
    assert_eq!(rig.cut("u1", cut_at), Reaction::Clear);
    for late in 0..3 {
        assert_eq!(
            rig.frame_at(rig.rtp.wrapping_add(late * 160)),
            Verdict::Drop
        );
    }
    assert_eq!(rig.frame_at(cut_at), Verdict::Forward(None));
}

#[test]
fn frames_of_a_cut_utterance_stay_stale_when_the_next_has_begun() {
    let mut rig = Rig::new();
    rig.started("u1");
    rig.say(10);
    let late = rig.rtp;
    rig.cut("u1", rig.rtp.wrapping_add(160));
    rig.silence(200);
    rig.started("u2");
    assert_eq!(rig.frame_at(late), Verdict::Drop);
    assert_eq!(rig.say(25), ["u2:500"]);
}

#[test]
fn a_pause_goes_on_where_it_stopped() {
    let mut rig = Rig::new();
    rig.started("u1");
    rig.say(20);
    let event = Event::SpeechPaused {
        utterance: "u1".into(),
        rtp_timestamp: rig.rtp,
    };
    assert_eq!(rig.speech.event(&event, rig.now), Reaction::Clear);
    rig.silence(700);
    assert_eq!(rig.say(5), ["u1:500"], "the pause is no speech");
}

#[test]
fn marks_of_audio_that_was_thrown_away_do_not_count() {
    let mut rig = Rig::new();
    rig.started("u1");
    // Two frames at a time: the far buffer runs ahead of what is heard.
    for _ in 0..25 {
        rig.say(2);
        rig.now -= Duration::from_millis(20);
    }
    let cut_at = rig.rtp;
    assert_eq!(rig.cut("u1", cut_at), Reaction::Clear);
    assert_eq!(
        rig.speech.marked("u1:500"),
        Some(played("u1", 500)),
        "it was heard before, only its echo comes late"
    );
    assert_eq!(rig.speech.marked("u1:1000"), None);
}

#[test]
fn after_a_cut_a_clock_that_began_anew_is_believed_with_the_next_utterance() {
    let mut rig = Rig::new();
    rig.started("u1");
    rig.say(10);
    rig.cut("u1", rig.rtp);
    let other_clock = rig.rtp.wrapping_add(1_000_000);
    assert_eq!(rig.frame_at(other_clock), Verdict::Drop);
    rig.rtp = other_clock.wrapping_add(8_000 * 100);
    rig.started("u2");
    assert_eq!(rig.say(25), ["u2:500"]);
}

#[test]
fn after_a_cut_a_clock_that_began_anew_is_believed_after_a_second_at_the_latest() {
    let mut rig = Rig::new();
    rig.started("u1");
    rig.say(10);
    rig.cut("u1", rig.rtp);
    rig.rtp = rig.rtp.wrapping_add(1_000_000);
    assert_eq!(rig.frame_at(rig.rtp), Verdict::Drop);
    rig.now += STALE_FOR;
    assert_eq!(rig.frame_at(rig.rtp), Verdict::Forward(None));
}

#[test]
fn a_cut_of_something_else_is_ignored() {
    let mut rig = Rig::new();
    rig.started("u2");
    rig.say(1);
    assert_eq!(rig.cut("u1", rig.rtp), Reaction::Nothing);
    rig.say(1);
}

#[test]
fn a_far_side_that_returns_no_marks_costs_nothing() {
    let mut rig = Rig::new();
    rig.started("u1");
    rig.say(25 * 1_000);
    assert_eq!(rig.speech.marks.len(), MOST_MARKS);
}

#[test]
fn ids_that_are_too_long_are_ignored() {
    let mut rig = Rig::new();
    rig.started(&"x".repeat(65));
    assert!(rig.speech.is_finished());
}
