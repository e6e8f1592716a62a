//! Names that clients choose: rooms, participants.

use serde::Deserialize;

/// Longest name, in characters.
const LONGEST: usize = 128;

/// Rooms that only calls make.
const RESERVED_ROOMS: [&str; 3] = ["twilio-", "whatsapp-", "api-"];
/// Identities that only our own participants have.
const RESERVED_IDENTITIES: [&str; 4] = ["agent", "caller-", "bridge-", "recorder-"];

/// A room's name: `[A-Za-z0-9 _.:@-]{1,128}`, not only dots, no blank at either end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct RoomName(String);

impl RoomName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether only calls make rooms of this name.
    pub(crate) fn is_reserved(&self) -> bool {
        RESERVED_ROOMS
            .iter()
            .any(|prefix| self.0.starts_with(prefix))
    }

    /// A name nobody has.
    pub(crate) fn random() -> Self {
        Self(format!("room-{}", random_letters()))
    }
}

impl TryFrom<String> for RoomName {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        const RULE: &str = "a room's name is 1 to 128 characters of A-Z, a-z, 0-9, blank and _ . : @ -, \
                            with no blank at its ends and not only dots";
        let is_good = is_plain(&text, b" _.:@-") && text.bytes().any(|byte| byte != b'.');
        if is_good { Ok(Self(text)) } else { Err(RULE) }
    }
}

/// A participant's identity: `[A-Za-z0-9 _.:@+|-]{1,128}`, and not one that our own participants have.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Identity(String);

impl Identity {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// An identity nobody has.
    pub(crate) fn random() -> Self {
        Self(format!("guest-{}", random_letters()))
    }
}

impl TryFrom<String> for Identity {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if !is_plain(&text, b" _.:@+|-") {
            return Err(
                "an identity is 1 to 128 characters of A-Z, a-z, 0-9, blank and _ . : @ + | -, \
                        with no blank at its ends",
            );
        }
        let lower = text.to_ascii_lowercase();
        if RESERVED_IDENTITIES
            .iter()
            .any(|prefix| lower.starts_with(prefix))
        {
            return Err(
                "identities that begin with agent, caller-, bridge- or recorder- are reserved",
            );
        }
        Ok(Self(text))
    }
}

/// A participant's name, as others see it: any script, 1 to 128 characters, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct DisplayName(String);

impl DisplayName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DisplayName {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim();
        if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
            return Err("a name is at most 128 characters, without control characters");
        }
        Ok(Self(text.to_owned()))
    }
}

fn is_plain(text: &str, marks: &[u8]) -> bool {
    (1..=LONGEST).contains(&text.len())
        && text.trim_ascii().len() == text.len()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || marks.contains(&byte))
}

fn random_letters() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    rand::random::<[u8; 12]>()
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(text: &str) -> Option<RoomName> {
        RoomName::try_from(text.to_owned()).ok()
    }

    #[test]
    fn rooms_as_people_and_the_guides_name_them() {
        for name in [
            "my-meeting",
            "meeting-1700000000000",
            "Team sync 9:30",
            "slack-U123",
            "a@b.c",
            "a",
        ] {
            assert!(room(name).is_some(), "{name}");
        }
        assert!(room(&"x".repeat(128)).is_some());
    }

    #[test]
    fn rooms_that_are_refused() {
        for name in [
            "", " ", " a", "a ", ".", "..", "../", "a/b", "📞", "a\nb", "a\0", "<x>", "a%2f",
        ] {
            assert!(room(name).is_none(), "{name:?}");
        }
        assert!(room(&"x".repeat(129)).is_none());
    }

    #[test]
    fn rooms_of_calls_are_reserved() {
        for name in ["twilio-CA1", "whatsapp-CA1", "api-MZ1"] {
            assert!(room(name).unwrap().is_reserved());
        }
        assert!(!room("twilio").unwrap().is_reserved());
    }

    #[test]
    fn nobody_takes_the_agents_identity() {
        for name in [
            "agent",
            "Agent",
            "agent-2",
            "caller-x",
            "BRIDGE-1",
            "recorder-1",
            "",
            "a/b",
        ] {
            assert!(Identity::try_from(name.to_owned()).is_err(), "{name:?}");
        }
        for name in [
            "user-1700000000000",
            "host-1",
            "discord-bot",
            "auth0|123",
            "ann@example.org",
        ] {
            assert!(Identity::try_from(name.to_owned()).is_ok(), "{name}");
        }
    }

    #[test]
    fn names_of_people_are_in_any_script() {
        assert!(DisplayName::try_from("María 李".to_owned()).is_ok());
        assert!(DisplayName::try_from("a\u{7}".to_owned()).is_err());
        assert!(DisplayName::try_from("x".repeat(129)).is_err());
    }

    #[test]
    fn random_names_pass_their_own_rules() {
        assert!(room(RoomName::random().as_str()).is_some());
        assert!(Identity::try_from(Identity::random().as_str().to_owned()).is_ok());
        assert_ne!(RoomName::random(), RoomName::random());
    }
}
