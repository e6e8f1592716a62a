//! Which part of a file is asked for (RFC 9110, section 14).

use axum::http::{HeaderMap, header};
use std::ops::Range;

/// What a `Range` header asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// No header, or one that is passed over: several parts, other units, nonsense.
    Whole,
    /// A part that is there.
    Part(Range<u64>),
    /// A part that is not: 416.
    Nothing,
}

/// Of a file of that size.
pub(super) fn wanted(headers: &HeaderMap, bytes: u64) -> Wanted {
    // With `If-Range` the client would have to know the file; files never change, but nobody here says so with tags.
    let header = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok());
    let Some(header) = header.filter(|_| !headers.contains_key(header::IF_RANGE)) else {
        return Wanted::Whole;
    };
    let Ok(ranges) = http_range_header::parse_range_header(header) else {
        return Wanted::Whole;
    };
    match ranges.validate(bytes) {
        Ok(parts) => match parts.as_slice() {
            [part] => Wanted::Part(*part.start()..part.end() + 1),
            _ => Wanted::Whole,
        },
        Err(_) => Wanted::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> Wanted {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, header.parse().unwrap());
        wanted(&headers, 1_000)
    }

    #[test]
    fn one_part_is_given_and_other_wishes_get_the_whole() {
        assert_eq!(of("bytes=0-99"), Wanted::Part(0..100));
        assert_eq!(of("bytes=900-"), Wanted::Part(900..1_000));
        assert_eq!(of("bytes=-100"), Wanted::Part(900..1_000));
        assert_eq!(of("bytes=0-1,5-6"), Wanted::Whole);
        assert_eq!(of("lines=1-2"), Wanted::Whole);
        assert_eq!(of("bytes=2000-"), Wanted::Nothing);
        assert_eq!(wanted(&HeaderMap::new(), 5), Wanted::Whole);
    }
}
