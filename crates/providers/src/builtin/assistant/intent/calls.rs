//! Wishes about the call itself.

use super::Intent;
use crate::builtin::assistant::words::Words;

const TO_SOMEBODY: &[&str] = &[
    "transfer me",
    "transfer this call",
    "transfer the call",
    "transfer my call",
    "transfer to",
    "put me through",
    "connect me to",
    "connect me with",
    "forward this call",
    "forward the call",
    "forward me to",
    "speak to a human",
    "speak to a person",
    "speak to an agent",
    "speak with a human",
    "speak with an agent",
    "talk to a human",
    "talk to a person",
    "talk to an agent",
    "talk to somebody",
    "talk to someone",
];

pub(super) fn wish(words: &Words) -> Option<Intent> {
    if words.has(TO_SOMEBODY) {
        return Some(Intent::Transfer);
    }
    let presses = words.begins_with(&["press", "dial"]) && words.has_key();
    presses.then_some(Intent::PressKeys)
}
