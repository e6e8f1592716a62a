//! Card numbers in what was said, taken out before it is written down.
//!
//! A run is digits (written, or spoken: "four one one one", "double four", "forty two") with nothing but blanks,
//! punctuation and fillers ("and", "uh") between them. A run that holds 13 to 19 digits which begin as cards do and
//! pass Luhn's check is a card's number, and what stands beside it in the same run (expiry, security code) belongs to
//! it: the whole run is masked. Numbers with a `+` are telephone numbers.

mod digits;
mod luhn;

use digits::{Run, runs};
use std::{borrow::Cow, ops::Range};

/// What stands in the place of a card's number.
pub const MASK: &str = "[card number]";

/// The text without card numbers.
pub fn masked(text: &str) -> Cow<'_, str> {
    let spans: Vec<_> = cards(text).collect();
    if spans.is_empty() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(replaced(text, &spans))
    }
}

/// What one speaker said one thing after the other, without card numbers, also those that are told in pieces. `None`
/// where nothing changes.
pub fn masked_pieces(pieces: &[&str]) -> Vec<Option<String>> {
    let whole = pieces.join("\n");
    let cards: Vec<_> = cards(&whole).collect();
    let mut begin = 0;
    pieces
        .iter()
        .map(|piece| {
            let place = begin..begin + piece.len();
            begin = place.end + 1;
            let spans: Vec<_> = cards
                .iter()
                .filter_map(|card| within(card, &place))
                .collect();
            (!spans.is_empty()).then(|| replaced(piece, &spans))
        })
        .collect()
}

/// Whether there is a digit at all, written or spoken.
pub(crate) fn has_digits(text: &str) -> bool {
    runs(text).next().is_some()
}

/// A JSON value with every text in it masked.
pub(crate) fn mask_json(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::String(text) => {
            if let Cow::Owned(masked) = masked(text) {
                *text = masked;
            }
        }
        Value::Number(number) => {
            let is_card = cards(&number.to_string()).next().is_some();
            if is_card {
                *value = MASK.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask_json),
        Value::Object(fields) => fields.values_mut().for_each(mask_json),
        Value::Null | Value::Bool(_) => {}
    }
}

fn cards(text: &str) -> impl Iterator<Item = Range<usize>> {
    runs(text).filter(Run::holds_card).map(|run| run.span())
}

/// The part of `card` in `place`, counted from its beginning.
fn within(card: &Range<usize>, place: &Range<usize>) -> Option<Range<usize>> {
    let (start, end) = (card.start.max(place.start), card.end.min(place.end));
    (start < end).then(|| start - place.start..end - place.start)
}

fn replaced(text: &str, spans: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for span in spans {
        out.push_str(&text[from..span.start]);
        out.push_str(MASK);
        from = span.end;
    }
    out.push_str(&text[from..]);
    out
}

#[cfg(test)]
mod tests;
