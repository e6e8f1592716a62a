//! Whether somebody who was called says, or presses, that they do not want to be called again.

/// What is meant by it, said alone: small letters, no punctuation.
const SENTENCES: [&str; 17] = [
    "stop",
    "unsubscribe",
    "unsubscribe me",
    "opt out",
    "opt me out",
    "stop calling",
    "stop calling me",
    "stop calling this number",
    "do not call",
    "do not call me",
    "do not call me again",
    "do not call me anymore",
    "do not call this number again",
    "remove me from your list",
    "remove me from your call list",
    "take me off your list",
    "take me off your call list",
];
/// What people put before and after it.
const POLITE: [&str; 5] = ["please", "thanks", "thank you", "now", "ok"];
/// `STOP` on a telephone's keys.
const KEYS: &str = "7867";

/// Why a number is on a do-not-call list after this.
pub const REASON: &str = "Asked in a call not to be called again";

/// Whether a user's turn asks for no more calls. The whole turn has to say so: "stop at the second light" does not.
pub fn wants_no_more_calls(turn: &str) -> bool {
    if let Some(pressed) = pressed(turn) {
        return pressed.trim_end_matches('#') == KEYS;
    }
    let words: Vec<String> = turn
        .replace(['\u{2019}', '\''], "")
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let said = words.join(" ").replace("dont", "do not");
    let said = said.replace("any more", "anymore");
    let mut said = said.as_str();
    for polite in POLITE {
        said = said.strip_prefix(polite).unwrap_or(said).trim();
        said = said.strip_suffix(polite).unwrap_or(said).trim();
    }
    SENTENCES.contains(&said)
}

/// The keys of a turn that tells of keys: `(I pressed 7 8 6 7 on my telephone.)`
fn pressed(turn: &str) -> Option<String> {
    let keys = turn.strip_prefix("(I pressed ")?;
    let keys = keys.strip_suffix(" on my telephone.)")?;
    Some(keys.split(' ').collect())
}

#[cfg(test)]
mod tests {
    use super::wants_no_more_calls;

    #[test]
    fn who_says_so_and_nothing_else_is_heard() {
        for turn in [
            "STOP",
            "Stop.",
            "Unsubscribe!",
            "Please stop calling me.",
            "Don't call me again, please.",
            "Don\u{2019}t call me any more",
            "Take me off your list. Thank you.",
            "(I pressed 7 8 6 7 on my telephone.)",
            "(I pressed 7 8 6 7 # on my telephone.)",
        ] {
            assert!(wants_no_more_calls(turn), "{turn}");
        }
    }

    #[test]
    fn who_speaks_of_something_else_is_called_again() {
        for turn in [
            "",
            "Where does the bus stop?",
            "Stop at the second light.",
            "Don't call me Ann, call me Anna.",
            "How do I unsubscribe from the newsletter?",
            "(I pressed 7 on my telephone.)",
            "(I pressed 7 8 6 7 8 on my telephone.)",
            "7867",
        ] {
            assert!(!wants_no_more_calls(turn), "{turn}");
        }
    }
}
