//! Data packets over the two data channels.

use super::Session;
use crate::{RoomError, RoomEvent, data::OutgoingData, dtmf, inbox::Inbound};
use livekit_common::{EncryptionType, ParticipantIdentity};
use livekit_data_stream::backend::Packet;
use livekit_protocol::{self as proto, data_packet::Value, rpc_response};
use livekit_rpc::backend::HandleRequestOptions;
use prost::Message as _;
use std::{collections::HashMap, time::Duration};
use str0m::channel::ChannelId;
use tokio::sync::mpsc;

/// A call whose caller names a longer time is answered in this.
const MAX_CALL: Duration = Duration::from_mins(5);

/// The state of data both ways.
pub(super) struct Packets {
    pub(super) outgoing: mpsc::Receiver<OutgoingData>,
    /// The one that the transport would not take; until it goes, no other is taken from the queue.
    stalled: Option<OutgoingData>,
    open: Vec<ChannelId>,
    /// Numbers reliable packets, so that the server can drop one that comes twice.
    sequence: u32,
    /// The last number of each publisher.
    received: HashMap<String, u32>,
}

impl Packets {
    pub(super) fn new(outgoing: mpsc::Receiver<OutgoingData>) -> Self {
        Self {
            outgoing,
            stalled: None,
            open: Vec::with_capacity(2),
            sequence: 0,
            received: HashMap::new(),
        }
    }

    /// For a new participant.
    pub(super) fn reset(&mut self) {
        self.open.clear();
        self.sequence = 0;
        self.received.clear();
    }

    pub(super) fn can_send(&self) -> bool {
        self.stalled.is_none() && self.open.len() >= 2
    }

    pub(super) fn on_close(&mut self, channel: ChannelId) {
        self.open.retain(|open| *open != channel);
    }

    pub(super) fn forget(&mut self, participant_sid: &str) {
        self.received.remove(participant_sid);
    }

    pub(super) fn receive_states(&self) -> Vec<proto::DataChannelReceiveState> {
        let states = self.received.iter();
        states
            .map(|(sid, last)| proto::DataChannelReceiveState {
                publisher_sid: sid.clone(),
                last_seq: *last,
            })
            .collect()
    }
}

impl Session {
    pub(super) fn on_channel_open(&mut self, channel: ChannelId) {
        if !self.packets.open.contains(&channel) {
            self.packets.open.push(channel);
        }
    }

    pub(super) fn send_data(&mut self, mut data: OutgoingData) {
        let Some(channels) = self.media.negotiation.channels else {
            self.packets.stalled = Some(data);
            return;
        };
        let id = if data.is_reliable {
            if data.packet.sequence == 0 {
                self.packets.sequence += 1;
                data.packet.sequence = self.packets.sequence;
            }
            channels.reliable
        } else {
            channels.lossy
        };
        let bytes = data.packet.encode_to_vec();
        let channel = self.media.publisher.rtc.channel(id);
        let result = match channel.map(|mut channel| channel.write(true, &bytes)) {
            None | Some(Ok(false)) => {
                self.packets.stalled = Some(data);
                return;
            }
            Some(Ok(true)) => Ok(()),
            Some(Err(error)) => Err(RoomError::Connection(format!("data channel: {error}"))),
        };
        let _ = data.done.send(result);
    }

    /// True when something was sent.
    pub(super) fn retry_data(&mut self) -> bool {
        if self.packets.open.len() < 2 {
            return false;
        }
        let Some(data) = self.packets.stalled.take() else {
            return false;
        };
        if data.done.is_closed() {
            return false; // its sender has given up
        }
        self.send_data(data);
        self.packets.stalled.is_none()
    }

    pub(super) fn on_data(&mut self, bytes: &[u8]) {
        let Ok(packet) = proto::DataPacket::decode(bytes) else {
            tracing::debug!("a data packet that cannot be read");
            return;
        };
        if packet.sequence != 0 && self.is_repeated(&packet) {
            return;
        }
        let sender = packet.participant_identity;
        match packet.value {
            Some(Value::User(user)) => self.shared.emit(RoomEvent::Data {
                participant: sender,
                topic: user.topic.unwrap_or_default(),
                payload: user.payload.into(),
            }),
            Some(Value::SipDtmf(tone)) => {
                if let Some(digit) = dtmf::digit(&tone.digit, tone.code) {
                    self.shared.emit(RoomEvent::Dtmf {
                        participant: sender,
                        digit,
                    });
                }
            }
            Some(value) => self.on_stream_or_call(value, sender),
            None => {}
        }
    }

    /// A packet that came before, as may happen around a resume.
    fn is_repeated(&mut self, packet: &proto::DataPacket) -> bool {
        if let Some(last) = self.packets.received.get_mut(&packet.participant_sid) {
            if packet.sequence <= *last {
                return true;
            }
            *last = packet.sequence;
        } else {
            let sid = packet.participant_sid.clone();
            self.packets.received.insert(sid, packet.sequence);
        }
        false
    }

    fn on_stream_or_call(&mut self, value: Value, sender: String) {
        let sender = ParticipantIdentity(sender);
        let encryption_type = EncryptionType::None;
        let piece = match value {
            Value::StreamHeader(header) => Packet::Header {
                header: header.into(),
                encryption_type,
            },
            Value::StreamChunk(chunk) => Packet::Chunk {
                chunk: chunk.into(),
                encryption_type,
            },
            Value::StreamTrailer(trailer) => Packet::Trailer {
                trailer: trailer.into(),
                encryption_type,
            },
            Value::RpcRequest(call) => {
                let timeout = Duration::from_millis(call.response_timeout_ms.into());
                self.data.receive(Inbound::Call(HandleRequestOptions {
                    caller_identity: sender,
                    request_id: call.id,
                    method: call.method,
                    payload: call.payload,
                    response_timeout: timeout.min(MAX_CALL),
                    version: call.version,
                }));
                return;
            }
            Value::RpcAck(ack) => {
                self.data.rpc_client.handle_incoming_rpc_ack(ack.request_id);
                return;
            }
            Value::RpcResponse(answer) => {
                let (payload, error) = match answer.value {
                    Some(rpc_response::Value::Payload(payload)) => (Some(payload), None),
                    Some(rpc_response::Value::Error(error)) => (None, Some(error)),
                    _ => (None, None),
                };
                let id = answer.request_id;
                self.data
                    .rpc_client
                    .handle_v1_response_packet(id, payload, error);
                return;
            }
            _ => return,
        };
        self.data.receive(Inbound::Stream(piece, sender));
    }
}
