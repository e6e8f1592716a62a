//! What the caller hears when no agent is there: ringing, then an apology. Paced by a clock of its own.

use bytes::Bytes;
use casp_audio::tone::Ringback;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const FRAME_LEN: usize = 160;
const FRAME_TIME: Duration = Duration::from_millis(20);

enum Sound {
    Ringback(Box<Ringback>),
    Clip { codes: Arc<[u8]>, at: usize },
}

/// A sound that is being played, 20 ms at a time.
pub(crate) struct Prompt {
    sound: Sound,
    due: Instant,
}

impl Prompt {
    /// Ringing, until it is dropped.
    pub(crate) fn ringback(now: Instant) -> Self {
        Self {
            sound: Sound::Ringback(Box::default()),
            due: now,
        }
    }

    /// A clip of μ-law, once.
    pub(crate) fn clip(codes: Arc<[u8]>, now: Instant) -> Self {
        Self {
            sound: Sound::Clip { codes, at: 0 },
            due: now,
        }
    }

    /// When the next frame is due.
    pub(crate) const fn deadline(&self) -> Instant {
        self.due
    }

    /// The frame that is due; `Err` at the end of a clip. Silence between two rings is not sent.
    pub(crate) fn poll(&mut self, now: Instant) -> Result<Option<Bytes>, Ended> {
        if now < self.due {
            return Ok(None);
        }
        self.due = (self.due + FRAME_TIME).max(now);
        match &mut self.sound {
            Sound::Ringback(ringback) => {
                let mut frame = [0; FRAME_LEN];
                let is_tone = ringback.next_frame(&mut frame);
                Ok(is_tone.then(|| Bytes::copy_from_slice(&frame)))
            }
            Sound::Clip { codes, at } => {
                let rest = codes
                    .get(*at..)
                    .filter(|rest| !rest.is_empty())
                    .ok_or(Ended)?;
                let frame = &rest[..rest.len().min(FRAME_LEN)];
                *at += frame.len();
                Ok(Some(Bytes::copy_from_slice(frame)))
            }
        }
    }
}

/// A clip is at its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_is_played_in_real_time_and_ends() {
        let mut now = Instant::now();
        let codes: Arc<[u8]> = (0..400).map(|index| index as u8).collect();
        let mut prompt = Prompt::clip(Arc::clone(&codes), now);
        let mut heard = Vec::new();
        loop {
            match prompt.poll(now) {
                Ok(Some(frame)) => heard.extend_from_slice(&frame),
                Ok(None) => now = prompt.deadline(),
                Err(Ended) => break,
            }
        }
        assert_eq!(heard[..], codes[..]);
    }

    #[test]
    fn ringing_goes_on_and_its_pauses_are_not_sent() {
        let mut now = Instant::now();
        let mut prompt = Prompt::ringback(now);
        let mut sent = 0;
        for _ in 0..600 {
            sent += usize::from(prompt.poll(now).unwrap().is_some());
            now += FRAME_TIME;
        }
        assert_eq!(sent, 200, "2 s of 6, twice");
    }
}
