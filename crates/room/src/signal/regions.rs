//! Other entrances of LiveKit Cloud, nearest first: `GET /settings/regions`.

use crate::{RootCertificates, server_url::ServerUrl};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(3);
/// A caller waits; after so many failures the cloud as a whole is out of reach.
const MAX_REGIONS: usize = 3;
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The regions of this server, without itself; empty when they cannot be had.
pub(super) async fn find(
    server: &ServerUrl,
    token: &str,
    roots: &RootCertificates,
) -> Vec<ServerUrl> {
    match fetch(server, token, roots).await {
        Ok(body) => parse(&body, server),
        Err(error) => {
            tracing::debug!(%error, "no region list");
            Vec::new()
        }
    }
}

async fn fetch(
    server: &ServerUrl,
    token: &str,
    roots: &RootCertificates,
) -> Result<Vec<u8>, reqwest::Error> {
    let mut client = reqwest::Client::builder().timeout(TIMEOUT);
    if let Some(config) = roots.config() {
        client = client.tls_backend_preconfigured(config.as_ref().clone());
    }
    let mut response = client
        .build()?
        .get(format!("{}/settings/regions", server.http()))
        .bearer_auth(token)
        .send()
        .await?
        .error_for_status()?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn parse(body: &[u8], server: &ServerUrl) -> Vec<ServerUrl> {
    let Ok(settings) = serde_json::from_slice::<serde_json::Value>(body) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for region in settings["regions"].as_array().into_iter().flatten() {
        let Some(Ok(url)) = region["url"].as_str().map(ServerUrl::parse) else {
            continue;
        };
        if server.trusts(&url) && url.websocket() != server.websocket() && !found.contains(&url) {
            found.push(url);
        }
    }
    found.truncate(MAX_REGIONS);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_other_cloud_hosts_are_tried_in_their_order() {
        let server = ServerUrl::parse("wss://p.livekit.cloud").unwrap();
        let body = br#"{"regions":[
            {"region":"a","url":"https://p.livekit.cloud","distance":"1"},
            {"region":"b","url":"https://b.production.livekit.cloud","distance":"2"},
            {"region":"x","url":"https://elsewhere.example","distance":"3"},
            {"region":"c"}]}"#;
        let found = parse(body, &server);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].websocket(), "wss://b.production.livekit.cloud");
        assert!(parse(b"<html>", &server).is_empty());
    }
}
