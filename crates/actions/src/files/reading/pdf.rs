//! PDF (ISO 32000).
//!
//! The library bounds what one stream unfolds to and how deep things nest. What a whole file costs is bounded here: what
//! will be parsed is counted beforehand, in the file and in each stream of objects as it is met.

mod page;
mod screen;

use super::{Unreadable, limits::Limits};
use lopdf::{DecompressError, Document, Error, LoadOptions, Object, ObjectId};
use std::cell::Cell;

/// The largest stream of objects or cross-references that is unfolded, in bytes.
const MOST_INDEX: usize = 2 * 1024 * 1024;
/// Things that are parsed of one file: numbers, names, brackets. Each becomes some hundred bytes.
const MOST_TOKENS: usize = 1_200_000;
/// Pages that are read.
const MOST_PAGES: usize = 300;

/// What may still be parsed of the file that this thread reads.
#[derive(Debug, Clone, Copy)]
struct Budget {
    tokens: usize,
    limits: Limits,
}

thread_local! {
    /// The library takes a plain function as its filter.
    static BUDGET: Cell<Option<Budget>> = const { Cell::new(None) };
}

/// The text of all pages.
pub(super) fn text(bytes: &[u8], limits: &Limits) -> Result<String, Unreadable> {
    let tokens = MOST_TOKENS
        .checked_sub(screen::tokens(bytes))
        .ok_or(Unreadable::TooComplex)?;
    screen::structure(bytes)?;
    BUDGET.set(Some(Budget {
        tokens,
        limits: *limits,
    }));
    let document = Document::load_mem_with_options(
        bytes,
        LoadOptions {
            filter: Some(affordable),
            max_decompressed_size: Some(MOST_INDEX),
            ..LoadOptions::default()
        },
    );
    let is_affordable = BUDGET.take().is_some();
    let document = document.map_err(|error| match error {
        Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => Unreadable::TooComplex,
        Error::InvalidPassword | Error::Decryption(_) | Error::UnsupportedSecurityHandler(_) => {
            Unreadable::Protected
        }
        _ => Unreadable::Damaged,
    })?;
    if !is_affordable {
        return Err(Unreadable::TooComplex);
    }
    let (mut text, mut count) = (String::new(), 0);
    for page in document.page_iter().take(MOST_PAGES) {
        count += 1;
        page::text(&document, page, limits, &mut text);
        text.push('\n');
        if limits.is_enough(text.len()) {
            break;
        }
    }
    if count == 0 {
        return Err(Unreadable::Damaged);
    }
    Ok(text)
}

/// Keeps an object that is met while the file is loaded. A stream of objects is kept only if all that is in it can be
/// afforded; the first that cannot ends the budget, and nothing is kept from then on.
fn affordable(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    let mut budget = BUDGET.get()?;
    if budget.limits.is_late() {
        BUDGET.set(None);
        return None;
    }
    if let Ok(stream) = object.as_stream()
        && stream.dict.has_type(b"ObjStm")
    {
        let tokens = match stream.get_plain_content_with_limit(MOST_INDEX) {
            Ok(content) => screen::tokens(&content),
            Err(Error::Decompress(DecompressError::MemoryLimitExceeded { .. })) => usize::MAX,
            // Damaged: what is in it is lost, and it alone.
            Err(_) => return None,
        };
        let Some(left) = budget.tokens.checked_sub(tokens) else {
            BUDGET.set(None);
            return None;
        };
        budget.tokens = left;
        BUDGET.set(Some(budget));
    }
    // Of a stream, the caller only looks whether it is kept; all else it may take from here.
    let kept = match object {
        Object::Stream(_) => Object::Null,
        other => other.clone(),
    };
    Some((id, kept))
}
