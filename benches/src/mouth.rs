//! What a caller is about to say.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// When an utterance was said.
#[derive(Debug, Clone, Copy)]
pub struct Said {
    /// Its first sample left.
    pub first: Instant,
    /// Its last sample left.
    pub last: Instant,
}

/// Hands the utterance, frame by frame, from the script to whoever sends.
#[derive(Debug, Default)]
pub struct Mouth {
    speaking: Mutex<Option<Speaking>>,
}

#[derive(Debug)]
struct Speaking {
    frame: usize,
    first: Option<Instant>,
    done: oneshot::Sender<Said>,
}

impl Mouth {
    /// Says the utterance; returns when its last sample has left, `None` when the line has closed.
    pub async fn say(&self) -> Option<Said> {
        let (done, said) = oneshot::channel();
        *self.lock() = Some(Speaking {
            frame: 0,
            first: None,
            done,
        });
        said.await.ok()
    }

    /// The frame of the utterance to send now, if it is being said.
    pub fn frame(&self) -> Option<usize> {
        self.lock().as_ref().map(|speaking| speaking.frame)
    }

    /// The frame of [`Self::frame`] left at `at`; its first sample left `lead` before. `frames` is how
    /// many the utterance has.
    pub fn sent(&self, at: Instant, lead: Duration, frames: usize) {
        let mut lock = self.lock();
        let Some(mut speaking) = lock.take() else {
            return;
        };
        let first = *speaking
            .first
            .get_or_insert(at.checked_sub(lead).unwrap_or(at));
        speaking.frame += 1;
        if speaking.frame < frames {
            *lock = Some(speaking);
        } else {
            // The script may have given up.
            let _ = speaking.done.send(Said { first, last: at });
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Speaking>> {
        self.speaking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
