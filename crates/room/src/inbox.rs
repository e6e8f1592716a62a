//! The task that puts incoming text streams together and answers calls. Started by the first of either.

use crate::{RoomEvent, TextReader, data::DataPlane};
use livekit_common::ParticipantIdentity;
use livekit_data_stream::{
    api::{AnyStreamReader, StreamReader as _},
    backend::{
        Packet,
        incoming::{InputEvent, Manager, OutputEvent, PacketReceived},
    },
};
use livekit_rpc::backend::{HandleRequestOptions, RPC_REQUEST_TOPIC, RPC_RESPONSE_TOPIC};
use std::{pin::pin, sync::Arc};
use tokio::{sync::mpsc, task::JoinSet};

/// A stream of more bytes ends in an error: a participant must not fill our memory.
const MAX_STREAM_BYTES: usize = 1024 * 1024;
/// Streams that may be open at once; packets of a further one are ignored.
const MAX_OPEN_STREAMS: usize = 64;
/// Calls that may be under way at once; a further one gets no answer.
const MAX_CALLS: usize = 64;

/// What the room's task hands over.
pub(crate) enum Inbound {
    /// A piece of a stream, and who sent it.
    Stream(Packet, ParticipantIdentity),
    /// A call in its old, single-packet form.
    Call(HandleRequestOptions),
    /// Its unfinished streams end in an error.
    ParticipantLeft(ParticipantIdentity),
}

pub(crate) async fn run(data: Arc<DataPlane>, mut inbound: mpsc::Receiver<Inbound>) {
    let (manager, streams, mut output) = Manager::new(Some(MAX_STREAM_BYTES));
    let mut assembling = pin!(manager.run());
    let mut calls = JoinSet::new();
    let mut open_streams = 0_usize;
    let closed = data.shared.closed.clone();
    loop {
        tokio::select! {
            biased;
            () = closed.cancelled() => break,
            () = &mut assembling => return,
            Some(event) = output.recv() => match event {
                OutputEvent::StreamOpened(opened) => {
                    open_streams += 1;
                    let sender = opened.participant_identity;
                    // Byte streams (files) have no reader here; dropping theirs ends them.
                    if let AnyStreamReader::Text(reader) = opened.stream_reader {
                        on_text(&data, reader, sender, &mut calls);
                    }
                }
                OutputEvent::StreamClosed(_) => open_streams = open_streams.saturating_sub(1),
                _ => {}
            },
            Some(_) = calls.join_next(), if !calls.is_empty() => {}
            item = inbound.recv() => match item {
                None => break,
                Some(Inbound::Stream(Packet::Header { .. }, _)) if open_streams >= MAX_OPEN_STREAMS => {
                    tracing::warn!("too many open text streams; one is ignored");
                }
                Some(Inbound::Stream(packet, sender)) => {
                    let received = PacketReceived::new(packet, sender);
                    let _ = streams.send(InputEvent::PacketReceived(received));
                }
                Some(Inbound::Call(call)) if calls.len() < MAX_CALLS => {
                    let data = Arc::clone(&data);
                    calls.spawn(async move { data.rpc_server.handle_v1_request(call, &*data).await });
                }
                Some(Inbound::Call(_)) => tracing::warn!("too many calls at once; one is ignored"),
                Some(Inbound::ParticipantLeft(who)) => {
                    let _ = streams.send(InputEvent::AbortStreamsFrom(who));
                }
            },
        }
    }
    // Readers of unfinished streams get an error rather than a clean end.
    let _ = streams.send(InputEvent::Shutdown);
    assembling.await;
}

fn on_text(
    data: &Arc<DataPlane>,
    reader: livekit_data_stream::api::TextStreamReader,
    sender: ParticipantIdentity,
    calls: &mut JoinSet<()>,
) {
    let topic = reader.info().topic.as_str();
    if topic != RPC_REQUEST_TOPIC && topic != RPC_RESPONSE_TOPIC {
        let reader = TextReader::new(reader, sender.0);
        data.shared.emit(RoomEvent::TextStream(reader));
        return;
    }
    if calls.len() >= MAX_CALLS {
        tracing::warn!("too many calls at once; one is ignored");
        return;
    }
    let is_request = topic == RPC_REQUEST_TOPIC;
    let data = Arc::clone(data);
    calls.spawn(async move {
        if is_request {
            data.rpc_server
                .handle_v2_request_stream(reader, sender, &*data)
                .await;
        } else {
            data.rpc_client.handle_v2_response_stream(reader).await;
        }
    });
}
