//! The conversation as the caller leads it: wait for the greeting, say a line, wait for the answer, the next line.
//!
//! Sans-IO: every 20 ms the line asks for a frame to send; what is heard goes into the ear.

use super::{
    args::CallArgs,
    ear::Ear,
    report::{Report, TurnReport},
    voice::{FRAME_LEN, Speech},
};
use casp_audio::pcmu;
use std::time::Duration;

/// An answer is over after so much silence.
const PAUSE: Duration = Duration::from_millis(1_200);
/// With `--barge-in`: how much of the agent is heard before it is interrupted.
const HEARD_BEFORE_BARGE_IN: Duration = Duration::from_secs(1);
const FRAME_TIME: Duration = Duration::from_millis(20);

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Waits for what the agent says since then.
    Listening { since: Duration },
    /// Says a line, which began then.
    Speaking { at: usize, began: Duration },
    /// All is said and answered.
    Done,
}

/// See the module's description.
#[derive(Debug)]
pub(super) struct Script {
    lines: Vec<Speech>,
    turns: usize,
    phase: Phase,
    ear: Ear,
    report: Report,
    patience: Duration,
    barges_in: bool,
    is_quiet: bool,
}

impl Script {
    /// Says the lines in order, from the first again, until there were `turns` of them.
    pub(super) fn new(lines: Vec<Speech>, turns: usize, args: &CallArgs) -> Self {
        let mut script = Self {
            lines,
            turns,
            phase: Phase::Listening {
                since: Duration::ZERO,
            },
            ear: Ear::default(),
            report: Report::default(),
            patience: Duration::try_from_secs_f64(args.patience).unwrap_or(Duration::from_secs(20)),
            barges_in: args.barge_in,
            is_quiet: args.json,
        };
        if args.no_greeting {
            script.next_line(Duration::ZERO);
        }
        script
    }

    /// What is heard goes here.
    pub(super) fn ear(&mut self) -> &mut Ear {
        &mut self.ear
    }

    /// The next 20 ms of the caller; `None` when all is said and answered.
    pub(super) fn next_frame(&mut self, now: Duration) -> Option<[u8; FRAME_LEN]> {
        if let Phase::Listening { since } = self.phase {
            self.listen(since, now);
        }
        match &mut self.phase {
            Phase::Done => None,
            Phase::Listening { .. } => Some([pcmu::SILENCE; FRAME_LEN]),
            Phase::Speaking { at, began } => {
                let began = *began;
                let line = &self.lines[(self.report.turns.len()) % self.lines.len()];
                let frame = line.frames[*at];
                *at += 1;
                if *at == line.frames.len() {
                    let label = line.label.clone();
                    self.said(label, began, now + FRAME_TIME);
                }
                Some(frame)
            }
        }
    }

    /// A line has been said: its turn begins to be measured.
    fn said(&mut self, line: String, began: Duration, ended: Duration) {
        let stop = self
            .barges_in
            .then(|| self.ear.last_audible(began, ended))
            .flatten();
        self.report.turns.push(TurnReport {
            line,
            began_ms: ms(began),
            ended_ms: ms(ended),
            stopped_after_ms: stop.map(|stop| ms(stop.saturating_sub(began))),
            ..TurnReport::default()
        });
        self.phase = Phase::Listening { since: ended };
    }

    fn listen(&mut self, since: Duration, now: Duration) {
        let is_greeting = self.report.turns.is_empty();
        let Some(first) = self.ear.first_audible(since, now) else {
            if now >= since + self.patience {
                self.print(if is_greeting {
                    "no greeting"
                } else {
                    "no answer"
                });
                self.next_line(now);
            }
            return;
        };
        let heard = self.ear.audible(since, now);
        let last = self.ear.last_audible(since, now).unwrap_or(first);
        let is_over = now.saturating_sub(last) >= PAUSE;
        let has_more = self.report.turns.len() < self.turns;
        let is_interrupted = self.barges_in && has_more && heard >= HEARD_BEFORE_BARGE_IN;
        if !is_over && !is_interrupted {
            return;
        }
        let latency = first.saturating_sub(since);
        if is_greeting {
            self.report.greeting_after_ms = Some(ms(latency));
            self.print(&format!(
                "greeting after {} ms, {} ms long",
                ms(latency),
                ms(heard)
            ));
        } else if let Some(turn) = self.report.turns.last_mut() {
            turn.latency_ms = Some(ms(latency));
            turn.heard_ms = ms(heard);
            let line = turn.to_string();
            self.print(&line);
        }
        self.next_line(now);
    }

    fn next_line(&mut self, now: Duration) {
        let has_more = self.report.turns.len() < self.turns && !self.lines.is_empty();
        self.phase = if has_more {
            Phase::Speaking { at: 0, began: now }
        } else {
            Phase::Done
        };
    }

    fn print(&self, line: &str) {
        if !self.is_quiet {
            println!("{line}");
        }
    }

    /// The result.
    pub(super) fn into_report(mut self, ending: String) -> Report {
        self.report.ending = ending;
        self.report.turns_wanted = self.turns;
        self.report
    }
}

fn ms(time: Duration) -> u64 {
    time.as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        call: CallArgs,
    }

    fn script(arguments: &[&str], turns: usize) -> Script {
        let arguments = [&["casp", "--json"], arguments].concat();
        let args = Cli::try_parse_from(arguments).unwrap().call;
        let line = Speech {
            label: "line".into(),
            frames: vec![[0x88; FRAME_LEN]; 50],
        };
        Script::new(vec![line], turns, &args)
    }

    /// Plays the agent: a second of greeting at 100 ms, and a second of answer 300 ms after each line; it falls
    /// silent 100 ms after being spoken over.
    fn converse(mut script: Script) -> (Report, Duration) {
        let (mut now, mut speaks_from, mut speaks_until) = (Duration::ZERO, 100, 1_100);
        let mut was_speaking = false;
        loop {
            let at = now.as_millis() as u64;
            if (speaks_from..speaks_until).contains(&at) {
                script.ear().media(&[0x90; FRAME_LEN], now);
            }
            let Some(frame) = script.next_frame(now) else {
                return (script.into_report("end".into()), now);
            };
            let is_speaking = frame == [0x88; FRAME_LEN];
            if is_speaking && !was_speaking {
                speaks_until = speaks_until.min(at + 100);
            }
            if was_speaking && !is_speaking {
                (speaks_from, speaks_until) = (at + 300, at + 2_300);
            }
            was_speaking = is_speaking;
            now += FRAME_TIME;
        }
    }

    #[test]
    fn each_line_waits_for_the_answer_before() {
        let (report, _) = converse(script(&[], 2));
        assert_eq!(report.greeting_after_ms, Some(100));
        let turns: Vec<_> = report
            .turns
            .iter()
            .map(|turn| (turn.latency_ms, turn.heard_ms))
            .collect();
        assert_eq!(turns, [(Some(300), 2_000), (Some(300), 2_000)]);
        assert!(report.is_complete());
    }

    #[test]
    fn barging_in_measures_how_fast_the_agent_stops() {
        let (report, _) = converse(script(&["--barge-in"], 2));
        let stops: Vec<_> = report
            .turns
            .iter()
            .map(|turn| turn.stopped_after_ms)
            .collect();
        assert_eq!(stops[1], Some(100), "{report:?}");
    }

    #[test]
    fn silence_is_waited_for_and_told() {
        let mut script = script(&["--patience", "2"], 1);
        let mut now = Duration::ZERO;
        while script.next_frame(now).is_some() {
            now += FRAME_TIME;
        }
        assert_eq!(
            now.as_secs(),
            5,
            "2 s for a greeting, 1 s of line, 2 s for an answer"
        );
        let report = script.into_report("end".into());
        assert_eq!(report.turns[0].latency_ms, None);
        assert!(!report.is_complete());
    }

    #[test]
    fn without_lines_it_listens_to_the_greeting_and_hangs_up() {
        let (report, took) = converse(script(&[], 0));
        assert!(report.is_complete());
        assert_eq!(took.as_millis(), 2_300);
    }
}
