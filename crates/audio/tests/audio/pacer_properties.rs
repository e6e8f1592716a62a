//! What holds for the pacer whatever its user and the scheduler do.

use casp_audio::SampleRate;
use casp_audio::pacer::{FrameKind, Pacer, PacerOptions};
use proptest::prelude::*;
use std::time::{Duration, Instant};

#[derive(Debug, Clone)]
enum Step {
    /// Time passes, and the shell wakes up, late or not.
    Wake(u64),
    Push(usize),
    Finish,
    Pause,
    Resume,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0_u64..120).prop_map(Step::Wake),
        4 => (0_usize..2_000).prop_map(Step::Push),
        1 => Just(Step::Finish),
        1 => Just(Step::Pause),
        1 => Just(Step::Resume),
    ];
    prop::collection::vec(step, 1..150)
}

#[derive(Debug)]
struct Sent {
    at: Duration,
    due: Duration,
    rtp_timestamp: u32,
    starts_talkspurt: bool,
}

proptest! {
    #[test]
    fn every_sample_comes_out_once_in_order_and_never_faster_than_the_schedule(steps in steps()) {
        let options = PacerOptions::new(SampleRate::Hz8000, 8_000);
        let max_catch_up = options.max_catch_up;
        let mut pacer = Pacer::new(options);
        let start = Instant::now();
        let mut now = Duration::ZERO;
        // Never zero, so that padding can be told from speech.
        let mut next_sample = (1..=30_000_i16).cycle();
        let (mut pushed, mut heard, mut sent) = (Vec::new(), Vec::new(), Vec::<Sent>::new());

        let finale = [Step::Finish, Step::Resume].into_iter()
            .chain((0..8_000).map(|_| Step::Wake(20)));
        for step in steps.into_iter().chain(finale) {
            match step {
                Step::Wake(later) => {
                    now += Duration::from_millis(later);
                    let mut burst = 0;
                    while let Some(slot) = pacer.poll(start + now) {
                        burst += 1;
                        let due = slot.due - start;
                        prop_assert!(due <= now, "never early");
                        prop_assert!(now <= due + max_catch_up, "never too late");
                        sent.push(Sent {
                            at: now,
                            due,
                            rtp_timestamp: slot.rtp_timestamp,
                            starts_talkspurt: slot.starts_talkspurt,
                        });
                        if let FrameKind::Speech { .. } = slot.kind {
                            heard.extend(slot.pcm.iter().copied().filter(|&sample| sample != 0));
                        }
                    }
                    prop_assert!(burst <= 4, "{} frames at once", burst);
                }
                Step::Push(samples) => {
                    let pcm: Vec<i16> = next_sample.by_ref().take(samples).collect();
                    if pacer.push(start + now, &pcm).is_ok() {
                        pushed.extend(pcm);
                    }
                }
                Step::Finish => { pacer.finish(start + now); }
                Step::Pause => pacer.pause(),
                Step::Resume => pacer.resume(start + now),
            }
        }
        prop_assert_eq!(heard.len(), pushed.len());
        prop_assert!(heard == pushed, "in order");
        prop_assert!(!pacer.is_speaking());
        prop_assert_eq!(pacer.next_deadline(), None);

        for pair in sent.windows(2) {
            let (before, after) = (&pair[0], &pair[1]);
            let step = after.due.saturating_sub(before.due);
            prop_assert!(step >= Duration::from_millis(20), "{before:?} {after:?}");
            prop_assert!(after.at >= before.at);
            // RTP time is the clock's, and a talkspurt is what follows a gap.
            prop_assert_eq!(
                u128::from(after.rtp_timestamp.wrapping_sub(before.rtp_timestamp)),
                step.as_millis() * 8
            );
            prop_assert_eq!(after.starts_talkspurt, step > Duration::from_millis(20));
        }
    }

    #[test]
    fn a_cut_leaves_only_its_tail(pushed in 0_usize..4_000, polls in 0_u64..20) {
        let mut pacer = Pacer::new(PacerOptions::new(SampleRate::Hz8000, 8_000));
        let start = Instant::now();
        pacer.push(start, &vec![1; pushed]).unwrap();
        pacer.finish(start);
        let mut frames = 0;
        for n in 0..polls {
            while let Some(slot) = pacer.poll(start + Duration::from_millis(n * 20)) {
                frames += u64::from(matches!(slot.kind, FrameKind::Speech { .. }));
            }
        }
        let cut = pacer.cut();
        prop_assert_eq!(cut.played_samples, (frames * 160).min(pushed as u64));
        if cut.dropped_samples > 0 {
            prop_assert_eq!(cut.played_samples + cut.dropped_samples, pushed as u64);
        }
        let mut tail = 0;
        for n in polls..polls + 20 {
            while let Some(slot) = pacer.poll(start + Duration::from_millis(n * 20)) {
                prop_assert_eq!(slot.kind, FrameKind::Tail);
                tail += 1;
            }
        }
        prop_assert!(tail <= 5);
        prop_assert_eq!(pacer.next_deadline(), None);
    }
}
