//! A menu: keys to press, each of which leads to another assistant.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a caller hears before the conversation, and who answers after which key (interface §5, `/twilio/routing`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Menu {
    /// What the caller hears ("For sales press 1, for support press 2.").
    pub sentence: String,
    /// Key (`0`–`9`, `*`, `#`) → name of the assistant that then answers.
    pub choices: BTreeMap<String, String>,
}

impl Menu {
    /// The assistant behind what was pressed. The first key counts: a menu asks for one.
    pub fn choice(&self, digits: &str) -> Option<&str> {
        let key = digits.get(..1)?;
        self.choices.get(key).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::Menu;

    #[test]
    fn a_key_leads_to_an_assistant() {
        let menu = Menu {
            sentence: "For sales press 1.".into(),
            choices: [("1".into(), "sales".into())].into(),
        };
        assert_eq!(menu.choice("1"), Some("sales"));
        assert_eq!(menu.choice("12"), Some("sales"));
        for digits in ["", "2", "ü"] {
            assert_eq!(menu.choice(digits), None, "{digits}");
        }
    }
}
