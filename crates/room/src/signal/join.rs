//! The URL that opens a signalling connection: it carries the whole join request.

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use livekit_protocol as proto;
use prost::Message as _;

/// The signalling protocol this client speaks (LiveKit's `protocol/…/types.go` lists what each number brought).
const PROTOCOL: i32 = 17;
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How many peer connections a participant keeps with its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transports {
    /// One for both directions (`/rtc/v1`).
    Single,
    /// One to publish and one to subscribe (`/rtc`), for servers before 1.9.
    Dual,
}

/// What a connection is opened for.
#[derive(Debug, Clone)]
pub(crate) enum Purpose {
    /// A new participant.
    Join {
        /// Our offer, in [`Transports::Single`]: saves a round trip.
        offer: Option<proto::SessionDescription>,
        /// Tracks that the offer publishes.
        tracks: Vec<proto::AddTrackRequest>,
    },
    /// The same participant again, after its signalling connection was lost.
    Resume {
        /// `PA_…`.
        participant_sid: String,
        /// Why.
        reason: proto::ReconnectReason,
    },
}

/// A join request.
#[derive(Debug, Clone)]
pub(crate) struct Join {
    /// One or two peer connections.
    pub(crate) transports: Transports,
    /// What for.
    pub(crate) purpose: Purpose,
}

impl Join {
    /// The URL below `base` (`ws(s)://…`).
    pub(crate) fn url(&self, base: &str) -> String {
        match self.transports {
            Transports::Single => {
                let request = proto::WrappedJoinRequest {
                    compression: 0,
                    join_request: self.request().encode_to_vec(),
                };
                let encoded = URL_SAFE.encode(request.encode_to_vec());
                format!("{base}/rtc/v1?join_request={encoded}")
            }
            Transports::Dual => {
                let resume = match &self.purpose {
                    Purpose::Join { .. } => String::new(),
                    Purpose::Resume {
                        participant_sid,
                        reason,
                    } => format!(
                        "&reconnect=1&sid={}&reconnect_reason={}",
                        url::form_urlencoded::byte_serialize(participant_sid.as_bytes())
                            .collect::<String>(),
                        *reason as i32
                    ),
                };
                format!(
                    "{base}/rtc?sdk=rust&protocol={PROTOCOL}&version={VERSION}&auto_subscribe=0\
                     &adaptive_stream=0&client_protocol={}&capabilities=CAP_COMPRESSION_DEFLATE_RAW{resume}",
                    livekit_common::CLIENT_PROTOCOL_DATA_STREAM_V2
                )
            }
        }
    }

    fn request(&self) -> proto::JoinRequest {
        let request = proto::JoinRequest {
            client_info: Some(proto::ClientInfo {
                sdk: proto::client_info::Sdk::Rust as i32,
                version: VERSION.into(),
                protocol: PROTOCOL,
                client_protocol: livekit_common::CLIENT_PROTOCOL_DATA_STREAM_V2,
                capabilities: vec![proto::client_info::Capability::CapCompressionDeflateRaw as i32],
                ..Default::default()
            }),
            // Subscriptions are asked for by us: a voice agent wants no video.
            connection_settings: Some(proto::ConnectionSettings {
                auto_subscribe: false,
                ..Default::default()
            }),
            ..Default::default()
        };
        match &self.purpose {
            Purpose::Join { offer, tracks } => proto::JoinRequest {
                publisher_offer: offer.clone(),
                add_track_requests: tracks.clone(),
                ..request
            },
            Purpose::Resume {
                participant_sid,
                reason,
            } => proto::JoinRequest {
                reconnect: true,
                reconnect_reason: *reason as i32,
                participant_sid: participant_sid.clone(),
                ..request
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(url: &str) -> proto::JoinRequest {
        let url = url::Url::parse(url).unwrap();
        let (_, value) = url
            .query_pairs()
            .find(|(name, _)| name == "join_request")
            .unwrap();
        let bytes = URL_SAFE.decode(value.as_bytes()).unwrap();
        let wrapped = proto::WrappedJoinRequest::decode(&bytes[..]).unwrap();
        proto::JoinRequest::decode(&wrapped.join_request[..]).unwrap()
    }

    #[test]
    fn a_resume_names_the_participant_in_both_forms() {
        let purpose = Purpose::Resume {
            participant_sid: "PA_x&y".into(),
            reason: proto::ReconnectReason::RrSignalDisconnected,
        };
        let mut join = Join {
            transports: Transports::Single,
            purpose,
        };
        let request = decode(&join.url("ws://a"));
        assert!(request.reconnect);
        assert_eq!(request.participant_sid, "PA_x&y");
        join.transports = Transports::Dual;
        assert!(
            join.url("ws://a")
                .ends_with("&reconnect=1&sid=PA_x%26y&reconnect_reason=1")
        );
    }

    proptest! {
        #[test]
        fn offer_and_tracks_survive_the_url(sdp in ".{0,300}", name in ".{0,50}") {
            let join = Join {
                transports: Transports::Single,
                purpose: Purpose::Join {
                    offer: Some(proto::SessionDescription { sdp: sdp.clone(), ..Default::default() }),
                    tracks: vec![proto::AddTrackRequest { name: name.clone(), ..Default::default() }],
                },
            };
            let request = decode(&join.url("wss://host/prefix"));
            prop_assert_eq!(request.publisher_offer.unwrap().sdp, sdp);
            prop_assert_eq!(&request.add_track_requests[0].name, &name);
        }
    }
}
