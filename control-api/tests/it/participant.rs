//! Somebody in a room: LiveKit's signalling without media.

use crate::livekit_server;
use casp_room::admin::{LiveKit, TokenOptions};
use futures_util::StreamExt as _;
use livekit_protocol::{SignalResponse, signal_response::Message as Signal};
use prost::Message as _;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

pub(crate) struct Participant {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// As the server named it on joining.
    pub(crate) identity: String,
}

impl Participant {
    /// Joins by a signalling URL (`ws://…/rtc`) and a token; fails when LiveKit does not let it in.
    pub(crate) async fn join(rtc_url: &str, token: &str) -> Self {
        let url = format!(
            "{rtc_url}?access_token={token}&protocol=15&auto_subscribe=0&sdk=js&version=2.0.0"
        );
        let (mut socket, _) = connect_async(url).await.unwrap();
        let first = tokio::time::timeout(Duration::from_secs(30), socket.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        let Message::Binary(bytes) = first else {
            panic!("{first:?}")
        };
        let Some(Signal::Join(join)) = SignalResponse::decode(bytes).unwrap().message else {
            panic!("no join")
        };
        Self {
            socket,
            identity: join.participant.unwrap().identity,
        }
    }

    /// Joins at LiveKit itself under any identity.
    pub(crate) async fn directly(room: &str, identity: &str) -> Self {
        let livekit = client();
        let token = livekit
            .participant_token(&TokenOptions {
                room: room.into(),
                identity: identity.into(),
                name: identity.into(),
                ttl: Duration::from_mins(1),
                can_update_own_metadata: true,
                ..TokenOptions::default()
            })
            .unwrap();
        Self::join(
            &format!("{}/rtc", livekit.ws_url().trim_end_matches('/')),
            &token,
        )
        .await
    }
}

/// The test's own line to LiveKit.
pub(crate) fn client() -> LiveKit {
    livekit_server::client()
}

/// Identities in a room; `None` when there is no room.
pub(crate) async fn identities(room: &str) -> Option<Vec<String>> {
    let there = client().participants(room).await.unwrap()?;
    Some(
        there
            .into_iter()
            .map(|participant| participant.identity)
            .collect(),
    )
}

/// Whether LiveKit has the room.
pub(crate) async fn room_exists(room: &str) -> bool {
    client()
        .room_names()
        .await
        .unwrap()
        .iter()
        .any(|name| name == room)
}
