//! What the call tells the room beside audio: a queue and a task of its own, so that audio never waits for it.

use bytes::Bytes;
use casp_conversation::event::{Envelope, Event, TOPIC, VERSION};
use casp_room::{DataMessage, Room};
use std::time::Duration;
use tokio::{sync::mpsc, task::JoinSet};

/// At most so many wait; beyond, further ones are dropped (the room has been stuck for seconds by then).
const CAPACITY: usize = 64;
/// A message that the room does not take for so long is given up.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// Something to tell.
#[derive(Debug)]
pub(crate) enum ToRoom {
    /// To the agent of this identity.
    Event(Event),
    /// To everybody.
    Dtmf(char),
}

/// Starts the task; it belongs to `tasks`.
pub(crate) fn spawn(
    tasks: &mut JoinSet<()>,
    room: Room,
    agent: &'static str,
) -> mpsc::Sender<ToRoom> {
    let (sender, mut receiver) = mpsc::channel(CAPACITY);
    tasks.spawn(async move {
        while let Some(message) = receiver.recv().await {
            let send = async {
                match message {
                    ToRoom::Event(event) => publish(&room, event, agent).await,
                    ToRoom::Dtmf(digit) => room.publish_dtmf(digit).await,
                }
            };
            if let Ok(Err(error)) = tokio::time::timeout(SEND_TIMEOUT, send).await {
                tracing::debug!(%error, "an event did not reach the room");
            }
        }
    });
    sender
}

async fn publish(room: &Room, event: Event, agent: &str) -> Result<(), casp_room::RoomError> {
    let Ok(payload) = serde_json::to_vec(&Envelope { v: VERSION, event }) else {
        return Ok(());
    };
    room.publish_data(DataMessage {
        topic: TOPIC.to_owned(),
        payload: Bytes::from(payload),
        is_reliable: true,
        destinations: vec![agent.to_owned()],
    })
    .await
}
