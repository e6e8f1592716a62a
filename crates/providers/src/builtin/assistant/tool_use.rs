//! Which tool a wish needs, and with which arguments.

use super::{intent::Intent, slots, words::Words};
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

const WHO: &str = "Who should get it?";
const WHAT: &str = "What should it say?";
const WHEN: &str = "When should it be?";
const WHICH_EVENT: &str = "Which event do you mean?";
const WHICH_FILE: &str = "What is the file called?";
const NEW_FILE: &str = "What should I call the file?";
const WHICH_MAIL: &str = "What should I search for?";

/// How the answer to one of the questions here goes on after the wish it was asked about.
pub(super) fn link_for(question: &str) -> Option<&'static str> {
    let question = question.trim();
    [
        (WHO, " to "),
        (WHAT, " saying "),
        (WHEN, " "),
        (WHICH_EVENT, " "),
        (WHICH_FILE, " "),
        (NEW_FILE, " called "),
        (WHICH_MAIL, " for "),
    ]
    .into_iter()
    .find_map(|(known, link)| question.ends_with(known).then_some(link))
}

/// Decides what to do about a wish.
pub(super) fn plan(intent: Intent, text: &str, words: &Words, offered: &[ToolSpec]) -> ToolUse {
    if intent == Intent::Goodbye {
        let is_offered = offered.iter().any(|spec| spec.name == "call__hang_up");
        return if is_offered {
            call("call__hang_up", &json!({}))
        } else {
            ToolUse::None
        };
    }
    let Some((providers, action)) = tools_for(intent, words) else {
        return ToolUse::None;
    };
    let names = providers
        .iter()
        .map(|provider| format!("{provider}__{action}"));
    let Some(name) = names
        .into_iter()
        .find(|name| offered.iter().any(|spec| spec.name == *name))
    else {
        // Names can be searched where texts cannot.
        return match intent {
            Intent::SearchFiles => plan(Intent::FindFile, text, words, offered),
            _ => ToolUse::NotOffered(not_offered(providers[0])),
        };
    };
    match arguments(intent, text) {
        Ok(arguments) => call(&name, &arguments),
        Err(question) => ToolUse::Ask(question),
    }
}

fn call(name: &str, arguments: &Value) -> ToolUse {
    ToolUse::Call {
        name: name.to_owned(),
        arguments: arguments.to_string(),
    }
}

/// Providers that can do it, the likeliest first, and the action's name. Who names a provider gets no other.
fn tools_for(intent: Intent, words: &Words) -> Option<(&'static [&'static str], &'static str)> {
    let is_microsoft = words.has(&["outlook", "microsoft", "onedrive"]);
    let is_google = words.has(&["google", "gmail"]);
    let choose = |google: &'static [&'static str; 2], microsoft: &'static [&'static str; 1]| {
        if is_microsoft {
            &microsoft[..]
        } else if is_google {
            &google[..1]
        } else {
            &google[..]
        }
    };
    let calendars = choose(
        &["google-calendar", "outlook-calendar"],
        &["outlook-calendar"],
    );
    let mails = choose(&["gmail", "outlook"], &["outlook"]);
    let drives = choose(&["google-drive", "onedrive"], &["onedrive"]);
    Some(match intent {
        Intent::Agenda => (calendars, "agenda"),
        Intent::CreateEvent => (calendars, "create"),
        Intent::MoveEvent => (calendars, "reschedule"),
        Intent::CancelEvent => (calendars, "cancel"),
        Intent::Unread => (mails, "unread"),
        Intent::SendMail => (mails, "send"),
        Intent::SearchMail => (mails, "search"),
        Intent::SendSlack => (&["slack"], "send"),
        Intent::SendTeams => (&["teams"], "send_chat"),
        Intent::FindFile => (drives, "find"),
        Intent::SearchFiles => (drives, "search"),
        Intent::RecentFiles => (drives, "recent"),
        Intent::SummarizeFile => (drives, "summarize"),
        Intent::UploadFile => (drives, "upload"),
        _ => return None,
    })
}

/// The arguments as the user gave them, or the question for what is missing.
fn arguments(intent: Intent, text: &str) -> Result<Value, &'static str> {
    Ok(match intent {
        Intent::Agenda => {
            json!({ "when": slots::when(text).unwrap_or_else(|| "today".to_owned()) })
        }
        Intent::CreateEvent => {
            json!({ "title": slots::title(text), "when": slots::when(text).ok_or(WHEN)? })
        }
        Intent::MoveEvent => {
            let (event, when) = slots::moved(text);
            json!({ "event": event.ok_or(WHICH_EVENT)?, "when": when.ok_or(WHEN)? })
        }
        Intent::CancelEvent => json!({ "event": slots::cancelled(text).ok_or(WHICH_EVENT)? }),
        Intent::SendMail => {
            let to = slots::recipient(text).ok_or(WHO)?;
            let subject = slots::topic(text);
            let body = slots::words_to_send(text)
                .or_else(|| {
                    subject
                        .as_ref()
                        .map(|subject| format!("This is about {subject}."))
                })
                .ok_or(WHAT)?;
            match subject {
                Some(subject) => json!({ "to": to, "subject": subject, "body": body }),
                None => json!({ "to": to, "body": body }),
            }
        }
        Intent::SendSlack | Intent::SendTeams => {
            let to = slots::recipient(text).ok_or(WHO)?;
            let words = slots::words_to_send(text)
                .or_else(|| slots::topic(text))
                .ok_or(WHAT)?;
            json!({ "to": to, "text": words })
        }
        Intent::SearchMail | Intent::SearchFiles => {
            json!({ "query": slots::query(text).ok_or(WHICH_MAIL)? })
        }
        Intent::FindFile => json!({ "name": slots::file(text).ok_or(WHICH_FILE)? }),
        Intent::SummarizeFile => json!({ "name": slots::summed_up(text).ok_or(WHICH_FILE)? }),
        Intent::UploadFile => json!({
            "name": slots::new_file(text).ok_or(NEW_FILE)?,
            "text": slots::words_to_send(text).ok_or(WHAT)?,
        }),
        _ => json!({}),
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
        other => other,
    }
}

/// How somebody connects a provider: where the tool says.
pub(super) fn how_to_connect(place: &str) -> String {
    format!("You can connect one at {place}.")
}

fn not_offered(provider: &str) -> String {
    format!(
        "No {} is connected to this conversation. {}",
        label(provider),
        how_to_connect(&format!("/v1/oauth/connect/{provider}"))
    )
}
