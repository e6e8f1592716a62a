//! A series of packets to one Opus decoder. Each is preceded by a byte: bits 0–2 the rate (of the
//! first packet, for all), bit 3 whether FEC is asked for first, bit 4 whether a loss is concealed
//! first; and by two bytes of length.
#![no_main]

use casp_audio::SampleRate;
use casp_audio::opus::Decoder;
use libfuzzer_sys::fuzz_target;

const RATES: [SampleRate; 5] = [
    SampleRate::Hz8000,
    SampleRate::Hz12000,
    SampleRate::Hz16000,
    SampleRate::Hz24000,
    SampleRate::Hz48000,
];

fuzz_target!(|data: &[u8]| {
    let Some(first) = data.first() else { return };
    let rate = RATES[usize::from(first & 7) % RATES.len()];
    let mut decoder = Decoder::new(rate).expect("a decoder");
    let mut out = vec![0; rate.max_packet_samples()];
    let mut rest = data;
    while let [flags, high, low, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(tail.len());
        let (packet, after) = tail.split_at(length);
        rest = after;
        if flags & 0x10 != 0 {
            decoder.conceal(&mut out[..rate.frame_samples()]).expect("20 ms can be concealed");
        }
        if flags & 0x08 != 0 {
            let _ = decoder.decode_fec(packet, &mut out[..rate.frame_samples()]);
        }
        if let Ok(samples) = decoder.decode(packet, &mut out) {
            assert!(samples <= out.len());
        }
    }
});
