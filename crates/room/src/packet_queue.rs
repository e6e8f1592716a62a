//! Received packets on their way from the room's task to the reader of a track: lock-free, bounded, the oldest
//! gives way.

use crate::{AudioCodec, AudioPacket};
use crossbeam_queue::ArrayQueue;
use futures_util::task::AtomicWaker;
use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Instant,
};

/// A second of 20 ms packets.
const CAPACITY: usize = 50;
/// A larger hole in the sequence numbers is not a loss but another stream.
const MAX_GAP: u64 = 3000;

struct Queue {
    packets: ArrayQueue<Numbered>,
    reader: AtomicWaker,
    is_closed: AtomicBool,
}

struct Numbered {
    /// Counts lost packets too, so that the reader sees every hole, of the network's or of a full queue's making.
    number: u64,
    codec: AudioCodec,
    rtp_timestamp: u32,
    received_at: Instant,
    payload: Arc<[u8]>,
}

/// The writing end. Dropping it ends the track.
pub(crate) struct PacketSender {
    queue: Arc<Queue>,
    number: u64,
    last_sequence: Option<u64>,
}

/// The reading end.
pub(crate) struct PacketReceiver {
    queue: Arc<Queue>,
    next: u64,
}

/// Makes a queue.
pub(crate) fn packet_queue() -> (PacketSender, PacketReceiver) {
    let queue = Arc::new(Queue {
        packets: ArrayQueue::new(CAPACITY),
        reader: AtomicWaker::new(),
        is_closed: AtomicBool::new(false),
    });
    let sender = PacketSender {
        queue: Arc::clone(&queue),
        number: 0,
        last_sequence: None,
    };
    (sender, PacketReceiver { queue, next: 0 })
}

impl PacketSender {
    /// Another stream with numbers of its own follows.
    pub(crate) fn restart(&mut self) {
        self.last_sequence = None;
    }

    /// Appends a packet; `sequence` is its extended RTP sequence number. When full, the oldest is dropped.
    pub(crate) fn push(
        &mut self,
        sequence: u64,
        codec: AudioCodec,
        rtp_timestamp: u32,
        received_at: Instant,
        payload: Arc<[u8]>,
    ) {
        let lost = self
            .last_sequence
            .and_then(|last| sequence.checked_sub(last + 1))
            .filter(|gap| *gap < MAX_GAP)
            .unwrap_or(0);
        self.last_sequence = Some(sequence);
        self.number += lost;
        self.queue.packets.force_push(Numbered {
            number: self.number,
            codec,
            rtp_timestamp,
            received_at,
            payload,
        });
        self.number += 1;
        self.queue.reader.wake();
    }
}

impl Drop for PacketSender {
    fn drop(&mut self) {
        self.queue.is_closed.store(true, Ordering::Release);
        self.queue.reader.wake();
    }
}

impl PacketReceiver {
    /// The next packet; `None` when the sender is gone and all are read. Cancel safe.
    pub(crate) async fn recv(&mut self) -> Option<AudioPacket> {
        poll_fn(|context| {
            if let Some(packet) = self.pop() {
                return Poll::Ready(Some(packet));
            }
            self.queue.reader.register(context.waker());
            // Looked at before the last attempt, so that nothing pushed before closing is missed.
            let is_closed = self.queue.is_closed.load(Ordering::Acquire);
            match self.pop() {
                Some(packet) => Poll::Ready(Some(packet)),
                None if is_closed => Poll::Ready(None),
                None => Poll::Pending,
            }
        })
        .await
    }

    fn pop(&mut self) -> Option<AudioPacket> {
        let packet = self.queue.packets.pop()?;
        let lost = packet.number.saturating_sub(self.next);
        self.next = packet.number + 1;
        Some(AudioPacket {
            codec: packet.codec,
            rtp_timestamp: packet.rtp_timestamp,
            lost_before: u16::try_from(lost).unwrap_or(u16::MAX),
            received_at: packet.received_at,
            payload: bytes::Bytes::from_owner(packet.payload),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(sender: &mut PacketSender, sequence: u64) {
        let payload = Arc::from(sequence.to_be_bytes());
        sender.push(sequence, AudioCodec::Opus, 0, Instant::now(), payload);
    }

    #[tokio::test]
    async fn holes_in_the_sequence_are_counted_once() {
        let (mut sender, mut receiver) = packet_queue();
        for sequence in [100, 101, 104, 105] {
            push(&mut sender, sequence);
        }
        drop(sender);
        let mut lost = Vec::new();
        while let Some(packet) = receiver.recv().await {
            lost.push(packet.lost_before);
        }
        assert_eq!(lost, [0, 0, 2, 0]);
    }

    #[tokio::test]
    async fn a_slow_reader_loses_the_oldest_and_is_told() {
        let (mut sender, mut receiver) = packet_queue();
        for sequence in 0..CAPACITY as u64 + 7 {
            push(&mut sender, sequence);
        }
        let first = receiver.recv().await.unwrap();
        assert_eq!(first.lost_before, 7);
        assert_eq!(first.payload[..], 7_u64.to_be_bytes());
        assert_eq!(receiver.recv().await.unwrap().lost_before, 0);
    }

    #[tokio::test]
    async fn another_stream_is_not_a_loss() {
        let (mut sender, mut receiver) = packet_queue();
        for sequence in [5, 900_000, 3, 4] {
            push(&mut sender, sequence);
        }
        for _ in 0..4 {
            assert_eq!(receiver.recv().await.unwrap().lost_before, 0);
        }
    }

    #[tokio::test]
    async fn a_waiting_reader_is_woken_by_a_packet_and_by_the_end() {
        let (mut sender, mut receiver) = packet_queue();
        let reader = tokio::spawn(async move {
            let mut count = 0;
            while receiver.recv().await.is_some() {
                count += 1;
            }
            count
        });
        for sequence in 0..20 {
            push(&mut sender, sequence);
            tokio::task::yield_now().await;
        }
        drop(sender);
        assert_eq!(reader.await.unwrap(), 20);
    }
}
