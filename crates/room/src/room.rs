//! The room itself.

use crate::{
    LocalAudioTrack, PublishOptions, RemoteParticipant, RoomError, RoomEvents, RoomOptions,
    RpcError, TextWriter,
};
use bytes::Bytes;
use std::{collections::HashMap, future::Future, time::Duration};

/// A data packet to send.
#[derive(Debug, Clone, Default)]
pub struct DataMessage {
    /// Topic.
    pub topic: String,
    /// Payload, at most 15 KiB.
    pub payload: Bytes,
    /// In order and resent; else it may get lost.
    pub is_reliable: bool,
    /// Identities of those who get it; empty means everybody.
    pub destinations: Vec<String>,
}

/// How a text stream is sent.
#[derive(Debug, Clone, Default)]
pub struct TextOptions {
    /// Topic.
    pub topic: String,
    /// Attributes.
    pub attributes: HashMap<String, String>,
    /// Identities of those who get it; empty means everybody.
    pub destinations: Vec<String>,
    /// Stream id; made when `None`.
    pub stream_id: Option<String>,
    /// Send on behalf of this participant (agents may, for transcriptions of others' speech).
    pub sender_identity: Option<String>,
}

/// A room that was joined. Cheap to clone; the room is left by [`Room::leave`] or when the last clone, track and
/// the event stream are dropped.
#[derive(Debug, Clone)]
pub struct Room {}

impl Room {
    /// Joins. `url` is `ws(s)://` or `http(s)://`.
    pub async fn connect(
        _url: &str,
        _token: &str,
        _options: RoomOptions,
    ) -> Result<(Self, RoomEvents), RoomError> {
        unimplemented!()
    }
    /// The room's name.
    pub fn name(&self) -> String {
        unimplemented!()
    }
    /// Our own identity.
    pub fn identity(&self) -> String {
        unimplemented!()
    }
    /// Everybody else, as last announced.
    pub fn remote_participants(&self) -> Vec<RemoteParticipant> {
        unimplemented!()
    }
    /// Publishes an audio track, or hands over the one that was published in the join request.
    pub async fn publish_audio(
        &self,
        _options: PublishOptions,
    ) -> Result<LocalAudioTrack, RoomError> {
        unimplemented!()
    }
    /// Asks for a remote track; it arrives as `RoomEvent::TrackSubscribed`.
    pub fn subscribe(&self, _track_sid: &str) -> Result<(), RoomError> {
        unimplemented!()
    }
    /// Stops a subscription.
    pub fn unsubscribe(&self, _track_sid: &str) -> Result<(), RoomError> {
        unimplemented!()
    }
    /// Sends a data packet. Returns when it is handed to the transport.
    pub async fn publish_data(&self, _message: DataMessage) -> Result<(), RoomError> {
        unimplemented!()
    }
    /// Sends a DTMF tone.
    pub async fn publish_dtmf(&self, _digit: char) -> Result<(), RoomError> {
        unimplemented!()
    }
    /// Sends a whole text as one stream.
    pub async fn send_text(&self, _text: &str, _options: TextOptions) -> Result<(), RoomError> {
        unimplemented!()
    }
    /// Opens a text stream, to be written piece by piece.
    pub async fn stream_text(&self, _options: TextOptions) -> Result<TextWriter, RoomError> {
        unimplemented!()
    }
    /// Calls a method of another participant.
    pub async fn perform_rpc(
        &self,
        _destination: &str,
        _method: &str,
        _payload: String,
        _timeout: Duration,
    ) -> Result<String, RpcError> {
        unimplemented!()
    }
    /// Answers calls of `method`: `handler(caller identity, payload)`.
    pub fn register_rpc<F, R>(&self, _method: &str, _handler: F)
    where
        F: Fn(String, String) -> R + Send + Sync + 'static,
        R: Future<Output = Result<String, RpcError>> + Send + 'static,
    {
        unimplemented!()
    }
    /// Sets attributes; an empty value removes one. Others are kept.
    pub async fn set_attributes(
        &self,
        _attributes: HashMap<String, String>,
    ) -> Result<(), RoomError> {
        unimplemented!()
    }
    /// Sets our metadata.
    pub async fn set_metadata(&self, _metadata: String) -> Result<(), RoomError> {
        unimplemented!()
    }
    /// Leaves and waits until the server has been told (at most a second).
    pub async fn leave(&self) {
        unimplemented!()
    }
}
