//! What the words of a transcript say about the turn they stand in.

/// Words after which nobody stops, even where a transcriber has put its full stop.
const NEVER_LAST: &[&str] = &[
    "a", "an", "and", "because", "but", "er", "erm", "hmm", "my", "or", "so", "the", "uh", "uhm",
    "um", "your",
];
/// Words after which somebody who put no full stop has probably not stopped.
const SELDOM_LAST: &[&str] = &[
    "about", "at", "can", "could", "for", "from", "i", "i'd", "i'm", "if", "in", "is", "like",
    "of", "on", "please", "that", "then", "to", "was", "well", "when", "which", "with", "would",
];

/// Whether the words look as if more were to come.
pub(super) fn looks_unfinished(text: &str) -> bool {
    let text = text.trim_end();
    if text.ends_with("...") || text.ends_with(['…', ',', '-', '–', '—', ':', ';', '、', '，'])
    {
        return true;
    }
    if text.ends_with(['?', '!', '？', '！', '。']) {
        return false;
    }
    let is_stopped = text.ends_with('.');
    let last = text
        .trim_end_matches('.')
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or_default()
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_lowercase();
    NEVER_LAST.contains(&last.as_str()) || !is_stopped && SELDOM_LAST.contains(&last.as_str())
}

/// Words that tell a speaker to go on.
const BACKCHANNELS: &[&str] = &[
    "ah", "aha", "alright", "cool", "got", "great", "hm", "hmm", "i", "it", "mhm", "mm", "mmhm",
    "mmhmm", "mmm", "nice", "oh", "ok", "okay", "right", "see", "sure", "uh", "uhhuh", "um",
    "yeah", "yep", "yes", "yup",
];

/// Whether somebody only shows that he is listening.
pub(super) fn is_backchannel(text: &str) -> bool {
    let mut words = 0;
    for word in text.split(|c: char| c.is_whitespace() || ",.!?…".contains(c)) {
        let word: String = word
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        if word.is_empty() {
            continue;
        }
        words += 1;
        if words > 3 || !BACKCHANNELS.contains(&word.as_str()) {
            return false;
        }
    }
    words > 0
}

/// The words alone: transcribers write `[BLANK_AUDIO]`, `(coughs)` or `*music*` where there are none.
pub(super) fn words_of(text: &str) -> &str {
    let text = text.trim();
    let is_sound = [('[', ']'), ('(', ')'), ('*', '*')]
        .iter()
        .any(|(open, close)| text.len() > 1 && text.starts_with(*open) && text.ends_with(*close));
    let has_words = text.chars().any(char::is_alphanumeric);
    if is_sound || !has_words { "" } else { text }
}
