//! How much of what.

use std::{fmt, str::FromStr};

/// What costs money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Calls placed.
    Calls,
    /// Messages sent.
    Messages,
    /// Minutes of calls.
    Minutes,
    /// Tokens of language models.
    Tokens,
}

impl Resource {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Calls, Self::Messages, Self::Minutes, Self::Tokens];

    /// `calls`, `messages`, …
    pub fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Messages => "messages",
            Self::Minutes => "minutes",
            Self::Tokens => "tokens",
        }
    }
}

/// A bound: a number, or `unlimited`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceiling {
    /// No bound.
    Unlimited,
    /// That many and no more; 0 is none at all.
    AtMost(u32),
}

/// Not a bound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a ceiling is a whole number (0: none at all) or `unlimited`")]
pub struct InvalidCeiling;

impl Ceiling {
    /// The number, where there is one.
    pub fn most(self) -> Option<u32> {
        match self {
            Self::Unlimited => None,
            Self::AtMost(most) => Some(most),
        }
    }

    /// As it lies in the database.
    pub(super) fn to_column(self) -> i64 {
        self.most().map_or(-1, i64::from)
    }

    pub(super) fn from_column(value: i64) -> Self {
        match u32::try_from(value) {
            Ok(most) => Self::AtMost(most),
            Err(_) if value < 0 => Self::Unlimited,
            Err(_) => Self::AtMost(u32::MAX),
        }
    }
}

impl FromStr for Ceiling {
    type Err = InvalidCeiling;

    fn from_str(text: &str) -> Result<Self, InvalidCeiling> {
        if text.eq_ignore_ascii_case("unlimited") {
            return Ok(Self::Unlimited);
        }
        text.parse().map(Self::AtMost).map_err(|_| InvalidCeiling)
    }
}

impl fmt::Display for Ceiling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => f.write_str("unlimited"),
            Self::AtMost(most) => write!(f, "{most}"),
        }
    }
}

/// A ceiling of each resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyCeilings {
    /// Calls placed a day.
    pub calls: Ceiling,
    /// Messages sent a day.
    pub messages: Ceiling,
    /// Minutes of calls a day.
    pub minutes: Ceiling,
    /// Tokens of language models a day.
    pub tokens: Ceiling,
}

impl DailyCeilings {
    /// No bound on anything.
    pub const UNLIMITED: Self = Self {
        calls: Ceiling::Unlimited,
        messages: Ceiling::Unlimited,
        minutes: Ceiling::Unlimited,
        tokens: Ceiling::Unlimited,
    };

    /// That of one resource.
    pub fn of(&self, resource: Resource) -> Ceiling {
        match resource {
            Resource::Calls => self.calls,
            Resource::Messages => self.messages,
            Resource::Minutes => self.minutes,
            Resource::Tokens => self.tokens,
        }
    }
}
