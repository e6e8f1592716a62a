//! Texts and web pages.

use super::{Unreadable, limits::Limits};
use crate::html;
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use std::borrow::Cow;

/// Text in UTF-8 or UTF-16, else as Windows writes it in the West.
pub(super) fn text(bytes: &[u8]) -> Result<String, Unreadable> {
    Ok(decoded(bytes)?.into_owned())
}

/// A web page.
pub(super) fn html(bytes: &[u8], limits: &Limits) -> Result<String, Unreadable> {
    let page = decoded(bytes)?;
    Ok(html::text(&page, |length| limits.is_enough(length)))
}

fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, Unreadable> {
    let text = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => encoding.decode_without_bom_handling(&bytes[mark..]).0,
        None => match UTF_8.decode_without_bom_handling_and_without_replacement(bytes) {
            Some(text) => text,
            None => WINDOWS_1252.decode_without_bom_handling(bytes).0,
        },
    };
    // No text has these.
    if text.contains('\0') {
        return Err(Unreadable::Format);
    }
    Ok(text)
}
