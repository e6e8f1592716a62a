//! Sends speech one frame every 20 ms, by a clock that is passed in.
//!
//! [`Pacer`] takes PCM as text-to-speech makes it (faster than real time, in pieces of any size)
//! and gives frames when they are due. The shell around it sleeps until [`Pacer::next_deadline`],
//! then calls [`Pacer::poll`] until that gives nothing. The schedule is absolute: a late wake-up
//! delays one frame and not those after it. RTP time follows the clock, through pauses too.

mod queue;
mod schedule;
mod sender;

pub use sender::{CutSpeech, FrameKind, FrameSlot, Pacer, PacerOptions, PacerStats};
