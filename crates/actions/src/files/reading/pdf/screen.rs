//! What is seen of a PDF before anything is parsed.

use super::super::Unreadable;

/// Versions of a file within it. Each has an index of its own, which may be large.
const MOST_VERSIONS: usize = 32;

/// White space and what stands between words (ISO 32000-1 §7.2.2).
fn is_between(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32) || is_delimiter(byte)
}

fn is_delimiter(byte: u8) -> bool {
    b"()<>[]{}/%".contains(&byte)
}

/// As many things at most can be parsed of these bytes.
pub(super) fn tokens(bytes: &[u8]) -> usize {
    let mut was_between = true;
    let mut tokens = 0;
    for &byte in bytes {
        let begins = is_delimiter(byte) || (was_between && !is_between(byte));
        tokens += usize::from(begins);
        was_between = is_between(byte);
    }
    tokens
}

/// Refuses what is encrypted, whose streams would be unfolded without a count, and what has too many versions.
pub(super) fn structure(bytes: &[u8]) -> Result<(), Unreadable> {
    let mut versions = 0;
    let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    for (at, _) in slashes {
        let name = &bytes[at + 1..];
        if is_name(name, b"Encrypt") {
            return Err(Unreadable::Protected);
        }
        let is_version = is_name(name, b"XRefStm")
            || (is_name(name, b"Prev") && !is_reference(&name[b"Prev".len()..]));
        versions += usize::from(is_version);
    }
    if versions > MOST_VERSIONS {
        return Err(Unreadable::TooComplex);
    }
    Ok(())
}

/// Whether bytes begin with a name, which may be written with codes: `#45ncrypt`.
fn is_name(bytes: &[u8], name: &[u8]) -> bool {
    let mut rest = bytes;
    for &letter in name {
        let (read, length) = match rest {
            [b'#', high, low, ..] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, 3),
                _ => (b'#', 1),
            },
            [byte, ..] => (*byte, 1),
            [] => return false,
        };
        if read != letter {
            return false;
        }
        rest = &rest[length..];
    }
    rest.first().is_none_or(|next| is_between(*next))
}

/// Whether a reference follows, ` 12 0 R`: bookmarks name the one before them so, versions never.
fn is_reference(bytes: &[u8]) -> bool {
    let number = |bytes: &[u8]| {
        let spaces = bytes
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        let digits = bytes[spaces..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        (spaces > 0 && digits > 0).then_some(spaces + digits)
    };
    let Some(object) = number(bytes) else {
        return false;
    };
    let rest = &bytes[object..];
    let Some(generation) = number(rest) else {
        return false;
    };
    let rest = rest[generation..].trim_ascii_start();
    rest.first() == Some(&b'R') && rest.get(1).is_none_or(|next| is_between(*next))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_seen_however_they_are_written() {
        for (bytes, expected) in [
            (&b"<< /Encrypt 5 0 R >>"[..], Err(Unreadable::Protected)),
            (b"<</#45ncryp#74[", Err(Unreadable::Protected)),
            (b"<< /EncryptMetadata true >>", Ok(())),
            (b"/Encryp", Ok(())),
            (b"", Ok(())),
        ] {
            assert_eq!(structure(bytes), expected, "{bytes:?}");
        }
        let versions = |count: usize| structure("/Prev 1 ".repeat(count).as_bytes());
        assert_eq!(versions(MOST_VERSIONS), Ok(()));
        assert_eq!(versions(MOST_VERSIONS + 1), Err(Unreadable::TooComplex));
        let bookmarks = "<</Title(One)/Prev 12 0 R/Next 14 0 R>>".repeat(MOST_VERSIONS + 1);
        assert_eq!(structure(bookmarks.as_bytes()), Ok(()));
    }

    #[test]
    fn whatever_is_parsed_is_counted() {
        for (bytes, expected) in [
            (&b"1 2 3"[..], 3),
            (b"[[[]]]", 6),
            (b"<</A(b)>>", 9),
            (b"  ", 0),
        ] {
            assert!(tokens(bytes) >= expected.min(8), "{bytes:?}");
        }
        assert_eq!(tokens(b"1 2 3"), 3);
        assert_eq!(tokens(b"  "), 0);
    }
}
