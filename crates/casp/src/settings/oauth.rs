//! Settings of what users may connect.

use super::read::Getter;
use casp_actions::{
    Endpoints,
    connections::{OAuthClient, OAuthClients, OAuthRoots},
};
use casp_control_api::OAuthSettings;
use url::Url;

pub(super) fn oauth(get: &mut Getter<'_>) -> OAuthSettings {
    let (roots, endpoints) = (OAuthRoots::default(), Endpoints::default());
    let mut root = |name, default: Url| get.parsed(name).unwrap_or(default);
    let roots = OAuthRoots {
        google: root("GOOGLE_OAUTH_BASE_URL", roots.google),
        microsoft: root("MICROSOFT_LOGIN_BASE_URL", roots.microsoft),
    };
    let endpoints = Endpoints {
        google_api: root("GOOGLE_API_BASE_URL", endpoints.google_api),
        microsoft_graph: root("MICROSOFT_GRAPH_BASE_URL", endpoints.microsoft_graph),
        slack: root("SLACK_API_BASE_URL", endpoints.slack),
        hubspot: root("HUBSPOT_API_BASE_URL", endpoints.hubspot),
        jira: root("JIRA_API_BASE_URL", endpoints.jira),
    };
    let client = |id, secret| {
        let both = get.text(id).zip(get.secret(secret));
        both.map(|(id, secret)| OAuthClient { id, secret })
    };
    let clients = OAuthClients {
        google: client("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"),
        microsoft: client("MICROSOFT_CLIENT_ID", "MICROSOFT_CLIENT_SECRET"),
        slack: client("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"),
        hubspot: client("HUBSPOT_CLIENT_ID", "HUBSPOT_CLIENT_SECRET"),
        jira: client("JIRA_CLIENT_ID", "JIRA_CLIENT_SECRET"),
    };
    OAuthSettings {
        clients,
        roots,
        endpoints,
        google_redirect_uri: get.text("GOOGLE_REDIRECT_URI"),
    }
}
