//! Contents that a provider keeps elsewhere.

use super::{ApiClient, ApiRequest, PATIENCE};
use crate::ActionError;
use bytes::Bytes;
use reqwest::{StatusCode, header};
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};

impl ApiClient {
    /// The bytes that a request leads to: of its answer, or of the one place to which it is redirected, which needs no
    /// token and gets none.
    pub async fn download(&self, request: ApiRequest) -> Result<Bytes, ActionError> {
        let deadline = Instant::now() + PATIENCE;
        let response = self.send(&request, deadline).await?;
        if !response.status().is_redirection() {
            return self.read(response, deadline).await;
        }
        let location = response.headers().get(header::LOCATION);
        let location = location.and_then(|place| place.to_str().ok());
        let place = location.and_then(|place| request.url.join(place).ok());
        let place = place.filter(|place| is_safe(place, &request.url));
        let place = place.ok_or(ActionError::BadAnswer(self.provider))?;
        let sent = timeout_at(deadline, self.http.get(place).send()).await;
        let Ok(Ok(response)) = sent else {
            return Err(ActionError::Unavailable(self.provider));
        };
        match response.status() {
            status if status.is_success() => self.read(response, deadline).await,
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(self.gone()),
            StatusCode::TOO_MANY_REQUESTS => Err(ActionError::RateLimited(self.provider)),
            _ => Err(ActionError::Unavailable(self.provider)),
        }
    }
}

/// Whether one may go there from an API: encrypted, or to this machine from this machine.
fn is_safe(place: &Url, api: &Url) -> bool {
    place.scheme() == "https" || (is_local(place) && is_local(api) && place.scheme() == "http")
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_elsewhere_only_where_nobody_listens() {
        let graph = "https://graph.microsoft.com/v1.0";
        let here = "http://127.0.0.1:9/v1.0";
        for (api, place, expected) in [
            (graph, "https://tenant.sharepoint.com/x?tempauth=y", true),
            (graph, "http://tenant.sharepoint.com/x", false),
            (graph, "http://127.0.0.1/x", false),
            (graph, "file:///etc/passwd", false),
            (here, "http://127.0.0.1:10/x", true),
            (here, "http://localhost:10/x", true),
            (here, "http://example.com/x", false),
        ] {
            let url = |text: &str| Url::parse(text).unwrap();
            assert_eq!(is_safe(&url(place), &url(api)), expected, "{api} {place}");
        }
    }
}
