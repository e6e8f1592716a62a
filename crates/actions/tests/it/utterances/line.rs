//! The telephone line that a conversation is on: it remembers what was done with it.

use casp_conversation::{CallControl, Keys};
use std::sync::{Mutex, PoisonError};

/// Whom the assistant's owner has named.
pub(super) const SALES: &str = "+15551230001";

#[derive(Debug, Default)]
pub(super) struct Line(Mutex<Vec<String>>);

impl Line {
    pub(super) fn deeds(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn does(&self, deed: String) {
        self.0.lock().unwrap().push(deed);
    }
}

#[async_trait::async_trait]
impl CallControl for Line {
    async fn transfer(&self, number: &str) -> Result<(), String> {
        self.does(format!("transfer to {number}"));
        Ok(())
    }

    async fn send_dtmf(&self, keys: &Keys) -> Result<(), String> {
        self.does(format!("press {}", keys.chars().collect::<String>()));
        Ok(())
    }

    fn is_heard_only_by(&self, _identity: &str) -> bool {
        false
    }
}
