//! The room itself.

use crate::{
    LocalAudioTrack, PublishOptions, RemoteParticipant, RoomError, RoomEvents, RoomOptions,
    RpcError, TextWriter, dtmf,
    handle::{Command, Handle},
    rpc,
    server_url::ServerUrl,
    session,
};
use bytes::Bytes;
use livekit_protocol::{self as proto, data_packet};
use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

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
pub struct Room {
    handle: Arc<Handle>,
}

/// The server answers a publication or an update within milliseconds, or not at all.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// LiveKit's servers and clients take no larger data packet.
const MAX_DATA_BYTES: usize = 15 * 1024;

impl Room {
    /// Joins. `url` is `ws(s)://` or `http(s)://`.
    pub async fn connect(
        url: &str,
        token: &str,
        options: RoomOptions,
    ) -> Result<(Self, RoomEvents), RoomError> {
        let server = ServerUrl::parse(url)?;
        let limit = options.connect_timeout;
        let (handle, events, ready) = session::start(server, token, options)?;
        match tokio::time::timeout(limit, ready).await {
            Err(_) if handle.shared.has_joined() => Err(RoomError::NoMediaPath),
            Err(_) => Err(RoomError::Timeout("joining")),
            Ok(Err(_)) => Err(RoomError::Closed),
            Ok(Ok(Err(error))) => Err(error),
            Ok(Ok(Ok(()))) => {
                let events = RoomEvents::new(events, Arc::clone(&handle));
                Ok((Self { handle }, events))
            }
        }
    }
    /// The room's name.
    pub fn name(&self) -> String {
        self.handle.shared.snapshot().room.clone()
    }
    /// Our own identity.
    pub fn identity(&self) -> String {
        self.handle.shared.snapshot().identity.clone()
    }
    /// Everybody else, as last announced.
    pub fn remote_participants(&self) -> Vec<RemoteParticipant> {
        let snapshot = self.handle.shared.snapshot();
        let participants = snapshot.participants.values();
        participants.map(|known| known.public.clone()).collect()
    }
    /// Publishes an audio track, or hands over the one that was published in the join request.
    pub async fn publish_audio(
        &self,
        options: PublishOptions,
    ) -> Result<LocalAudioTrack, RoomError> {
        let track = self
            .handle
            .ask("publishing", ANSWER_TIMEOUT, |reply| Command::Publish {
                options,
                reply,
            })
            .await?;
        Ok(LocalAudioTrack::new(track, Arc::clone(&self.handle)))
    }
    /// Asks for a remote track; it arrives as `RoomEvent::TrackSubscribed`.
    pub fn subscribe(&self, track_sid: &str) -> Result<(), RoomError> {
        self.handle.command(Command::Subscribe {
            sid: track_sid.to_owned(),
            is_wanted: true,
        })
    }
    /// Stops a subscription.
    pub fn unsubscribe(&self, track_sid: &str) -> Result<(), RoomError> {
        self.handle.command(Command::Subscribe {
            sid: track_sid.to_owned(),
            is_wanted: false,
        })
    }
    /// Sends a data packet. Returns when it is handed to the transport.
    /// While the room is reconnecting it waits.
    pub async fn publish_data(&self, message: DataMessage) -> Result<(), RoomError> {
        if message.payload.len() > MAX_DATA_BYTES {
            return Err(RoomError::Stream(format!(
                "a data packet of {} bytes; {MAX_DATA_BYTES} is the most, send a text stream instead",
                message.payload.len()
            )));
        }
        let packet = proto::DataPacket {
            destination_identities: message.destinations,
            value: Some(data_packet::Value::User(proto::UserPacket {
                payload: message.payload.into(),
                topic: (!message.topic.is_empty()).then_some(message.topic),
                ..Default::default()
            })),
            ..Default::default()
        };
        self.handle.data.send(packet, message.is_reliable).await
    }
    /// Sends a DTMF tone.
    pub async fn publish_dtmf(&self, digit: char) -> Result<(), RoomError> {
        let code = dtmf::code(digit)
            .ok_or_else(|| RoomError::Stream(format!("{digit:?} is no DTMF digit")))?;
        let packet = proto::DataPacket {
            value: Some(data_packet::Value::SipDtmf(proto::SipDtmf {
                code,
                digit: digit.to_ascii_uppercase().to_string(),
            })),
            ..Default::default()
        };
        self.handle.data.send(packet, true).await
    }
    /// Sends a whole text as one stream.
    pub async fn send_text(&self, text: &str, options: TextOptions) -> Result<(), RoomError> {
        self.handle.data.send_whole_text(text, options).await
    }
    /// Opens a text stream, to be written piece by piece.
    pub async fn stream_text(&self, options: TextOptions) -> Result<TextWriter, RoomError> {
        let writer = self.handle.data.stream_text(options).await?;
        Ok(TextWriter::new(writer, Arc::clone(&self.handle)))
    }
    /// Calls a method of another participant.
    pub async fn perform_rpc(
        &self,
        destination: &str,
        method: &str,
        payload: String,
        timeout: Duration,
    ) -> Result<String, RpcError> {
        rpc::perform(&self.handle.data, destination, method, payload, timeout).await
    }
    /// Answers calls of `method`: `handler(caller identity, payload)`.
    pub fn register_rpc<F, R>(&self, method: &str, handler: F)
    where
        F: Fn(String, String) -> R + Send + Sync + 'static,
        R: Future<Output = Result<String, RpcError>> + Send + 'static,
    {
        rpc::register(&self.handle.data, method, handler);
    }
    /// Sets attributes; an empty value removes one. Others are kept.
    pub async fn set_attributes(
        &self,
        attributes: HashMap<String, String>,
    ) -> Result<(), RoomError> {
        self.handle
            .ask("setting attributes", ANSWER_TIMEOUT, |reply| {
                Command::Update {
                    attributes,
                    metadata: None,
                    reply,
                }
            })
            .await
    }
    /// Sets our metadata.
    pub async fn set_metadata(&self, metadata: String) -> Result<(), RoomError> {
        self.handle
            .ask("setting metadata", ANSWER_TIMEOUT, |reply| {
                Command::Update {
                    attributes: HashMap::new(),
                    metadata: Some(metadata),
                    reply,
                }
            })
            .await
    }
    /// Leaves and waits until the server has been told (at most a second).
    pub async fn leave(&self) {
        self.handle.leave().await;
    }
}
