//! The services that CASP acts at.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A service that a user connects (interface §9). One login at Google or Microsoft may serve several of them; each is
/// connected and disconnected by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// Gmail.
    Gmail,
    /// Google Calendar.
    GoogleCalendar,
    /// Google Drive.
    GoogleDrive,
    /// Mail of Microsoft 365.
    Outlook,
    /// Calendar of Microsoft 365.
    OutlookCalendar,
    /// Microsoft Teams.
    Teams,
    /// Microsoft OneDrive.
    #[serde(rename = "onedrive")]
    OneDrive,
    /// Slack.
    Slack,
    /// HubSpot.
    #[serde(rename = "hubspot")]
    HubSpot,
    /// Jira.
    Jira,
}

/// Whose login serves a provider: one OAuth client, one authorisation server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Vendor {
    /// Google.
    Google,
    /// Microsoft.
    Microsoft,
    /// Slack.
    Slack,
    /// HubSpot.
    HubSpot,
    /// Atlassian.
    Atlassian,
}

/// There is no such provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no provider {0:?}")]
pub struct UnknownProvider(pub String);

impl Provider {
    /// All of them, in the order of the interface.
    pub const ALL: [Self; 10] = [
        Self::Gmail,
        Self::GoogleCalendar,
        Self::GoogleDrive,
        Self::Outlook,
        Self::OutlookCalendar,
        Self::Teams,
        Self::OneDrive,
        Self::Slack,
        Self::HubSpot,
        Self::Jira,
    ];

    /// As in paths, actions' names and the store: `google-calendar`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gmail => "gmail",
            Self::GoogleCalendar => "google-calendar",
            Self::GoogleDrive => "google-drive",
            Self::Outlook => "outlook",
            Self::OutlookCalendar => "outlook-calendar",
            Self::Teams => "teams",
            Self::OneDrive => "onedrive",
            Self::Slack => "slack",
            Self::HubSpot => "hubspot",
            Self::Jira => "jira",
        }
    }

    /// What people call what is connected: "No Google Calendar is connected."
    pub const fn label(self) -> &'static str {
        match self {
            Self::Gmail => "Gmail account",
            Self::GoogleCalendar => "Google Calendar",
            Self::GoogleDrive => "Google Drive",
            Self::Outlook => "Outlook account",
            Self::OutlookCalendar => "Outlook calendar",
            Self::Teams => "Microsoft Teams account",
            Self::OneDrive => "OneDrive",
            Self::Slack => "Slack workspace",
            Self::HubSpot => "HubSpot account",
            Self::Jira => "Jira site",
        }
    }

    /// Whose login it is.
    pub const fn vendor(self) -> Vendor {
        match self {
            Self::Gmail | Self::GoogleCalendar | Self::GoogleDrive => Vendor::Google,
            Self::Outlook | Self::OutlookCalendar | Self::Teams | Self::OneDrive => {
                Vendor::Microsoft
            }
            Self::Slack => Vendor::Slack,
            Self::HubSpot => Vendor::HubSpot,
            Self::Jira => Vendor::Atlassian,
        }
    }

    /// Where it is connected.
    pub fn connect_path(self) -> String {
        format!("/v1/oauth/connect/{self}")
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;
    fn from_str(name: &str) -> Result<Self, UnknownProvider> {
        let named = |provider: &Self| provider.name() == name;
        let found = Self::ALL.into_iter().find(named);
        found.ok_or_else(|| UnknownProvider(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_one_name_everywhere() {
        for provider in Provider::ALL {
            assert_eq!(provider.name().parse(), Ok(provider));
            let json = serde_json::to_value(provider).unwrap();
            assert_eq!(json, provider.name());
        }
        assert!("fax".parse::<Provider>().is_err());
    }
}
