//! What is asked for at each provider: the scopes of the interface, and what the provider needs beside them.

use crate::{Provider, Vendor};

/// What is asked for whenever the provider is connected.
///
/// Contacts and the people one works with are asked for with mail and calendars, for the names of people; users may
/// leave them out where the provider lets them.
/// `ChannelMessage.ReadWrite.All` of older documents is `ChannelMessage.Read.All` and `ChannelMessage.Send` today.
const fn usual(provider: Provider) -> &'static [&'static str] {
    match provider {
        Provider::Gmail => &[
            "openid",
            "email",
            "https://www.googleapis.com/auth/gmail.readonly",
            "https://www.googleapis.com/auth/gmail.send",
            "https://www.googleapis.com/auth/contacts.readonly",
            "https://www.googleapis.com/auth/contacts.other.readonly",
        ],
        Provider::GoogleCalendar => &[
            "openid",
            "email",
            "https://www.googleapis.com/auth/calendar.readonly",
            "https://www.googleapis.com/auth/calendar.events",
            "https://www.googleapis.com/auth/contacts.readonly",
        ],
        Provider::GoogleDrive => &[
            "openid",
            "email",
            "https://www.googleapis.com/auth/drive.readonly",
            "https://www.googleapis.com/auth/drive.file",
            "https://www.googleapis.com/auth/drive.metadata.readonly",
        ],
        Provider::Outlook => &[
            "Mail.Read",
            "Mail.Send",
            "Calendars.ReadWrite",
            "Contacts.Read",
            "People.Read",
            "User.Read",
            "offline_access",
        ],
        Provider::OutlookCalendar => &[
            "Calendars.ReadWrite",
            "Contacts.Read",
            "People.Read",
            "MailboxSettings.Read",
            "User.Read",
            "offline_access",
        ],
        Provider::Teams => &[
            "Chat.Read",
            "Chat.ReadWrite",
            "ChannelMessage.Read.All",
            "ChannelMessage.Send",
            "Team.ReadBasic.All",
            "Channel.ReadBasic.All",
            "People.Read",
            "User.Read",
            "User.ReadBasic.All",
            "offline_access",
        ],
        Provider::OneDrive => &[
            "Files.ReadWrite",
            "Files.Read.All",
            "User.Read",
            "offline_access",
        ],
        // Of the user, not of a bot: messages are the user's own, and only users may search.
        Provider::Slack => &[
            "channels:history",
            "channels:read",
            "groups:history",
            "groups:read",
            "im:history",
            "im:read",
            "im:write",
            "mpim:history",
            "mpim:read",
            "chat:write",
            "search:read",
            "users:read",
            "users:read.email",
        ],
        Provider::HubSpot => &[
            "oauth",
            "crm.objects.contacts.read",
            "crm.objects.contacts.write",
            "crm.objects.deals.read",
            "crm.objects.companies.read",
            "crm.objects.owners.read",
        ],
        Provider::Jira => &[
            "read:jira-work",
            "write:jira-work",
            "read:jira-user",
            "read:me",
            "offline_access",
        ],
    }
}

/// What may be asked for on top.
const fn optional(provider: Provider) -> &'static [&'static str] {
    match provider {
        Provider::Gmail => &["https://mail.google.com/"],
        Provider::Outlook => &["Mail.ReadWrite", "MailboxSettings.Read"],
        Provider::GoogleDrive => &["https://www.googleapis.com/auth/drive"],
        Provider::OneDrive => &["Files.ReadWrite.All"],
        Provider::HubSpot => &["crm.objects.deals.write"],
        _ => &[],
    }
}

/// A scope that is not one of the provider's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a scope that this provider is asked for")]
pub struct UnknownScope(pub String);

/// What to ask for: the usual ones, what was granted before, and `more`. Google's may be named without
/// `https://www.googleapis.com/auth/`.
pub fn wanted_scopes(
    provider: Provider,
    granted: &[String],
    more: &[&str],
) -> Result<Vec<String>, UnknownScope> {
    let mut wanted: Vec<String> = usual(provider).iter().map(|&s| s.to_owned()).collect();
    for name in more {
        let known = usual(provider).iter().chain(optional(provider));
        let is_named = |scope: &&&str| {
            **scope == *name || scope.strip_prefix("https://www.googleapis.com/auth/") == Some(name)
        };
        let scope = known.into_iter().find(is_named);
        let scope = scope.ok_or_else(|| UnknownScope((*name).to_owned()))?;
        add(&mut wanted, scope);
    }
    // Google adds what was granted by itself (`include_granted_scopes`); what it tells of may be another product's.
    if provider.vendor() != Vendor::Google {
        for scope in granted {
            if optional(provider).contains(&scope.as_str()) {
                add(&mut wanted, scope);
            }
        }
    }
    Ok(wanted)
}

fn add(scopes: &mut Vec<String>, scope: &str) {
    if !scopes.iter().any(|known| known == scope) {
        scopes.push(scope.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_interface_names_is_asked_for() {
        let wanted = wanted_scopes(Provider::Gmail, &[], &[]).unwrap().join(" ");
        assert!(wanted.contains("auth/gmail.readonly") && wanted.contains("auth/gmail.send"));
        let wanted = wanted_scopes(Provider::Outlook, &[], &[]).unwrap();
        assert_eq!(
            wanted[..3],
            ["Mail.Read", "Mail.Send", "Calendars.ReadWrite"]
        );
        for provider in [
            Provider::Outlook,
            Provider::OutlookCalendar,
            Provider::Teams,
        ] {
            let wanted = wanted_scopes(provider, &[], &[]).unwrap();
            assert!(
                wanted.iter().any(|scope| scope == "People.Read"),
                "{provider}"
            );
        }
    }

    #[test]
    fn more_is_asked_for_by_its_name_and_stays() {
        let full = "https://mail.google.com/";
        let wanted = wanted_scopes(Provider::Gmail, &[], &[full, "gmail.send"]).unwrap();
        assert_eq!(wanted.iter().filter(|scope| *scope == full).count(), 1);
        let granted = ["Mail.ReadWrite".to_owned(), "Other".to_owned()];
        let wanted = wanted_scopes(Provider::Outlook, &granted, &[]).unwrap();
        assert!(wanted.contains(&granted[0]) && !wanted.contains(&granted[1]));
        assert!(wanted_scopes(Provider::Gmail, &[], &["Mail.Read"]).is_err());
    }
}
