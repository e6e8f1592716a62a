//! The address of a LiveKit server, in any of its four spellings.

use crate::RoomError;
use url::Url;

/// A server's address; knows both its WebSocket and its HTTP form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerUrl {
    websocket: String,
    http: String,
    is_cloud: bool,
    /// Tests play the cloud on this machine.
    #[cfg(test)]
    is_stand_in: bool,
}

impl ServerUrl {
    /// Reads `ws://`, `wss://`, `http://` or `https://`; a path prefix is kept, query and fragment are not.
    pub(crate) fn parse(text: &str) -> Result<Self, RoomError> {
        let url = Url::parse(text.trim()).map_err(|error| {
            RoomError::BadUrl(format!(
                "{error}; expected something like wss://example.livekit.cloud"
            ))
        })?;
        let is_tls = match url.scheme() {
            "ws" | "http" => false,
            "wss" | "https" => true,
            other => {
                return Err(RoomError::BadUrl(format!(
                    "scheme {other:?}; use ws, wss, http or https"
                )));
            }
        };
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
            return Err(RoomError::BadUrl("no host".into()));
        };
        let port = url
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        let rest = format!("{host}{port}{}", url.path().trim_end_matches('/'));
        let s = if is_tls { "s" } else { "" };
        Ok(Self {
            websocket: format!("ws{s}://{rest}"),
            http: format!("http{s}://{rest}"),
            is_cloud: host.ends_with(".livekit.cloud") || host.ends_with(".livekit.run"),
            #[cfg(test)]
            is_stand_in: false,
        })
    }

    /// As if it were LiveKit's cloud.
    #[cfg(test)]
    pub(crate) fn stand_in(self) -> Self {
        Self {
            is_cloud: true,
            is_stand_in: true,
            ..self
        }
    }

    /// Whether a token for this server may be shown to another that it names: to LiveKit's own hosts.
    pub(crate) fn trusts(&self, other: &Self) -> bool {
        #[cfg(test)]
        if self.is_stand_in {
            return other.http.starts_with("http://127.0.0.1:");
        }
        self.is_cloud && other.is_cloud
    }

    /// `ws(s)://…`, no slash at its end.
    pub(crate) fn websocket(&self) -> &str {
        &self.websocket
    }

    /// `http(s)://…`, no slash at its end.
    pub(crate) fn http(&self) -> &str {
        &self.http
    }

    /// LiveKit's own cloud, which has several regions to try.
    pub(crate) fn is_cloud(&self) -> bool {
        self.is_cloud
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_four_schemes_name_the_same_server() {
        for text in ["ws://a:7880", "http://a:7880/", " ws://a:7880/?x=1#y "] {
            let url = ServerUrl::parse(text).unwrap();
            assert_eq!(
                (url.websocket(), url.http()),
                ("ws://a:7880", "http://a:7880")
            );
        }
        let url = ServerUrl::parse("https://x.livekit.cloud").unwrap();
        assert_eq!(url.websocket(), "wss://x.livekit.cloud");
        assert!(url.is_cloud());
        assert!(
            !ServerUrl::parse("ws://evillivekit.cloud")
                .unwrap()
                .is_cloud()
        );
    }

    #[test]
    fn a_path_prefix_is_kept() {
        let url = ServerUrl::parse("wss://a/livekit/").unwrap();
        assert_eq!(url.http(), "https://a/livekit");
    }

    #[test]
    fn other_schemes_and_garbage_are_refused() {
        for text in ["", "ftp://a", "a:7880", "ws://", "not a url"] {
            assert!(ServerUrl::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = ServerUrl::parse(&text);
        }
    }
}
