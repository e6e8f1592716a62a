//! Where Google's APIs are.

use crate::Endpoints;
use url::Url;

/// Google's own root; only there have some APIs hosts of their own.
const OWN_HOST: &str = "www.googleapis.com";

/// An API of Google's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Api {
    /// `calendar/v3`
    Calendar,
    /// `drive/v3`
    Drive,
    /// `upload/drive/v3`: files with their content.
    DriveUpload,
    /// `v1/people`
    People,
    /// `gmail/v1`
    Gmail,
}

impl Api {
    /// The URL of a resource; each segment is encoded.
    pub(super) fn url(self, endpoints: &Endpoints, segments: &[&str]) -> Url {
        let mut url = endpoints.google_api.clone();
        let own = match self {
            Self::Calendar | Self::Drive | Self::DriveUpload => None,
            Self::People => Some("people.googleapis.com"),
            Self::Gmail => Some("gmail.googleapis.com"),
        };
        if own.is_some() && url.host_str() == Some(OWN_HOST) {
            // An https URL takes any host name.
            let _ = url.set_host(own);
        }
        let prefix: &[&str] = match self {
            Self::Calendar => &["calendar", "v3"],
            Self::Drive => &["drive", "v3"],
            Self::DriveUpload => &["upload", "drive", "v3"],
            Self::People => &["v1"],
            Self::Gmail => &["gmail", "v1"],
        };
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(prefix).extend(segments);
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::Api;
    use crate::Endpoints;

    #[test]
    fn some_have_a_host_of_their_own_at_google_alone() {
        let mut endpoints = Endpoints::default();
        let people = |endpoints: &Endpoints| {
            Api::People
                .url(endpoints, &["people:searchContacts"])
                .to_string()
        };
        assert_eq!(
            people(&endpoints),
            "https://people.googleapis.com/v1/people:searchContacts"
        );
        assert_eq!(
            Api::Calendar
                .url(&endpoints, &["calendars", "a/b", "events"])
                .as_str(),
            "https://www.googleapis.com/calendar/v3/calendars/a%2Fb/events"
        );
        assert_eq!(
            Api::Gmail
                .url(&endpoints, &["users", "me", "messages"])
                .as_str(),
            "https://gmail.googleapis.com/gmail/v1/users/me/messages"
        );
        endpoints.google_api = "http://127.0.0.1:1/root/".parse().unwrap();
        assert_eq!(
            people(&endpoints),
            "http://127.0.0.1:1/root/v1/people:searchContacts"
        );
    }
}
