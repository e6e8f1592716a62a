//! Entrances for the fuzz targets: what a server, or a network, may say.

use crate::{
    ice::{candidate, framing},
    packet_queue::packet_queue,
    reorder::Reorder,
};
use bytes::BytesMut;
use std::time::{Duration, Instant};

pub use crate::session::hostile::HostileRoom;

/// A trickled candidate.
pub fn ice_candidate(json: &str) {
    if let Some(candidate) = candidate::parse(json) {
        assert!(candidate::parse(&candidate::to_json(&candidate)).is_some());
    }
}

/// A stream of packets over TCP, cut anywhere.
pub fn ice_over_tcp(bytes: &[u8], cut: usize) {
    let mut stream = BytesMut::new();
    for piece in bytes.chunks(cut.max(1)) {
        stream.extend_from_slice(piece);
        while let Ok(Some(packet)) = framing::read(&mut stream) {
            assert!(packet.len() <= framing::MAX_PACKET_BYTES);
        }
    }
}

/// Packets on their way into order and to their reader: three bytes each, the step of the sequence number (signed,
/// with jumps) and the time that passes (ms).
pub fn jitter_buffer(steps: &[u8]) {
    let (mut window, mut now, mut sequence) = (Reorder::default(), Instant::now(), 1_u64 << 32);
    let (mut sender, mut receiver) = packet_queue();
    let mut last = None;
    for step in steps.chunks_exact(3) {
        let jump = i64::from(i16::from_be_bytes([step[0], step[1]]));
        sequence = sequence.saturating_add_signed(jump);
        now += Duration::from_millis(u64::from(step[2]));
        window.push(sequence, now, ());
        while let Some((number, ())) = window.pop(now) {
            assert_ne!(Some(number), last, "nothing comes twice");
            last = Some(number);
            let payload = std::sync::Arc::from(&[0_u8; 2][..]);
            sender.push(number, crate::AudioCodec::Opus, 0, now, payload);
        }
    }
    drop(sender);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async { while receiver.recv().await.is_some() {} });
}
