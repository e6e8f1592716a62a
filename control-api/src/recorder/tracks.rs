//! The voices of a room as PCM, each by a number.

use super::mixer::Mixer;
use casp_audio::receive::{Codec, StreamDecoder};
use casp_room::{AudioCodec, AudioPacket, RemoteAudioTrack};
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream, SelectAll},
};
use std::collections::HashMap;

/// Voices at once; more are not recorded.
const MOST: usize = 64;

/// What came of a track: a packet, or its end.
type Piece = (u64, Option<AudioPacket>);

struct Track {
    participant: String,
    decoder: StreamDecoder,
}

/// All tracks.
#[derive(Default)]
pub(super) struct Tracks {
    packets: SelectAll<BoxStream<'static, Piece>>,
    known: HashMap<u64, Track>,
    next_id: u64,
    pcm: Vec<i16>,
}

impl Tracks {
    pub(super) fn add(&mut self, track: RemoteAudioTrack) {
        if self.known.len() >= MOST {
            tracing::warn!("too many voices in a room; one is not recorded");
            return;
        }
        let id = self.next_id;
        self.next_id += 1;
        let participant = track.participant().to_owned();
        self.known.insert(
            id,
            Track {
                participant,
                decoder: StreamDecoder::new(),
            },
        );
        let packets = stream::unfold(Some(track), move |track| async move {
            let mut track = track?;
            match track.recv().await {
                Some(packet) => Some(((id, Some(packet)), Some(track))),
                None => Some(((id, None), None)),
            }
        });
        self.packets.push(packets.boxed());
    }

    /// The next piece of any; waits for ever while there is none. Cancel safe.
    pub(super) async fn next(&mut self) -> Piece {
        match self.packets.next().await {
            Some(piece) => piece,
            None => std::future::pending().await,
        }
    }

    /// Adds it to the others, if its speaker may be recorded.
    pub(super) fn mix(
        &mut self,
        (id, packet): Piece,
        mixer: &mut Mixer,
        may_be_recorded: impl Fn(&str) -> bool,
    ) {
        let Some(packet) = packet else {
            self.known.remove(&id);
            mixer.remove(id);
            return;
        };
        let Some(track) = self.known.get_mut(&id) else {
            return;
        };
        let codec = match packet.codec {
            AudioCodec::Opus => Codec::Opus,
            AudioCodec::Pcmu => Codec::Pcmu,
        };
        // What is no packet counts as lost before the next.
        let decoded =
            track
                .decoder
                .decode(codec, packet.lost_before, &packet.payload, &mut self.pcm);
        if decoded.is_ok() && may_be_recorded(&track.participant) {
            mixer.push(id, &self.pcm);
        }
    }
}
