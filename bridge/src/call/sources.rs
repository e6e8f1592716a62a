//! The remote tracks that are being heard, as one stream of packets.

use casp_room::{AudioPacket, RemoteAudioTrack};
use futures_util::{Stream, stream};
use std::{future::poll_fn, pin::Pin, task::Poll};

struct Source {
    id: u64,
    packets: Pin<Box<dyn Stream<Item = AudioPacket> + Send>>,
}

/// What a track gave.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A packet of this track.
    Packet(u64, AudioPacket),
    /// This track has ended.
    Ended(u64),
}

/// All tracks. They are asked in turn, so that none starves another.
#[derive(Default)]
pub(crate) struct Sources {
    tracks: Vec<Source>,
    turn: usize,
    next_id: u64,
}

impl Sources {
    /// A track begins. Returns what it is called here: numbers are cheaper to carry than LiveKit's ids, and a track
    /// that is subscribed to again is another one.
    pub(crate) fn add(&mut self, track: RemoteAudioTrack) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let packets = stream::unfold(track, |mut track| async {
            track.recv().await.map(|packet| (packet, track))
        });
        self.tracks.push(Source {
            id,
            packets: Box::pin(packets),
        });
        id
    }

    /// The next packet of any track; waits for ever while there is none. Cancel safe.
    pub(crate) async fn next(&mut self) -> Heard {
        let (index, packet) = poll_fn(|context| {
            let count = self.tracks.len();
            for offset in 0..count {
                let index = (self.turn + offset) % count;
                if let Poll::Ready(item) = self.tracks[index].packets.as_mut().poll_next(context) {
                    self.turn = index + 1;
                    return Poll::Ready((index, item));
                }
            }
            Poll::Pending
        })
        .await;
        match packet {
            Some(packet) => Heard::Packet(self.tracks[index].id, packet),
            None => Heard::Ended(self.tracks.remove(index).id),
        }
    }
}
