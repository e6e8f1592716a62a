//! Data packets: out to the room's task, in from it. Text streams and remote procedure calls stand on them.
//!
//! Two small tasks serve them, each started when it is first needed: a room that only carries audio has neither.

use crate::{
    RoomError, TextOptions,
    handle::Shared,
    inbox::{self, Inbound},
};
use livekit_common::{ClientCapability, ParticipantIdentity, RemoteParticipantRegistry};
use livekit_data_stream::{
    api::{
        SendError, SendTextOptions, StreamError, StreamResult, StreamTextOptions, TextStreamInfo,
        TextStreamWriter,
    },
    backend::outgoing,
};
use livekit_protocol as proto;
use livekit_rpc::backend::{RpcClientManager, RpcServerManager, RpcTransport, RpcTransportError};
use std::sync::{Arc, OnceLock};
use tokio::sync::{mpsc, oneshot};

/// Packets and calls that wait for the task which puts streams together. When full, the newest is dropped, and its
/// stream ends in an error.
const INBOX: usize = 256;

/// A packet on its way to the room's task.
pub(crate) struct OutgoingData {
    pub(crate) packet: proto::DataPacket,
    pub(crate) is_reliable: bool,
    /// Told when the transport has it.
    pub(crate) done: oneshot::Sender<Result<(), RoomError>>,
}

/// Everything about data that lives as long as the room. It holds no command sender: its tasks must not keep a room
/// alive that nobody holds.
pub(crate) struct DataPlane {
    pub(crate) shared: Arc<Shared>,
    /// Bounded; senders wait when the transport is full.
    outbox: mpsc::Sender<OutgoingData>,
    streams: OnceLock<outgoing::Manager>,
    inbox: OnceLock<mpsc::Sender<Inbound>>,
    pub(crate) rpc_client: RpcClientManager,
    pub(crate) rpc_server: RpcServerManager,
}

impl DataPlane {
    pub(crate) fn new(shared: Arc<Shared>, outbox: mpsc::Sender<OutgoingData>) -> Self {
        Self {
            shared,
            outbox,
            streams: OnceLock::new(),
            inbox: OnceLock::new(),
            rpc_client: RpcClientManager::new(),
            rpc_server: RpcServerManager::new(),
        }
    }

    /// Sends one packet; returns when the transport has it.
    pub(crate) async fn send(
        &self,
        packet: proto::DataPacket,
        is_reliable: bool,
    ) -> Result<(), RoomError> {
        send(&self.outbox, packet, is_reliable).await
    }

    /// Takes a packet of a text stream or a call from the room's task.
    pub(crate) fn receive(self: &Arc<Self>, inbound: Inbound) {
        let inbox = self.inbox.get_or_init(|| {
            let (sender, receiver) = mpsc::channel(INBOX);
            tokio::spawn(inbox::run(Arc::clone(self), receiver));
            sender
        });
        if inbox.try_send(inbound).is_err() {
            tracing::warn!("more text streams than can be put together; one is broken");
        }
    }

    /// Whether a text stream has ever come (no need to wake its task otherwise).
    pub(crate) fn has_inbox(&self) -> bool {
        self.inbox.get().is_some()
    }

    fn streams(&self) -> &outgoing::Manager {
        self.streams.get_or_init(|| {
            let (manager, mut packets) = outgoing::Manager::new();
            let (outbox, closed) = (self.outbox.clone(), self.shared.closed.clone());
            tokio::spawn(async move {
                loop {
                    let (batch, responder) = tokio::select! {
                        () = closed.cancelled() => return,
                        request = packets.recv() => match request {
                            Ok(request) => request,
                            Err(_) => return,
                        },
                    };
                    let mut result = Ok(());
                    for packet in batch {
                        if send(&outbox, packet, true).await.is_err() {
                            result = Err(SendError);
                            break;
                        }
                    }
                    let _ = responder.respond(result);
                }
            });
            manager
        })
    }

    pub(crate) async fn send_whole_text(
        &self,
        text: &str,
        options: TextOptions,
    ) -> Result<(), RoomError> {
        let mut described = SendTextOptions::new_with_topic(options.topic)
            .with_attributes(options.attributes)
            .with_destination_identities(identities(options.destinations));
        described.id = options.stream_id;
        described.sender_identity = options.sender_identity.map(ParticipantIdentity);
        let sent = self.streams().send_text(text, described, self).await;
        sent.map(drop).map_err(|error| self.stream_error(&error))
    }

    pub(crate) async fn stream_text(
        &self,
        options: TextOptions,
    ) -> Result<TextStreamWriter, RoomError> {
        let mut stream = StreamTextOptions::new_with_topic(options.topic)
            .with_attributes(options.attributes)
            .with_destination_identities(identities(options.destinations));
        stream.id = options.stream_id;
        stream.sender_identity = options.sender_identity.map(ParticipantIdentity);
        let opened = self.streams().stream_text(stream).await;
        opened.map_err(|error| self.stream_error(&error))
    }

    pub(crate) fn stream_error(&self, error: &StreamError) -> RoomError {
        if self.shared.closed.is_cancelled() {
            RoomError::Closed
        } else {
            RoomError::Stream(error.to_string())
        }
    }
}

fn identities(names: Vec<String>) -> Vec<ParticipantIdentity> {
    names.into_iter().map(ParticipantIdentity).collect()
}

async fn send(
    outbox: &mpsc::Sender<OutgoingData>,
    packet: proto::DataPacket,
    is_reliable: bool,
) -> Result<(), RoomError> {
    let (done, sent) = oneshot::channel();
    let data = OutgoingData {
        packet,
        is_reliable,
        done,
    };
    outbox.send(data).await.map_err(|_| RoomError::Closed)?;
    sent.await.map_err(|_| RoomError::Closed)?
}

/// Which version of streams and calls each participant's client understands.
impl RemoteParticipantRegistry for DataPlane {
    fn remote_client_protocol(&self, identity: &ParticipantIdentity) -> i32 {
        let snapshot = self.shared.snapshot();
        let known = snapshot.participants.get(identity.as_str());
        known.map_or(0, |known| known.client_protocol)
    }

    fn remote_capabilities(&self, identity: &ParticipantIdentity) -> Vec<ClientCapability> {
        let snapshot = self.shared.snapshot();
        let known = snapshot.participants.get(identity.as_str());
        let numbers = known.map_or(&[][..], |known| &known.capabilities);
        numbers
            .iter()
            .filter_map(|number| ClientCapability::try_from(*number).ok())
            .collect()
    }

    fn remote_identities(&self) -> Vec<ParticipantIdentity> {
        let snapshot = self.shared.snapshot();
        snapshot
            .participants
            .keys()
            .cloned()
            .map(ParticipantIdentity)
            .collect()
    }
}

impl RpcTransport for DataPlane {
    async fn publish_data(&self, packet: proto::DataPacket) -> Result<(), RpcTransportError> {
        self.send(packet, true)
            .await
            .map_err(RpcTransportError::new)
    }

    async fn send_text(
        &self,
        text: &str,
        options: SendTextOptions,
    ) -> StreamResult<TextStreamInfo> {
        self.streams().send_text(text, options, self).await
    }

    fn server_version(&self) -> Option<String> {
        let version = self.shared.snapshot().server_version.clone();
        Some(version).filter(|version| !version.is_empty())
    }
}
