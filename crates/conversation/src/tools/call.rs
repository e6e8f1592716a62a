//! What can be done with the call itself: hanging up, putting it through, pressing keys.

use super::{hang_up::HangUp, send_dtmf::SendDtmf, transfer::Transfer};
use crate::{Action, Assistant, Modality};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// Most keys at once.
const MOST_KEYS: usize = 32;

/// The call that an agent talks in, as its actions see it. An `Err` says why not, for people.
#[async_trait::async_trait]
pub trait CallControl: Send + Sync + fmt::Debug {
    /// Puts the caller through to this number when the words of the running reply have been heard.
    async fn transfer(&self, number: &str) -> Result<(), String>;
    /// Presses keys, after the words of the running reply so far.
    async fn send_dtmf(&self, keys: &Keys) -> Result<(), String>;
    /// Whether keys would be heard by this one alone (a participant's identity).
    fn is_heard_only_by(&self, identity: &str) -> bool;
}

/// Keys of a telephone: `0`–`9`, `*`, `#`, `A`–`D`, and `w` for half a second of waiting. Not shown by `Debug`: they may be
/// somebody's secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys(String);

impl Keys {
    /// What a model wrote; blanks and dashes between them do not count.
    pub fn parse(text: &str) -> Option<Self> {
        let keys = text.chars().filter(|c| !matches!(c, ' ' | '-'));
        let keys: String = keys
            .map(|c| match c {
                ',' | 'w' | 'W' => 'w',
                other => other.to_ascii_uppercase(),
            })
            .collect();
        let are_keys = keys.chars().all(|key| "0123456789*#ABCDw".contains(key));
        let presses = keys.chars().any(|key| key != 'w');
        (are_keys && presses && keys.len() <= MOST_KEYS).then_some(Self(keys))
    }

    /// Each of them.
    pub fn chars(&self) -> impl Iterator<Item = char> + '_ {
        self.0.chars()
    }

    /// As they are written.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// As they are said: `1 2 star`.
    pub(super) fn spoken(&self) -> String {
        let names = self.chars().filter_map(|key| match key {
            'w' => None,
            '*' => Some("star".to_owned()),
            '#' => Some("pound".to_owned()),
            key => Some(key.to_string()),
        });
        names.collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// What an assistant may do with a call that is under way. Only a telephone call can be put through, and only to whom the
/// assistant's owner has named.
pub fn call_actions(
    assistant: &Assistant,
    is_telephone: bool,
    call: &Arc<dyn CallControl>,
) -> Vec<Arc<dyn Action>> {
    let mut actions: Vec<Arc<dyn Action>> = Vec::new();
    if assistant.modality != Modality::Voice {
        return actions;
    }
    if is_telephone && !assistant.transfer_to.is_empty() {
        let to = assistant.transfer_to.clone();
        actions.push(Arc::new(Transfer::new(to, call.clone())));
    }
    actions.push(Arc::new(SendDtmf::new(call.clone())));
    actions.retain(|action| assistant.allows(action.name().as_str()));
    actions
}

/// All that there is for calls, for lists: run, it says that there is no call.
pub fn actions_of_calls() -> Vec<Arc<dyn Action>> {
    let nowhere: Arc<dyn CallControl> = Arc::new(Nowhere);
    vec![
        Arc::new(Transfer::new(BTreeMap::new(), nowhere.clone())),
        Arc::new(HangUp::new()),
        Arc::new(SendDtmf::new(nowhere)),
    ]
}

#[derive(Debug)]
struct Nowhere;

const NO_CALL: &str = "There is no call. An agent does this while it talks.";

#[async_trait::async_trait]
impl CallControl for Nowhere {
    async fn transfer(&self, _number: &str) -> Result<(), String> {
        Err(NO_CALL.to_owned())
    }
    async fn send_dtmf(&self, _keys: &Keys) -> Result<(), String> {
        Err(NO_CALL.to_owned())
    }
    fn is_heard_only_by(&self, _identity: &str) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_a_telephone() {
        for (text, keys, spoken) in [
            ("1", "1", "1"),
            ("42#", "42#", "4 2 pound"),
            ("4 2-0,*", "420w*", "4 2 0 star"),
            ("wW1d", "ww1D", "1 D"),
        ] {
            let parsed = Keys::parse(text).unwrap();
            assert_eq!((parsed.as_str(), parsed.spoken().as_str()), (keys, spoken));
            assert_eq!(format!("{parsed:?}"), "Keys(…)");
        }
        for text in ["", "w", "1e", "one", "+1", "١"] {
            assert_eq!(Keys::parse(text), None, "{text}");
        }
        assert!(Keys::parse(&"1".repeat(MOST_KEYS)).is_some());
        assert!(Keys::parse(&"1".repeat(MOST_KEYS + 1)).is_none());
    }

    fn names(change: impl FnOnce(&mut Assistant), is_telephone: bool) -> Vec<String> {
        let mut assistant = Assistant {
            allowed_actions: vec!["call.*".into()],
            transfer_to: [("Sales".to_owned(), "+15551230001".to_owned())].into(),
            ..Assistant::builtin("default").unwrap().clone()
        };
        change(&mut assistant);
        let call: Arc<dyn CallControl> = Arc::new(Nowhere);
        let actions = call_actions(&assistant, is_telephone, &call);
        let names = actions.iter().map(|action| action.name().to_string());
        names.collect()
    }

    #[test]
    fn what_makes_no_sense_in_a_call_is_not_offered_there() {
        assert_eq!(names(|_| {}, true), ["call.transfer", "call.send_dtmf"]);
        assert_eq!(names(|_| {}, false), ["call.send_dtmf"], "no telephone");
        assert_eq!(
            names(|a| a.transfer_to.clear(), true),
            ["call.send_dtmf"],
            "to nobody"
        );
        assert_eq!(
            names(|a| a.allowed_actions = vec!["call.transfer".into()], true),
            ["call.transfer"]
        );
        assert!(names(|a| a.modality = Modality::Text, true).is_empty());
    }
}
