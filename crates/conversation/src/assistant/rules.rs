//! What makes a good assistant, for those that users write.

use super::Assistant;
use crate::tools::is_action_pattern;
use std::time::Duration;

/// Longest persona, in characters.
pub const PERSONA_LIMIT: usize = 10_000;
/// Longest prompt, in characters.
pub const PROMPT_LIMIT: usize = 20_000;
/// Longest greeting or sentence of a menu, in characters.
pub const GREETING_LIMIT: usize = 1_000;
/// Most patterns in a list of actions.
pub const ACTIONS_LIMIT: usize = 100;
/// Most telephones that callers are put through to.
pub const TRANSFERS_LIMIT: usize = 20;
/// Longest name of one, in characters.
pub const TRANSFER_NAME_LIMIT: usize = 60;
/// Shortest and longest `max_duration_s`.
pub const MAX_DURATION_S: std::ops::RangeInclusive<u64> = 10..=7_200;
/// The temperatures that language models take.
pub(super) const TEMPERATURES: std::ops::RangeInclusive<f64> = 0.0..=2.0;

/// One thing that is wrong with an assistant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `["menu", "choices", "1"]`.
    pub path: Vec<String>,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Assistant {
    /// All that is wrong with it. Whether the assistants that its menu leads to exist is not looked at.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Found(Vec::new());
        found.text("persona", &self.persona, 1..=PERSONA_LIMIT);
        found.text("prompt", &self.prompt, 1..=PROMPT_LIMIT);
        found.text("greeting", &self.greeting, 0..=GREETING_LIMIT);
        let is_voice = |name: &str| casp_providers::voice_types().any(|known| known == name);
        if !self.voice_type.is_empty() && !is_voice(&self.voice_type) {
            let known = casp_providers::voice_types().collect::<Vec<_>>().join(", ");
            found.add(&["voice_type"], format!("must be one of {known}"));
        }
        if self
            .temperature
            .is_some_and(|temperature| !TEMPERATURES.contains(&f64::from(temperature)))
        {
            found.add(&["temperature"], "must be a number from 0 to 2");
        }
        if !is_language_tag(&self.language) {
            found.add(
                &["language"],
                "must be a language tag (BCP 47) such as en-US",
            );
        }
        if jiff::tz::TimeZone::get(&self.timezone).is_err() {
            found.add(
                &["timezone"],
                "must be a time zone (IANA) such as Europe/Berlin",
            );
        }
        found.actions("allowed_actions", &self.allowed_actions);
        found.actions("public_actions", &self.public_actions);
        for (position, pattern) in self.public_actions.iter().enumerate() {
            if is_action_pattern(pattern) && !self.allows(pattern) {
                found.add(
                    &["public_actions", &position.to_string()],
                    "must be among the allowed_actions",
                );
            }
        }
        let (shortest, longest) = (MAX_DURATION_S.start(), MAX_DURATION_S.end());
        if self.max_duration < Duration::from_secs(*shortest)
            || self.max_duration > Duration::from_secs(*longest)
        {
            found.add(
                &["max_duration_s"],
                format!("must be from {shortest} to {longest} seconds"),
            );
        }
        found.menu(self);
        found.transfers(self);
        found.text(
            "record_announcement",
            &self.record_announcement,
            0..=GREETING_LIMIT,
        );
        found.0
    }
}

struct Found(Vec<Problem>);

impl Found {
    fn add(&mut self, path: &[&str], message: impl Into<String>) {
        self.0.push(Problem {
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            message: message.into(),
        });
    }

    fn text(&mut self, field: &str, text: &str, characters: std::ops::RangeInclusive<usize>) {
        self.text_at(&[field], text, characters);
    }

    fn text_at(&mut self, path: &[&str], text: &str, characters: std::ops::RangeInclusive<usize>) {
        if text.trim().is_empty() && *characters.start() > 0 {
            self.add(path, "must not be empty");
        } else if text.chars().count() > *characters.end() {
            let limit = characters.end();
            self.add(path, format!("must be at most {limit} characters"));
        } else if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            self.add(path, "must not hold control characters");
        }
    }

    fn actions(&mut self, field: &str, patterns: &[String]) {
        if patterns.len() > ACTIONS_LIMIT {
            self.add(&[field], format!("must hold at most {ACTIONS_LIMIT} names"));
            return;
        }
        for (position, pattern) in patterns.iter().enumerate() {
            if !is_action_pattern(pattern) {
                self.add(
                    &[field, &position.to_string()],
                    "must be an action (gmail.send), a provider's whole (gmail.*) or everything (*)",
                );
            }
        }
    }

    fn transfers(&mut self, assistant: &Assistant) {
        if assistant.transfer_to.len() > TRANSFERS_LIMIT {
            let limit = TRANSFERS_LIMIT;
            self.add(
                &["transfer_to"],
                format!("must hold at most {limit} numbers"),
            );
        }
        for (name, number) in &assistant.transfer_to {
            let path = ["transfer_to", name.as_str()];
            let is_name = !name.trim().is_empty()
                && name.chars().count() <= TRANSFER_NAME_LIMIT
                && !name.chars().any(char::is_control);
            if !is_name {
                let limit = TRANSFER_NAME_LIMIT;
                self.add(&path, format!("a name has 1 to {limit} characters"));
            }
            if !is_dialable(number) {
                self.add(&path, "must be a number in E.164, such as +15551230001");
            }
        }
    }

    fn menu(&mut self, assistant: &Assistant) {
        let Some(menu) = &assistant.menu else { return };
        self.text_at(&["menu", "sentence"], &menu.sentence, 1..=GREETING_LIMIT);
        if menu.choices.is_empty() {
            self.add(&["menu", "choices"], "must lead somewhere");
        }
        for key in menu.choices.keys() {
            let is_key = key.len() == 1 && key.bytes().all(|b| b"0123456789*#".contains(&b));
            if !is_key {
                self.add(&["menu", "choices", key], "a key is one of 0-9, * and #");
            }
        }
    }
}

/// Whether it is a number that can be dialled (E.164, as interface §1 has it).
fn is_dialable(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default().as_bytes();
    (7..=15).contains(&digits.len()) && digits[0] != b'0' && digits.iter().all(u8::is_ascii_digit)
}

/// Whether it is shaped like a language tag (BCP 47): a language of two letters or more, then subtags.
pub(super) fn is_language_tag(tag: &str) -> bool {
    tag.split('-').enumerate().all(|(position, part)| {
        let is_good = match position {
            0 => part.len() >= 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic()),
            _ => !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        };
        is_good && part.len() <= 8
    }) && tag.len() <= 35
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Menu;

    fn assistant() -> Assistant {
        Assistant::builtin("sales").unwrap().clone()
    }

    fn problems(change: impl FnOnce(&mut Assistant)) -> Vec<String> {
        let mut changed = assistant();
        change(&mut changed);
        let told = |problem: Problem| format!("{}: {}", problem.path.join("."), problem.message);
        changed.problems().into_iter().map(told).collect()
    }

    fn menu(sentence: &str, keys: &[&str]) -> Menu {
        Menu {
            sentence: sentence.into(),
            choices: keys
                .iter()
                .map(|key| ((*key).to_owned(), "sales".to_owned()))
                .collect(),
        }
    }

    #[test]
    fn every_built_in_assistant_keeps_the_rules() {
        for assistant in Assistant::builtins() {
            assert_eq!(assistant.problems(), [], "{}", assistant.name);
        }
    }

    #[test]
    fn what_is_at_the_limit_is_good() {
        let found = problems(|a| {
            a.persona = "é".repeat(PERSONA_LIMIT);
            a.prompt = "x\n\ty".into();
            a.greeting = String::new();
            a.voice_type = String::new();
            a.temperature = Some(2.0);
            a.language = "zh-Hans-CN".into();
            a.timezone = "America/Argentina/Buenos_Aires".into();
            a.max_duration = Duration::from_hours(2);
            a.allowed_actions = vec!["*".into()];
            a.public_actions = vec!["jira.*".into()];
            a.menu = Some(menu("Press.", &["0", "*", "#"]));
        });
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let found = problems(|a| {
            a.persona = " ".into();
            a.prompt = "x".repeat(PROMPT_LIMIT + 1);
            a.greeting = "a\0b".into();
            a.temperature = Some(2.1);
            a.language = "english please".into();
            a.timezone = "Mars/Base".into();
            a.max_duration = Duration::from_secs(9);
            a.allowed_actions = vec!["call.hang_up".into(), "fax.send".into()];
            a.public_actions = vec!["gmail.send".into()];
            a.menu = Some(menu("", &["12"]));
            a.transfer_to = [
                ("Sales", "911"),
                ("", "+15551230001"),
                ("Desk", "+1555123000"),
            ]
            .map(|(name, number)| (name.to_owned(), number.to_owned()))
            .into();
        });
        assert_eq!(
            found,
            [
                "persona: must not be empty",
                "prompt: must be at most 20000 characters",
                "greeting: must not hold control characters",
                "temperature: must be a number from 0 to 2",
                "language: must be a language tag (BCP 47) such as en-US",
                "timezone: must be a time zone (IANA) such as Europe/Berlin",
                "allowed_actions.1: must be an action (gmail.send), a provider's whole (gmail.*) or everything (*)",
                "public_actions.0: must be among the allowed_actions",
                "max_duration_s: must be from 10 to 7200 seconds",
                "menu.sentence: must not be empty",
                "menu.choices.12: a key is one of 0-9, * and #",
                "transfer_to.: a name has 1 to 60 characters",
                "transfer_to.Sales: must be a number in E.164, such as +15551230001",
            ]
        );
    }

    #[test]
    fn an_unknown_voice_is_answered_with_the_known_ones() {
        let found = problems(|a| a.voice_type = "squeaky".into());
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("voice_type: must be one of aggressive_male"),
            "{found:?}"
        );
        assert!(found[0].contains("concerned_female"), "{found:?}");
    }

    #[test]
    fn further_things_that_are_wrong() {
        assert_eq!(problems(|a| a.temperature = Some(-0.1)).len(), 1);
        assert_eq!(problems(|a| a.temperature = Some(f32::NAN)).len(), 1);
        assert_eq!(
            problems(|a| a.max_duration = Duration::from_secs(7_201)).len(),
            1
        );
        assert_eq!(
            problems(|a| a.menu = Some(menu("Press.", &[]))),
            ["menu.choices: must lead somewhere"]
        );
        assert_eq!(
            problems(|a| a.allowed_actions = vec!["fax.send".into(); 101]).len(),
            2
        );
        for tag in ["", "e", "12", "en-", "en_US", "abcdefghi", "en-US ", "ü-DE"] {
            assert!(!is_language_tag(tag), "{tag}");
        }
    }
}
