//! The assistants that come with CASP: `assistants.toml`.

use super::Assistant;
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Deserialize)]
struct File {
    assistant: Vec<Assistant>,
}

static BUILTIN: LazyLock<Vec<Assistant>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../assistants.toml"))
        .expect("assistants.toml is part of the program and is read by its tests");
    file.assistant
});

impl Assistant {
    /// The built-in assistant of that name (case counts, as in a path: `GoogleGmail`).
    pub fn builtin(name: &str) -> Option<&'static Assistant> {
        BUILTIN.iter().find(|assistant| assistant.name == name)
    }

    /// The built-in assistants, `default` first.
    pub fn builtins() -> impl Iterator<Item = &'static Assistant> {
        BUILTIN.iter()
    }

    /// Names of the built-in assistants, `default` first.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        Self::builtins().map(|assistant| assistant.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clauses::speakable;
    use std::collections::HashSet;

    #[test]
    fn default_comes_first_and_names_are_unique() {
        let names: Vec<_> = Assistant::builtin_names().collect();
        assert_eq!(names.first(), Some(&"default"));
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
        for expected in [
            "sales",
            "support",
            "reminder",
            "calendar",
            "GoogleGmail",
            "Outlook",
        ] {
            assert!(names.contains(&expected), "{expected}");
        }
        assert!(Assistant::builtin("nobody").is_none());
    }

    #[test]
    fn every_greeting_says_it_is_an_ai_shortly_and_can_be_spoken() {
        for name in Assistant::builtin_names() {
            let assistant = Assistant::builtin(name).unwrap();
            let greeting = &assistant.greeting;
            assert!(greeting.contains("AI"), "{name}: {greeting}");
            assert!(greeting.len() <= 120, "{name}: {greeting}");
            assert_eq!(speakable(greeting), *greeting, "{name}");
        }
    }

    #[test]
    fn every_builtin_has_a_known_time_zone_and_may_hang_up() {
        for name in Assistant::builtin_names() {
            let assistant = Assistant::builtin(name).unwrap();
            assert!(
                jiff::tz::TimeZone::get(&assistant.timezone).is_ok(),
                "{name}"
            );
            assert_eq!(assistant.language, "en-US", "{name}");
            assert!(assistant.allows("call.hang_up"), "{name}");
            assert!(assistant.allows_public("call.hang_up"), "{name}");
            assert!(!assistant.allows_public("gmail.send"), "{name}");
        }
    }
}
