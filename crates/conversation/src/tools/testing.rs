//! A call for tests, which remembers what was done with it.

use super::call::{CallControl, Keys};
use std::sync::Mutex;

#[derive(Debug, Default)]
pub(super) struct Line {
    done: Mutex<Vec<String>>,
    is_gone: bool,
    heard_only_by: Option<String>,
}

impl Line {
    pub(super) fn that_is_gone() -> Self {
        Self {
            is_gone: true,
            ..Self::default()
        }
    }

    pub(super) fn heard_only_by(identity: &str) -> Self {
        Self {
            heard_only_by: Some(identity.to_owned()),
            ..Self::default()
        }
    }

    pub(super) fn done(&self) -> Vec<String> {
        self.done.lock().unwrap().clone()
    }

    fn does(&self, what: String) -> Result<(), String> {
        if self.is_gone {
            return Err("The line is gone.".to_owned());
        }
        self.done.lock().unwrap().push(what);
        Ok(())
    }
}

#[async_trait::async_trait]
impl CallControl for Line {
    async fn transfer(&self, number: &str) -> Result<(), String> {
        self.does(format!("transfer {number}"))
    }
    async fn send_dtmf(&self, keys: &Keys) -> Result<(), String> {
        self.does(format!("press {}", keys.as_str()))
    }
    fn is_heard_only_by(&self, identity: &str) -> bool {
        self.heard_only_by.as_deref() == Some(identity)
    }
}
