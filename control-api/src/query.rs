//! The query of a URL, read by name; what is wrong with it is a 422 that says where.

use crate::error::{ApiError, FieldError};
use axum::{extract::FromRequestParts, http::request::Parts};
use std::{ops::RangeInclusive, str::FromStr};

/// Rows that may be skipped; nobody leafs through more.
const MOST_SKIPPED: u32 = 1_000_000;
/// Longest value.
const LONGEST: usize = 1_000;

/// The parameters of a query.
#[derive(Debug)]
pub(crate) struct QueryParams(Vec<(String, String)>);

impl QueryParams {
    /// A text, if it is there and not empty.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        self.long_text(name, LONGEST)
    }

    /// The same, and longer.
    pub(crate) fn long_text(&self, name: &str, longest: usize) -> Result<Option<&str>, ApiError> {
        let value = self.0.iter().find(|(key, _)| key == name);
        let Some(value) = value
            .map(|(_, value)| value.trim())
            .filter(|v| !v.is_empty())
        else {
            return Ok(None);
        };
        if value.len() > longest || value.contains(char::is_control) {
            return Err(invalid(name, "too long, or with control characters"));
        }
        Ok(Some(value))
    }

    /// One of these words.
    pub(crate) fn word(&self, name: &str, words: &[&str]) -> Result<Option<String>, ApiError> {
        match self.text(name)? {
            Some(value) if !words.contains(&value) => {
                Err(invalid(name, &format!("one of: {}", words.join(", "))))
            }
            value => Ok(value.map(str::to_owned)),
        }
    }

    /// A number in a range.
    pub(crate) fn number<T>(
        &self,
        name: &str,
        range: RangeInclusive<T>,
        default: T,
    ) -> Result<T, ApiError>
    where
        T: FromStr + PartialOrd + std::fmt::Display,
    {
        let Some(value) = self.text(name)? else {
            return Ok(default);
        };
        let number = value.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| {
            let rule = format!("a number from {} to {}", range.start(), range.end());
            invalid(name, &rule)
        })
    }

    /// `skip` and `limit`.
    pub(crate) fn page(&self) -> Result<(u32, u32), ApiError> {
        Ok((
            self.number("skip", 0..=MOST_SKIPPED, 0)?,
            self.number("limit", 1..=100, 10)?,
        ))
    }

    /// A time, RFC 3339, or a day: its beginning, or, with `is_end`, the beginning of the day after. UTC where the
    /// text does not say. Unix milliseconds.
    pub(crate) fn time(&self, name: &str, is_end: bool) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        if let Ok(time) = text.parse::<jiff::Timestamp>() {
            return Ok(Some(time.as_millisecond()));
        }
        let day = text.parse::<jiff::civil::Date>().ok();
        let day = day.and_then(|day| {
            if is_end {
                day.tomorrow().ok()
            } else {
                Some(day)
            }
        });
        day.and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok())
            .map(|time| Some(time.timestamp().as_millisecond()))
            .ok_or_else(|| invalid(name, "a time (2026-01-02T03:04:05Z) or a day (2026-01-02)"))
    }
}

fn invalid(name: &str, rule: &str) -> ApiError {
    ApiError::Invalid(vec![FieldError::new("query", name, rule)])
}

impl<S: Send + Sync> FromRequestParts<S> for QueryParams {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(
            url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> QueryParams {
        let pairs = pairs.iter();
        QueryParams(
            pairs
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn pages_have_bounds() {
        assert_eq!(query(&[]).page().unwrap(), (0, 10));
        assert_eq!(
            query(&[("skip", "20"), ("limit", "100")]).page().unwrap(),
            (20, 100)
        );
        for bad in [
            ("limit", "0"),
            ("limit", "101"),
            ("skip", "-1"),
            ("skip", "x"),
        ] {
            assert!(query(&[bad]).page().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn days_are_whole() {
        let query = query(&[
            ("a", "2024-01-15"),
            ("b", "2024-01-15T10:30:00+01:00"),
            ("c", "soon"),
        ]);
        let day = 1_705_276_800_000;
        assert_eq!(query.time("a", false).unwrap(), Some(day));
        assert_eq!(query.time("a", true).unwrap(), Some(day + 86_400_000));
        assert_eq!(
            query.time("b", true).unwrap(),
            Some(day + 9 * 3_600_000 + 1_800_000)
        );
        assert_eq!(query.time("d", true).unwrap(), None);
        assert!(query.time("c", false).is_err());
    }
}
