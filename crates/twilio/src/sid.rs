//! Twilio's ids, taken as hostile input: they become room names, session ids and parts of paths.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Longest id taken. Twilio's own have 34 characters.
const MAX_LEN: usize = 64;

/// An id that is not `[A-Za-z0-9_-]{1,64}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {0}: 1 to 64 characters of A-Z, a-z, 0-9, '_' and '-' are allowed")]
pub struct InvalidSid(&'static str);

fn is_valid(text: &str) -> bool {
    (1..=MAX_LEN).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

macro_rules! sid {
    ($(#[$docs:meta])* $name:ident, $label:literal) => {
        $(#[$docs])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks `text`; see [`InvalidSid`] for what is allowed.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidSid> {
                let text = text.into();
                if is_valid(&text) { Ok(Self(text)) } else { Err(InvalidSid($label)) }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidSid;
            fn from_str(text: &str) -> Result<Self, InvalidSid> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidSid;
            fn try_from(text: String) -> Result<Self, InvalidSid> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(sid: $name) -> Self {
                sid.0
            }
        }
    };
}

sid! {
    /// A call's id (`CA…`). The prefix is not demanded: test systems send others.
    CallSid, "CallSid"
}
sid! {
    /// A media stream's id (`MZ…`).
    StreamSid, "streamSid"
}
sid! {
    /// A message's id (`SM…`, `MM…`).
    MessageSid, "MessageSid"
}
sid! {
    /// A recording's id (`RE…`).
    RecordingSid, "RecordingSid"
}
sid! {
    /// A transcript's id (`GT…`).
    TranscriptSid, "TranscriptSid"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_and_test_ids_are_taken() {
        for sid in [
            "CA0123456789abcdef0123456789abcdef",
            "CAtest123",
            "a",
            "A_b-9",
        ] {
            assert_eq!(CallSid::new(sid).unwrap().as_str(), sid);
        }
        assert!(CallSid::new("x".repeat(64)).is_ok());
    }

    #[test]
    fn what_could_escape_a_path_or_a_room_name_is_refused() {
        for sid in [
            "", "../x", "a/b", "a b", "é", "a\n", "a\0", "<x>", "a.b", "📞",
        ] {
            assert!(CallSid::new(sid).is_err(), "{sid:?}");
            assert!(StreamSid::new(sid).is_err(), "{sid:?}");
        }
        assert!(CallSid::new("x".repeat(65)).is_err());
    }

    #[test]
    fn json_is_checked_too() {
        assert!(serde_json::from_str::<CallSid>("\"CA1\"").is_ok());
        assert!(serde_json::from_str::<CallSid>("\"../etc\"").is_err());
    }
}
