//! Which tool a wish needs, of those that are offered.

use super::{arguments, intent::Intent, results::ToolResult, tokens::Tokens, wishes, words::Words};
use crate::ToolSpec;
use serde_json::{Value, json};

/// What to do about a wish.
#[derive(Debug)]
pub(super) enum ToolUse {
    /// Call this.
    Call {
        name: String,
        /// JSON.
        arguments: String,
    },
    /// Ask for what is missing.
    Ask(&'static str),
    /// Say that this conversation has no such tool.
    NotOffered(String),
    /// It needs no tool.
    None,
}

/// Services that do the same: Google's, and Microsoft's.
const TWINS: [(&str, &str); 3] = [
    ("google-calendar", "outlook-calendar"),
    ("gmail", "outlook"),
    ("google-drive", "onedrive"),
];

/// Decides what to do about a wish.
pub(super) fn plan(intent: Intent, text: &str, words: &Words, offered: &[ToolSpec]) -> ToolUse {
    if matches!(
        intent,
        Intent::Goodbye | Intent::Transfer | Intent::PressKeys
    ) {
        return about_the_call(intent, text, offered);
    }
    let Some((providers, action)) = tools_for(intent, text, words) else {
        return ToolUse::None;
    };
    let names = providers
        .iter()
        .map(|provider| format!("{provider}__{action}"));
    let Some(name) = names
        .into_iter()
        .find(|name| offered.iter().any(|spec| spec.name == *name))
    else {
        // What is nearest to it may be there.
        return match intent {
            Intent::SearchFiles => plan(Intent::FindFile, text, words, offered),
            Intent::FreeTime => plan(Intent::Agenda, text, words, offered),
            _ => ToolUse::NotOffered(not_offered(&providers, offered)),
        };
    };
    match arguments::of(intent, text) {
        Ok(arguments) => call(&name, &arguments),
        Err(question) => ToolUse::Ask(question),
    }
}

/// Where a wish can be tried next: at the twin of a service that turned out not to be connected, unless the user named
/// the service.
pub(super) fn elsewhere(
    results: &[ToolResult],
    words: &Words,
    offered: &[ToolSpec],
) -> Option<(String, String)> {
    let last = results.last()?;
    if names_vendor(words) || !results.iter().all(ToolResult::is_unconnected) {
        return None;
    }
    let (provider, action) = last.name.split_once("__")?;
    let twin = TWINS.iter().find_map(|(one, other)| match provider {
        _ if provider == *one => Some(other),
        _ if provider == *other => Some(one),
        _ => None,
    })?;
    let name = format!("{twin}__{action}");
    let is_tried = results.iter().any(|result| result.name == name);
    let is_offered = offered.iter().any(|spec| spec.name == name);
    (is_offered && !is_tried).then(|| (name, last.arguments.clone()))
}

fn about_the_call(intent: Intent, text: &str, offered: &[ToolSpec]) -> ToolUse {
    let (name, sorry) = match intent {
        Intent::Transfer => (
            "call__transfer",
            "I'm sorry, I can't put you through from here.",
        ),
        Intent::PressKeys => (
            "call__send_dtmf",
            "I'm sorry, I can't press keys in this conversation.",
        ),
        _ => ("call__hang_up", ""),
    };
    let Some(tool) = offered.iter().find(|spec| spec.name == name) else {
        return match sorry {
            "" => ToolUse::None,
            sorry => ToolUse::NotOffered(sorry.to_owned()),
        };
    };
    let tokens = Tokens::of(text);
    let said = match intent {
        Intent::Transfer => offered_name(tool, text).or_else(|| transferred_to(&tokens)),
        Intent::PressKeys => Some(keys(&tokens)),
        _ => None,
    };
    let place = wishes::only_text(&tool.parameters);
    match (place, said) {
        (Some(place), Some(said)) => call(name, &json!({ place: said })),
        _ => call(name, &json!({})),
    }
}

/// Of those whom the tool names, the one the caller does; where there is only one, that one.
fn offered_name(tool: &ToolSpec, text: &str) -> Option<String> {
    let names = tool.parameters["properties"]["to"]["enum"].as_array()?;
    let text = text.to_lowercase();
    let is_said = |name: &&str| text.contains(&name.to_lowercase());
    let mut said = names.iter().filter_map(Value::as_str).filter(is_said);
    let only = match &names[..] {
        [only] => only.as_str(),
        _ => None,
    };
    said.next().or(only).map(str::to_owned)
}

/// Whom the caller wants: "transfer me to sales".
fn transferred_to(tokens: &Tokens<'_>) -> Option<String> {
    let verb = tokens.position(&["transfer", "through", "connect", "forward", "speak", "talk"])?;
    let link = tokens.find(&["to", "with"], verb)?;
    let end = tokens.find(&["please"], link).unwrap_or(tokens.len());
    tokens.phrase(link + 1, end)
}

/// The keys of a telephone that were named: "press one, then pound".
fn keys(tokens: &Tokens<'_>) -> String {
    const NUMBERS: [&str; 10] = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    ];
    let mut keys = String::new();
    for at in 0..tokens.len() {
        let word = tokens.plain(at);
        match NUMBERS.iter().position(|number| *number == word) {
            Some(digit) => keys.push_str(&digit.to_string()),
            None if matches!(word, "star" | "asterisk") => keys.push('*'),
            None if matches!(word, "pound" | "hash") => keys.push('#'),
            None if word
                .chars()
                .all(|key| key.is_ascii_digit() || "*#".contains(key)) =>
            {
                keys.push_str(word);
            }
            None => {}
        }
    }
    keys
}

fn call(name: &str, arguments: &Value) -> ToolUse {
    ToolUse::Call {
        name: name.to_owned(),
        arguments: arguments.to_string(),
    }
}

fn names_microsoft(words: &Words) -> bool {
    words.has(&["outlook", "microsoft", "onedrive"])
}

fn names_vendor(words: &Words) -> bool {
    names_microsoft(words) || words.has(&["google", "gmail"])
}

/// Providers that can do it, the likeliest first, and the action's name. Who names a provider gets no other.
fn tools_for(
    intent: Intent,
    text: &str,
    words: &Words,
) -> Option<(Vec<&'static str>, &'static str)> {
    let choose = |service: usize| {
        let (google, microsoft) = TWINS[service];
        if names_microsoft(words) {
            vec![microsoft]
        } else if names_vendor(words) {
            vec![google]
        } else {
            vec![google, microsoft]
        }
    };
    let calendars = || choose(0);
    let mails = || choose(1);
    let drives = || choose(2);
    let is_in_channel = || arguments::is_in_channel(text);
    Some(match intent {
        Intent::Agenda => (calendars(), "agenda"),
        Intent::FreeTime => (calendars(), "free_busy"),
        Intent::CreateEvent => (calendars(), "create"),
        Intent::MoveEvent => (calendars(), "reschedule"),
        Intent::CancelEvent => (calendars(), "cancel"),
        Intent::Unread => (mails(), "unread"),
        Intent::ReadMail => (mails(), "read"),
        Intent::SendMail => (mails(), "send"),
        Intent::ReplyToMail => (mails(), "reply"),
        Intent::SearchMail => (mails(), "search"),
        Intent::SendSlack => (vec!["slack"], "send"),
        Intent::ReadSlack => (vec!["slack"], "history"),
        Intent::SearchSlack => (vec!["slack"], "search"),
        Intent::SendTeams if is_in_channel() => (vec!["teams"], "send_channel"),
        Intent::SendTeams => (vec!["teams"], "send_chat"),
        Intent::ReadTeams if is_in_channel() => (vec!["teams"], "read_channel"),
        Intent::ReadTeams => (vec!["teams"], "read_chat"),
        Intent::FindFile => (drives(), "find"),
        Intent::SearchFiles => (drives(), "search"),
        Intent::RecentFiles => (drives(), "recent"),
        Intent::SummarizeFile => (drives(), "summarize"),
        Intent::UploadFile => (drives(), "upload"),
        Intent::FindContact => (vec!["hubspot"], "find_contact"),
        Intent::CreateContact => (vec!["hubspot"], "create_contact"),
        Intent::LogNote => (vec!["hubspot"], "log_note"),
        Intent::Deals => (vec!["hubspot"], "deals"),
        Intent::CreateIssue => (vec!["jira"], "create_issue"),
        Intent::SearchIssues => (vec!["jira"], "search"),
        Intent::CommentIssue => (vec!["jira"], "comment"),
        Intent::MoveIssue => (vec!["jira"], "transition"),
        _ => return None,
    })
}

/// What people call a provider.
pub(super) fn label(provider: &str) -> &str {
    match provider {
        "google-calendar" => "Google Calendar",
        "outlook-calendar" => "Outlook calendar",
        "gmail" => "Gmail account",
        "outlook" => "Outlook account",
        "slack" => "Slack workspace",
        "teams" => "Microsoft Teams account",
        "google-drive" => "Google Drive",
        "onedrive" => "OneDrive",
        "hubspot" => "HubSpot account",
        "jira" => "Jira site",
        other => other,
    }
}

/// How somebody connects a provider: where the tool says.
pub(super) fn how_to_connect(place: &str) -> String {
    format!("You can connect one at {place}.")
}

fn not_offered(providers: &[&str], offered: &[ToolSpec]) -> String {
    let is_known = |spec: &ToolSpec| {
        let provider = spec.name.split("__").next().unwrap_or_default();
        providers.contains(&provider)
    };
    if offered.iter().any(is_known) {
        return "I'm sorry, I'm not allowed to do that in this conversation.".to_owned();
    }
    format!(
        "No {} is connected to this conversation. {}",
        label(providers[0]),
        how_to_connect(&format!("/v1/oauth/connect/{}", providers[0]))
    )
}
