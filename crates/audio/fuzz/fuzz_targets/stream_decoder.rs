//! A track whose packets are of any codec, size and loss: each is preceded by a byte (bit 0 the codec),
//! two bytes of loss and two of length.
#![no_main]

use casp_audio::receive::{Codec, StreamDecoder};
use libfuzzer_sys::fuzz_target;

/// Three concealed packets, a second of silence and a packet, of 120 ms at 16 kHz each.
const MOST_SAMPLES: usize = 3 * 1_920 + 16_000 + 1_920;

fuzz_target!(|data: &[u8]| {
    let (mut decoder, mut out) = (StreamDecoder::new(), Vec::new());
    let mut rest = data;
    while let [flags, lost_high, lost_low, high, low, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(tail.len());
        let (payload, after) = tail.split_at(length);
        rest = after;
        let codec = if flags & 1 == 0 { Codec::Opus } else { Codec::Pcmu };
        let lost = u16::from_be_bytes([*lost_high, *lost_low]);
        match decoder.decode(codec, lost, payload, &mut out) {
            Ok(decoded) => {
                assert_eq!(decoded.samples(), out.len());
                assert!(out.len() <= MOST_SAMPLES);
            }
            Err(_) => assert!(out.is_empty()),
        }
    }
});
