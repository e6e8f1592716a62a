//! The names that lists of allowed actions are made of.

/// Every action of the interface (§10), by provider.
const ACTIONS: [(&str, &[&str]); 11] = [
    ("gmail", &["send", "unread", "search", "read", "reply"]),
    ("outlook", &["send", "unread", "search", "read", "reply"]),
    (
        "google-calendar",
        &["create", "reschedule", "cancel", "agenda", "free_busy"],
    ),
    (
        "outlook-calendar",
        &["create", "reschedule", "cancel", "agenda", "free_busy"],
    ),
    ("slack", &["send", "history", "search"]),
    (
        "teams",
        &["send_chat", "read_chat", "send_channel", "read_channel"],
    ),
    (
        "google-drive",
        &["find", "search", "summarize", "upload", "recent"],
    ),
    (
        "onedrive",
        &["find", "search", "summarize", "upload", "recent"],
    ),
    (
        "hubspot",
        &["find_contact", "create_contact", "log_note", "deals"],
    ),
    ("jira", &["create_issue", "search", "comment", "transition"]),
    ("call", &["transfer", "hang_up", "send_dtmf"]),
];

/// Whether a list of allowed actions may hold this: an action's name (`gmail.send`), a provider's whole (`gmail.*`) or
/// everything (`*`).
pub(crate) fn is_action_pattern(pattern: &str) -> bool {
    let Some((provider, action)) = pattern.split_once('.') else {
        return pattern == "*";
    };
    ACTIONS
        .iter()
        .any(|(known, actions)| *known == provider && (action == "*" || actions.contains(&action)))
}

#[cfg(test)]
mod tests {
    use super::is_action_pattern;
    use crate::{Assistant, tools::unconnected};

    #[test]
    fn what_models_are_told_of_and_built_in_assistants_use_has_a_name() {
        for action in unconnected() {
            assert!(is_action_pattern(action.name().as_str()), "{action:?}");
        }
        for assistant in Assistant::builtins() {
            for pattern in assistant
                .allowed_actions
                .iter()
                .chain(&assistant.public_actions)
            {
                assert!(is_action_pattern(pattern), "{} {pattern}", assistant.name);
            }
        }
    }

    #[test]
    fn what_would_allow_nothing_is_no_pattern() {
        for pattern in ["*", "jira.*", "outlook.reply", "call.transfer"] {
            assert!(is_action_pattern(pattern), "{pattern}");
        }
        for pattern in [
            "",
            "**",
            "*.*",
            "*.send",
            "gmail",
            "gmail.",
            "gmail.s*",
            "gmail.fly",
            "fax.send",
            "Gmail.send",
            "gmail.send.now",
        ] {
            assert!(!is_action_pattern(pattern), "{pattern}");
        }
    }
}
