//! The roots of the providers' APIs.

use url::Url;

/// Roots to which versions and paths are added; each has a setting (interface §12).
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// All Google APIs but consent and tokens. With Google's own root (`https://www.googleapis.com`), People and Gmail go
    /// to hosts of their own.
    pub google_api: Url,
    /// Microsoft Graph: `https://graph.microsoft.com`.
    pub microsoft_graph: Url,
    /// Slack: `https://slack.com`.
    pub slack: Url,
    /// HubSpot: `https://api.hubapi.com`.
    pub hubspot: Url,
    /// Atlassian: `https://api.atlassian.com`.
    pub jira: Url,
}

impl Default for Endpoints {
    fn default() -> Self {
        let url = |text: &str| Url::parse(text).expect("the providers' own roots are URLs");
        Self {
            google_api: url("https://www.googleapis.com"),
            microsoft_graph: url("https://graph.microsoft.com"),
            slack: url("https://slack.com"),
            hubspot: url("https://api.hubapi.com"),
            jira: url("https://api.atlassian.com"),
        }
    }
}
