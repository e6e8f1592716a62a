//! Where an account may call and write to.
//!
//! A list of prefixes of international numbers, as `+1, +49, +4420`; `*` is every country. Ranges that cost many times
//! an ordinary call, and pay part of it to whoever owns the number, are not meant by their country's prefix nor by
//! `*`: who wants them names them (`+1876`, `+882`). That is what fraud calls.

use std::{fmt, str::FromStr};

/// Ranges that have to be named to be reached.
#[rustfmt::skip]
const DEAR: &[&str] = &[
    // Not countries: shared cost, satellites, ships, networks without borders, premium rate (ITU-T E.164 and E.164.3).
    "+808", "+870", "+875", "+876", "+877", "+878", "+881", "+882", "+883", "+888", "+979",
    // Premium, adult and pay-per-call numbers of the North American plan.
    "+1900", "+1976",
    // Countries of the North American plan that look like a call within it.
    "+1242", "+1246", "+1264", "+1268", "+1284", "+1345", "+1441", "+1473", "+1649", "+1658",
    "+1664", "+1721", "+1758", "+1767", "+1784", "+1809", "+1829", "+1849", "+1868", "+1869",
    "+1876",
    // Premium and personal numbers of countries whose ordinary ones are cheap.
    "+3190", "+3290", "+3389", "+34803", "+34806", "+34807", "+34905", "+35315", "+3989", "+4190", "+4390", "+4393",
    "+449", "+4470", "+4484", "+4487", "+4590", "+46900", "+46939", "+46944", "+4782", "+4870", "+49137", "+49180",
    "+49190", "+49900", "+6119", "+81990",
    // Islands and small networks that fraud terminates in.
    "+224", "+232", "+239", "+240", "+245", "+246", "+247", "+252", "+269", "+290", "+500", "+53", "+670", "+672",
    "+674", "+675", "+676", "+677", "+678", "+679", "+680", "+681", "+682", "+683", "+685", "+686", "+687", "+688",
    "+689", "+690", "+691", "+692", "+850", "+960",
];

/// Longest list.
const MOST: usize = 400;

/// Prefixes of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destinations {
    is_everywhere: bool,
    /// Digits with `+` before them.
    prefixes: Vec<String>,
}

/// Not a list of prefixes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("destinations are prefixes with a plus, separated by commas, as in `+1, +49`; or `*`")]
pub struct InvalidDestinations;

impl Destinations {
    /// Whether a number may be reached. What is no international number is not.
    pub fn allow(&self, number: &str) -> bool {
        let number = number.rsplit(':').next().unwrap_or_default().trim();
        let Some(digits) = number.strip_prefix('+') else {
            return false;
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return false;
        }
        let named = self
            .prefixes
            .iter()
            .filter(|prefix| number.starts_with(prefix.as_str()));
        let named = named.map(String::len).max();
        let dear = DEAR.iter().filter(|prefix| number.starts_with(**prefix));
        match dear.map(|prefix| prefix.len()).max() {
            Some(dear) => named.is_some_and(|named| named >= dear),
            None => self.is_everywhere || named.is_some(),
        }
    }
}

/// Every country, without the ranges that have to be named.
impl Default for Destinations {
    fn default() -> Self {
        Self {
            is_everywhere: true,
            prefixes: Vec::new(),
        }
    }
}

impl FromStr for Destinations {
    type Err = InvalidDestinations;

    fn from_str(text: &str) -> Result<Self, InvalidDestinations> {
        let mut found = Self {
            is_everywhere: false,
            prefixes: Vec::new(),
        };
        for item in text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
        {
            if item == "*" {
                found.is_everywhere = true;
                continue;
            }
            let digits = item.strip_prefix('+').ok_or(InvalidDestinations)?;
            if !(1..=15).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(InvalidDestinations);
            }
            found.prefixes.push(item.to_owned());
        }
        if found.prefixes.len() > MOST {
            return Err(InvalidDestinations);
        }
        Ok(found)
    }
}

impl fmt::Display for Destinations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let everywhere = self.is_everywhere.then_some("*");
        let items = everywhere
            .into_iter()
            .chain(self.prefixes.iter().map(String::as_str));
        f.write_str(&items.collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(list: &str, number: &str) -> bool {
        list.parse::<Destinations>().unwrap().allow(number)
    }

    #[test]
    fn a_prefix_allows_its_numbers_and_no_others() {
        assert!(allow("+1, +49", "+15551230001"));
        assert!(allow("+1,+49", "whatsapp:+4930123456"));
        assert!(!allow("+1,+49", "+33123456789"));
        assert!(!allow("", "+15551230001"), "an empty list allows nothing");
        assert!(allow("*", "+33123456789"));
    }

    #[test]
    fn dear_ranges_are_meant_only_by_their_own_name() {
        for dear in [
            "+19005551234",
            "+18765551234",
            "+8821234567",
            "+4490123456",
            "+9791234567",
        ] {
            assert!(!allow("*", dear), "{dear}");
            assert!(!allow("+1,+44,+8,+9", dear), "{dear}");
            assert!(!Destinations::default().allow(dear), "{dear}");
        }
        assert!(allow("+1876", "+18765551234"));
        assert!(!allow("+1876", "+18685551234"));
        assert!(allow("+449", "+4490123456"));
    }

    #[test]
    fn what_is_no_number_is_nowhere() {
        for odd in [
            "",
            "+",
            "15551230001",
            "sip:a@b",
            "client:x",
            "anonymous",
            "+1555x",
            "+１５５５",
        ] {
            assert!(!allow("*,+1", odd), "{odd}");
        }
    }

    #[test]
    fn lists_come_back_as_they_were_written() {
        assert_eq!(
            "*, +1876".parse::<Destinations>().unwrap().to_string(),
            "*,+1876"
        );
        for wrong in ["1", "+", "+x", "+1;+2", "+1234567890123456"] {
            assert!(wrong.parse::<Destinations>().is_err(), "{wrong}");
        }
    }
}
