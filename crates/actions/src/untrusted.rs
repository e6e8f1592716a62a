//! Text that others wrote.

use serde_json::{Value, json};

/// The longest text of others that is passed on, in characters.
const LONGEST: usize = 2_000;

/// Text from outside as the model gets it: marked, so that it is read as data and never as a wish of the user's.
pub(crate) fn untrusted(text: &str) -> Value {
    let text: String = text.chars().take(LONGEST).collect();
    json!({ "untrusted_text": text })
}
