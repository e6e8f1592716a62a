//! The times that make a conversation feel human.

use std::time::Duration;

/// How turns are taken. The defaults are what people do among themselves, give or take.
#[derive(Debug, Clone)]
pub struct TurnSettings {
    /// Voice shorter than this is a click or an echo, and does nothing.
    pub min_voice: Duration,
    /// Silence after which what was said so far is sent to speech-to-text, in the hope that it was all.
    pub speculate_after: Duration,
    /// Silence that ends a turn whose words look complete.
    pub min_silence: Duration,
    /// Silence that ends a turn whose words look unfinished ("I would like to …").
    pub max_silence: Duration,
    /// Silence after which an answer to unfinished words is prepared: later than for complete ones, since
    /// most of these answers are thrown away.
    pub prepare_unfinished_after: Duration,
    /// A turn that has lasted this long keeps the words it has at the next pause, and only what follows is
    /// transcribed: the cost of a monologue grows with its length, not with the square of it.
    pub settle_after: Duration,
    /// Voice over the agent's speech that is transcribed before it ends.
    pub early_transcription_after: Duration,
    /// Voice over the agent's speech that makes it yield, whatever the words are.
    pub yield_after: Duration,
    /// Silence after an interruption with no transcript yet, after which the agent goes on speaking.
    pub resume_after: Duration,
    /// With no more than this left to say, "yeah" is an answer and not an encouragement.
    pub nearly_said: Duration,
    /// Silence of everybody after which the agent asks whether the user is still there. `None`: never.
    pub idle_after: Option<Duration>,
    /// How often it asks before it says goodbye.
    pub idle_prompts: u32,
    /// How long the conversation may last.
    pub max_duration: Option<Duration>,
}

impl Default for TurnSettings {
    fn default() -> Self {
        Self {
            min_voice: Duration::from_millis(50),
            speculate_after: Duration::from_millis(120),
            min_silence: Duration::from_millis(300),
            max_silence: Duration::from_millis(1_200),
            prepare_unfinished_after: Duration::from_millis(450),
            settle_after: Duration::from_secs(15),
            early_transcription_after: Duration::from_millis(400),
            yield_after: Duration::from_millis(700),
            resume_after: Duration::from_secs(1),
            nearly_said: Duration::from_millis(600),
            idle_after: Some(Duration::from_secs(20)),
            idle_prompts: 2,
            max_duration: None,
        }
    }
}
