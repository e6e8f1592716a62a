//! What every caller does, as in the rig's `simlib.run_turns`.

use crate::caller::Caller;
use crate::clock::between;
use anyhow::Context;
use std::time::{Duration, Instant};
use tokio::time::{sleep, sleep_until};

/// The script's settings.
#[derive(Debug, Clone)]
pub struct Script {
    /// Turns that are measured.
    pub turns: u32,
    /// Turns with an interruption, after those.
    pub barges: u32,
    /// Agent speech before the interruption.
    pub barge_after: Duration,
    /// Pause before a turn: this to twice this.
    pub gap: Duration,
    /// Silence after which the agent has finished.
    pub silence: Duration,
    /// How long an answer is waited for.
    pub answer_timeout: Duration,
    /// How long the agent is waited for.
    pub ready_timeout: Duration,
    /// Wait after all callers are ready.
    pub settle: Duration,
}

/// One turn, as it went.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Whether it has an interruption.
    pub is_barge: bool,
    /// First and last sample of the user's speech.
    pub user: (Instant, Instant),
    /// Start of the answer.
    pub agent_first: Option<Instant>,
    /// Length of the answer, in a turn with an interruption until it stopped; seconds.
    pub agent_spoke: Option<f64>,
    /// Silence inside the answer; only of turns without an interruption.
    pub gaps: Duration,
    /// The longest of it.
    pub longest_gap: Duration,
    /// The interruption.
    pub barge: Option<Barge>,
}

/// An interruption, as it went.
#[derive(Debug, Clone)]
pub struct Barge {
    /// First sample of the interrupting speech.
    pub at: Instant,
    /// End of the last audible sample of the agent's.
    pub agent_stop: Option<Instant>,
    /// Delay of the answer to the interruption; seconds.
    pub answer_delay: Option<f64>,
}

impl Turn {
    /// Delay of the answer; seconds.
    pub fn delay(&self) -> Option<f64> {
        self.agent_first.map(|first| between(self.user.1, first))
    }

    /// Whether the answer came before the question had ended.
    pub fn is_early(&self) -> bool {
        self.agent_first.is_some_and(|first| first < self.user.1)
    }

    /// Start of the interruption → the agent is silent; seconds.
    pub fn barge_stop(&self) -> Option<f64> {
        let barge = self.barge.as_ref()?;
        barge.agent_stop.map(|stop| between(barge.at, stop))
    }
}

impl Script {
    /// Plays `caller`'s part. Fails when the line closes in mid-word.
    pub async fn run(&self, caller: &Caller) -> anyhow::Result<()> {
        let mut random = Random::new(caller.index);
        for n in 0..self.turns + self.barges {
            sleep(self.gap.mul_f64(1.0 + random.next())).await;
            caller.ear.reset();
            let said = caller.mouth.say().await.context("the line closed")?;
            let mut turn = Turn {
                is_barge: n >= self.turns,
                user: (said.first, said.last),
                agent_first: caller.ear.first_sound(self.answer_timeout).await,
                agent_spoke: None,
                gaps: Duration::ZERO,
                longest_gap: Duration::ZERO,
                barge: None,
            };
            if let Some(first) = turn.agent_first {
                if turn.is_barge {
                    self.interrupt(caller, first, &mut turn).await?;
                }
                let end = caller
                    .ear
                    .silence(self.silence, Duration::from_secs(30))
                    .await;
                if !turn.is_barge {
                    turn.agent_spoke = end.map(|end| between(first, end));
                    let heard = caller.ear.heard();
                    (turn.gaps, turn.longest_gap) = (heard.gaps, heard.longest_gap);
                }
            }
            caller.note(|record| record.turns.push(turn));
        }
        Ok(())
    }

    async fn interrupt(
        &self,
        caller: &Caller,
        first: Instant,
        turn: &mut Turn,
    ) -> anyhow::Result<()> {
        let ear = &caller.ear;
        sleep_until((first + self.barge_after).into()).await;
        // The agent is silent when 400 ms have passed without audible samples.
        let quiet = ear.silence(Duration::from_millis(400), Duration::from_secs(15));
        let (said, stop) = tokio::join!(caller.mouth.say(), quiet);
        let said = said.context("the line closed")?;
        turn.agent_spoke = stop.map(|stop| between(first, stop));
        if ear.heard().until <= Some(said.last) {
            ear.reset();
        }
        let again = ear.first_sound(self.answer_timeout).await;
        turn.barge = Some(Barge {
            at: said.first,
            agent_stop: stop,
            answer_delay: again
                .filter(|&at| at >= said.last)
                .map(|at| between(said.last, at)),
        });
        Ok(())
    }
}

/// Enough randomness for pauses, the same in every run (Vigna's SplitMix64).
struct Random(u64);

impl Random {
    fn new(seed: usize) -> Self {
        Self(seed as u64)
    }

    /// 0 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) as f64 / u64::MAX as f64
    }
}
