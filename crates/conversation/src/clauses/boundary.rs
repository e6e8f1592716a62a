//! Where a clause ends.

/// How eager the next cut is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// The first clause of an answer: the listener waits, so that a natural pause will do.
    Early,
    /// Later ones: there is speech to play meanwhile, and whole sentences sound better.
    Sentences,
}

/// In the first clause, a comma after so many words is a pause.
const EARLY_COMMA_WORDS: usize = 4;
/// In the first clause, any pause after so many characters is one.
const EARLY_PAUSE_CHARACTERS: usize = 30;
/// A clause without an end is cut here, at its last pause, else at its last space.
const LONGEST_CLAUSE: usize = 240;
/// A pause that is nearer to the start is no place for such a cut.
const SHORTEST_OF_LONG: usize = 60;
/// A single word of this length is cut through.
const LONGEST_WORD: usize = 1_000;
/// A bracket that is not closed within so many bytes opens no link.
const LONGEST_LINK: usize = 400;

/// The byte index after the first clause of `text`; none when its end is not there yet. What comes later never
/// changes the answer.
pub(super) fn next_cut(text: &str, pace: Pace) -> Option<usize> {
    let mut last_pause = None;
    let mut last_space = None;
    let mut count = 0;
    let mut at = 0;
    while let Some(here) = text[at..].chars().next() {
        let after = at + here.len_utf8();
        count += 1;
        match here {
            '[' => match link_end(text, at) {
                Link::Ends(end) => {
                    count += text[after..end].chars().count();
                    at = end;
                    continue;
                }
                Link::Unknown => return None,
                Link::No => {}
            },
            '\n' if has_words(&text[..at]) => return Some(after),
            '。' | '！' | '？' => return Some(after),
            '.' | '!' | '?' | '…' => match sentence_end(text, at) {
                End::At(end) => return Some(end),
                End::Unknown => return None,
                End::No => {}
            },
            ',' | ';' | ':' | '-' | '–' | '—' => match pause_end(text, at, here) {
                End::At(end) => {
                    if pace == Pace::Early && is_early_enough(&text[..at], here, count) {
                        return Some(end);
                    }
                    last_pause = Some((end, count))
                        .filter(|_| count >= SHORTEST_OF_LONG)
                        .or(last_pause);
                }
                End::Unknown => return None,
                End::No => {}
            },
            _ if here.is_whitespace() && has_words(&text[..at]) => last_space = Some(after),
            _ => {}
        }
        if count >= LONGEST_CLAUSE {
            let cut = last_pause.map(|(end, _)| end).or(last_space);
            if cut.is_some() || count >= LONGEST_WORD {
                return cut.or(Some(after));
            }
        }
        at = after;
    }
    None
}

enum End {
    /// After this byte.
    At(usize),
    /// More text will tell.
    Unknown,
    No,
}

enum Link {
    Ends(usize),
    Unknown,
    No,
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Whether a pause at the end of `before` ends the first clause.
fn is_early_enough(before: &str, mark: char, characters: usize) -> bool {
    characters >= EARLY_PAUSE_CHARACTERS
        || (mark == ',' && before.split_whitespace().count() >= EARLY_COMMA_WORDS)
}

/// A comma and its like end a clause before a space; a hyphen only between spaces; an em dash anywhere.
fn pause_end(text: &str, at: usize, mark: char) -> End {
    let after = at + mark.len_utf8();
    match text[after..].chars().next() {
        None => End::Unknown,
        Some(_) if mark == '—' => End::At(after),
        Some(next) if !next.is_whitespace() => End::No,
        Some(next) => {
            let is_dash = matches!(mark, '-' | '–');
            if is_dash && !(has_words(&text[..at]) && text[..at].ends_with(char::is_whitespace)) {
                return End::No;
            }
            End::At(after + next.len_utf8())
        }
    }
}

/// Whether the mark at `at` ends a sentence.
fn sentence_end(text: &str, at: usize) -> End {
    let is_mark = |character: char| matches!(character, '.' | '!' | '?' | '…');
    let is_closer = |character: char| {
        matches!(
            character,
            '"' | '\'' | ')' | ']' | '}' | '*' | '_' | '`' | '”' | '’' | '»'
        )
    };
    if text[..at].ends_with(is_mark) {
        // The first mark of a run decides for all.
        return End::No;
    }
    let run_end = at
        + text[at..]
            .find(|character| !is_mark(character))
            .unwrap_or(text.len() - at);
    let closed = run_end
        + text[run_end..]
            .find(|character| !is_closer(character))
            .unwrap_or(text.len() - run_end);
    let run = &text[at..run_end];
    let Some(next) = text[closed..].chars().next() else {
        return End::Unknown;
    };
    if !next.is_whitespace() || !has_words(&text[..at]) || run.contains("..") || run.contains('…')
    {
        return End::No;
    }
    let end = closed + next.len_utf8();
    if run != "." || closed > run_end {
        return End::At(end);
    }
    let following = text[end..]
        .chars()
        .find(|character| !character.is_whitespace());
    match (abbreviation(&text[..at]), following) {
        (Abbreviation::No, _) => End::At(end),
        (Abbreviation::Always, _) => End::No,
        (_, None) => End::Unknown,
        (Abbreviation::UnlessCapital, Some(next)) if next.is_uppercase() => End::At(end),
        (Abbreviation::BeforeDigit, Some(next)) if !next.is_ascii_digit() => End::At(end),
        _ => End::No,
    }
}

enum Abbreviation {
    No,
    Always,
    /// It may end a sentence; a capital after it says that it does.
    UnlessCapital,
    /// It is one only before a digit ("No. 5").
    BeforeDigit,
}

/// Whether the word at the end of `before`, which a full stop follows, is an abbreviation.
fn abbreviation(before: &str) -> Abbreviation {
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let last = before
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or_default();
    let word_start = before.len() - last.len();
    let word =
        before[word_start..].trim_start_matches(|character: char| !character.is_alphanumeric());
    let is_first_of_line = before[line_start..word_start].trim().is_empty();
    if is_first_of_line
        && word.len() <= 3
        && !word.is_empty()
        && word.bytes().all(|byte| byte.is_ascii_digit())
    {
        // The number of a list's entry.
        return Abbreviation::Always;
    }
    let mut letters = word.chars();
    if let (Some(letter), None) = (letters.next(), letters.next()) {
        // An initial; but "So do I."
        return if letter.is_uppercase() && letter != 'I' {
            Abbreviation::Always
        } else {
            Abbreviation::No
        };
    }
    match word.to_lowercase().as_str() {
        "dr" | "mr" | "mrs" | "ms" | "mx" | "prof" | "st" | "rev" | "hon" | "gen" | "sen"
        | "rep" | "gov" | "capt" | "sgt" | "lt" | "col" | "vs" | "e.g" | "i.e" | "eg" | "ie"
        | "approx" | "cf" | "fig" | "vol" | "dept" | "ext" | "mt" | "ft" => Abbreviation::Always,
        "etc" | "a.m" | "p.m" | "inc" | "ltd" | "co" | "corp" | "jr" | "sr" | "u.s" | "u.k"
        | "ph.d" | "jan" | "feb" | "aug" | "sept" | "oct" | "nov" | "dec" | "est" | "min"
        | "max" | "hr" | "hrs" | "ave" | "blvd" | "al" => Abbreviation::UnlessCapital,
        "no" | "nos" | "p" | "pp" | "art" => Abbreviation::BeforeDigit,
        _ => Abbreviation::No,
    }
}

/// Whether a link (`[text](address)`) opens at `at`, and where it ends. A bracket alone is left to the rest.
fn link_end(text: &str, at: usize) -> Link {
    let undecided = |end: usize| {
        if end - at < LONGEST_LINK {
            Link::Unknown
        } else {
            Link::No
        }
    };
    let limit = |start: usize| {
        let mut limit = text.len().min(at + LONGEST_LINK).max(start);
        while !text.is_char_boundary(limit) {
            limit += 1;
        }
        limit
    };
    let Some(close) = text[at..limit(at)].find(']') else {
        return undecided(text.len());
    };
    let after = at + close + 1;
    match text[after..].chars().next() {
        None => undecided(after),
        Some('(') => match text[after..limit(after)].find(')') {
            Some(close) => Link::Ends(after + close + 1),
            None => undecided(text.len()),
        },
        Some(_) => Link::No,
    }
}
