//! A LiveKit participant in pure Rust, with no libwebrtc.
pub mod admin;
mod data;
mod dtmf;
mod error;
mod events;
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
mod track;

pub use error::{RoomError, RpcError};
pub use events::{
    DisconnectReason, ParticipantKind, RemoteParticipant, RemoteTrack, RoomEvent, RoomEvents,
    TrackKind,
};
pub use options::{AutoSubscribe, PublishOptions, RoomOptions};
pub use room::{DataMessage, Room, TextOptions};
pub use text::{TextReader, TextWriter};
pub use track::{AudioCodec, AudioPacket, LocalAudioTrack, OutgoingPacket, RemoteAudioTrack};
