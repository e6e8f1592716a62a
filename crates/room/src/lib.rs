//! A LiveKit participant in pure Rust, with no libwebrtc.
//!
//! [`Room::connect`] joins and gives the room and its events. Audio goes in and out as encoded packets (Opus or
//! PCMU); coding is the business of `casp_audio`. Data packets, text streams, remote procedure calls and attributes
//! are here; video is not.
//!
//! Each room is one task that owns its WebSocket, its sockets and the WebRTC state machine. A lost connection is
//! resumed, and when that fails joined anew, with the same tracks under the same handles. Who was put out (a
//! duplicate identity, a deleted room, a removal) stays out.
//!
//! `wss://` servers are believed on the word of Mozilla's certificate authorities, and of one's own by
//! [`RootCertificates`]. ICE goes over UDP, and over TCP where UDP is blocked.
//!
//! Not supported: TURN (a network that lets neither UDP nor the server's TCP port out needs the latter opened:
//! `rtc.tcp_port`, 7881 by default), media over TLS, encryption from end to end, video.
pub mod admin;
mod data;
mod dtmf;
mod error;
mod events;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod handle;
mod ice;
mod inbox;
mod options;
mod packet_queue;
mod peer_connection;
mod reorder;
mod room;
mod rpc;
mod server_url;
mod session;
mod signal;
mod text;
mod tls;
mod track;

pub use error::{RoomError, RpcError};
pub use events::{
    DisconnectReason, ParticipantKind, RemoteParticipant, RemoteTrack, RoomEvent, RoomEvents,
    TrackKind,
};
pub use options::{AutoSubscribe, PublishOptions, RoomOptions};
pub use room::{DataMessage, Room, TextOptions};
pub use text::{TextReader, TextWriter};
pub use tls::RootCertificates;
pub use track::{AudioCodec, AudioPacket, LocalAudioTrack, OutgoingPacket, RemoteAudioTrack};

/// Does what the first room of a process would otherwise wait for: the crypto library gathers entropy when its first key is
/// made, which takes some 30 ms. Worth calling before anybody waits; costs nothing the second time.
pub fn warm_up() {
    let _ = str0m::RtcConfig::new().build(std::time::Instant::now());
}
