//! What was heard of an utterance that was cut.

/// A clause as it was spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenClause {
    /// Its text.
    pub text: String,
    /// How long its speech is, in milliseconds. For a clause whose speech is still being made, an estimate.
    pub duration_ms: u32,
}

/// The text of which the speech had been played after `played_ms` of the utterance: whole clauses, and of the one
/// that was cut the words that were complete, taking its characters as evenly spread over its time.
pub fn heard_text(clauses: &[SpokenClause], played_ms: u32) -> String {
    let mut left_ms = u64::from(played_ms);
    let mut heard = String::new();
    for clause in clauses {
        let duration_ms = u64::from(clause.duration_ms);
        let part = if left_ms >= duration_ms.max(1) {
            clause.text.trim()
        } else {
            complete_words(&clause.text, left_ms, duration_ms)
        };
        if !part.is_empty() {
            if !heard.is_empty() {
                heard.push(' ');
            }
            heard.push_str(part);
        }
        if left_ms <= duration_ms {
            break;
        }
        left_ms -= duration_ms;
    }
    heard
}

/// The words of `text` that end within the first `played_ms` of `duration_ms`.
fn complete_words(text: &str, played_ms: u64, duration_ms: u64) -> &str {
    let text = text.trim();
    let characters = text.chars().count() as u64;
    let played_characters = (characters * played_ms)
        .checked_div(duration_ms)
        .unwrap_or(0) as usize;
    let Some((cut, next)) = text.char_indices().nth(played_characters) else {
        return text;
    };
    if next.is_whitespace() {
        return text[..cut].trim_end();
    }
    match text[..cut].rfind(char::is_whitespace) {
        Some(space) => text[..space].trim_end(),
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clauses() -> Vec<SpokenClause> {
        // 20 characters in 2,000 ms: 100 ms each.
        vec![
            SpokenClause {
                text: "You have two events.".into(),
                duration_ms: 2_000,
            },
            SpokenClause {
                text: "Lunch is at noon ok.".into(),
                duration_ms: 2_000,
            },
        ]
    }

    #[test]
    fn only_words_that_were_complete_count() {
        for (played_ms, expected) in [
            (0, ""),
            (299, ""),
            (300, "You"),
            (500, "You"),
            (799, "You"),
            (800, "You have"),
            (1_200, "You have two"),
            (1_999, "You have two"),
            (2_000, "You have two events."),
            (2_499, "You have two events."),
            (2_500, "You have two events. Lunch"),
            (4_000, "You have two events. Lunch is at noon ok."),
            (u32::MAX, "You have two events. Lunch is at noon ok."),
        ] {
            assert_eq!(
                heard_text(&clauses(), played_ms),
                expected,
                "{played_ms} ms"
            );
        }
    }

    #[test]
    fn nothing_spoken_is_nothing_heard() {
        assert_eq!(heard_text(&[], 1_000), "");
    }

    #[test]
    fn a_clause_without_speech_counts_only_when_its_turn_came() {
        let mut spoken = clauses();
        spoken[1].duration_ms = 0;
        assert_eq!(heard_text(&spoken, 2_000), "You have two events.");
        assert_eq!(
            heard_text(&spoken, 2_001),
            "You have two events. Lunch is at noon ok."
        );
    }

    #[test]
    fn characters_count_not_bytes() {
        let spoken = [SpokenClause {
            text: "Größe übt Müßig".into(),
            duration_ms: 1_500,
        }];
        assert_eq!(heard_text(&spoken, 500), "Größe");
        assert_eq!(heard_text(&spoken, 900), "Größe übt");
    }
}
