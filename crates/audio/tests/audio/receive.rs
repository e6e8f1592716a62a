//! Remote tracks as they come: both codecs, loss, changes, rubbish.

use crate::opus::encode;
use crate::signals::{level_db, noise, rms, tone, utterance_16k};
use casp_audio::opus::EncoderOptions;
use casp_audio::receive::{Codec, Decoded, StreamDecoder};
use casp_audio::{AudioError, SampleRate, pcmu};
use proptest::prelude::*;

fn mu_law(pcm: &[i16]) -> Vec<u8> {
    let mut codes = vec![0; pcm.len()];
    pcmu::encode(pcm, &mut codes);
    codes
}

fn opus_speech() -> Vec<Vec<u8>> {
    encode(
        &utterance_16k(),
        SampleRate::Hz16000,
        &EncoderOptions::default(),
    )
}

fn received(samples: usize) -> Decoded {
    Decoded {
        received: samples,
        ..Decoded::default()
    }
}

#[test]
fn mu_law_comes_out_at_twice_its_rate_packet_by_packet() {
    let codes = mu_law(&tone(8_000, 1_000.0, 8_000, 8_000.0));
    let mut decoder = StreamDecoder::new();
    let (mut heard, mut out) = (Vec::new(), Vec::new());
    for packet in codes.chunks(160) {
        assert_eq!(
            decoder.decode(Codec::Pcmu, 0, packet, &mut out).unwrap(),
            received(320)
        );
        assert_eq!(out.len(), 320);
        heard.extend_from_slice(&out);
    }
    let level = level_db(&heard[1_600..14_400], 1_000.0, 16_000, 8_000.0);
    assert!(level.abs() < 0.2, "{level} dB");
    let first = heard
        .iter()
        .position(|sample| sample.unsigned_abs() > 4_000)
        .unwrap();
    assert!(first <= 6 * 16, "delayed by {first} samples");
    // No seams: what is not the tone is the codec's own noise, about 38 dB below.
    let expected = tone(16_000, 1_000.0, 16_000, 8_000.0);
    let best = (0..160)
        .map(|shift| {
            crate::signals::snr_db(
                &expected[1_600..8_000],
                &heard[1_600 + shift..8_000 + shift],
            )
        })
        .fold(0.0, f64::max);
    assert!(best > 25.0, "{best} dB");
}

#[test]
fn packets_of_any_duration_are_taken() {
    let mut out = Vec::new();
    let mut decoder = StreamDecoder::new();
    for milliseconds in [10, 20, 40, 60, 20, 5, 120] {
        let codes = mu_law(&noise(8 * milliseconds, 500.0, 1));
        let result = decoder.decode(Codec::Pcmu, 0, &codes, &mut out).unwrap();
        assert_eq!(
            (result, out.len()),
            (received(16 * milliseconds), 16 * milliseconds)
        );
    }
    for milliseconds in [10, 20, 40, 60] {
        let mut encoder =
            casp_audio::opus::Encoder::new(SampleRate::Hz16000, &EncoderOptions::default())
                .unwrap();
        let mut packet = [0; 4_000];
        let length = encoder
            .encode(&noise(16 * milliseconds, 500.0, 1), &mut packet)
            .unwrap();
        let result = decoder
            .decode(Codec::Opus, 0, &packet[..length], &mut out)
            .unwrap();
        assert_eq!(
            (result, out.len()),
            (received(16 * milliseconds), 16 * milliseconds)
        );
    }
}

#[test]
fn three_lost_packets_are_concealed_and_the_rest_is_silence() {
    for (lost, concealed, silent) in [
        (1, 320, 0),
        (3, 960, 0),
        (4, 960, 320),
        (u16::MAX, 960, 16_000),
    ] {
        let expected = Decoded {
            concealed,
            silent,
            received: 320,
        };

        let packets = opus_speech();
        let (mut decoder, mut out) = (StreamDecoder::new(), Vec::new());
        for packet in &packets[..20] {
            decoder.decode(Codec::Opus, 0, packet, &mut out).unwrap();
        }
        assert_eq!(
            decoder
                .decode(Codec::Opus, lost, &packets[25], &mut out)
                .unwrap(),
            expected
        );
        assert_eq!(out.len(), expected.samples());
        assert!(rms(&out[..320]) > 100.0, "the first is guessed");

        let codes = mu_law(&tone(160, 500.0, 8_000, 8_000.0));
        let (mut decoder, mut out) = (StreamDecoder::new(), Vec::new());
        decoder.decode(Codec::Pcmu, 0, &codes, &mut out).unwrap();
        assert_eq!(
            decoder.decode(Codec::Pcmu, lost, &codes, &mut out).unwrap(),
            expected
        );
        assert_eq!(out.len(), expected.samples());
        assert!(rms(&out[..320]) > 2_000.0, "the first is repeated, fading");
        if silent > 320 {
            assert!(
                out[1_200..silent].iter().all(|&sample| sample == 0),
                "then silence"
            );
        }
    }
}

#[test]
fn a_change_of_codec_goes_unnoticed() {
    let packets = opus_speech();
    let codes = mu_law(&tone(160, 500.0, 8_000, 8_000.0));
    let (mut decoder, mut out) = (StreamDecoder::new(), Vec::new());
    for packet in &packets[..10] {
        assert_eq!(
            decoder.decode(Codec::Opus, 0, packet, &mut out).unwrap(),
            received(320)
        );
        assert_eq!(
            decoder.decode(Codec::Pcmu, 0, &codes, &mut out).unwrap(),
            received(320)
        );
    }
    // An odd duration of one codec is no trouble for a gap in the other.
    decoder
        .decode(Codec::Pcmu, 0, &codes[..37], &mut out)
        .unwrap();
    let result = decoder
        .decode(Codec::Opus, 1, &packets[10], &mut out)
        .unwrap();
    assert_eq!(
        result,
        Decoded {
            concealed: 320,
            silent: 0,
            received: 320
        }
    );
}

#[test]
fn a_packet_that_cannot_be_decoded_counts_as_lost() {
    let packets = opus_speech();
    let (mut decoder, mut out) = (StreamDecoder::new(), Vec::new());
    decoder
        .decode(Codec::Opus, 0, &packets[0], &mut out)
        .unwrap();
    // Code 3 with no frame count (RFC 6716, 3.2.5), nothing at all, and five seconds of μ-law.
    for (codec, rubbish) in [
        (Codec::Opus, vec![0xFF]),
        (Codec::Opus, vec![]),
        (Codec::Opus, vec![0x03; 1]),
    ] {
        let error = decoder.decode(codec, 0, &rubbish, &mut out).unwrap_err();
        assert!(matches!(error, AudioError::InvalidPacket { .. }), "{error}");
        assert!(out.is_empty());
    }
    let result = decoder
        .decode(Codec::Opus, 0, &packets[4], &mut out)
        .unwrap();
    assert_eq!(
        result,
        Decoded {
            concealed: 960,
            silent: 0,
            received: 320
        }
    );
    let result = decoder
        .decode(Codec::Opus, 0, &packets[5], &mut out)
        .unwrap();
    assert_eq!(result, received(320), "counted once");
    assert!(
        decoder
            .decode(Codec::Pcmu, 0, &vec![0xFF; 40_000], &mut out)
            .is_err()
    );
}

proptest! {
    #[test]
    fn any_sequence_of_anything_gives_what_it_says(
        packets in prop::collection::vec(
            (any::<bool>(), any::<u16>(), prop::collection::vec(any::<u8>(), 0..1_200)), 1..20),
    ) {
        let (mut decoder, mut out) = (StreamDecoder::new(), Vec::new());
        for (is_opus, lost, payload) in packets {
            let codec = if is_opus { Codec::Opus } else { Codec::Pcmu };
            match decoder.decode(codec, lost, &payload, &mut out) {
                Ok(decoded) => {
                    prop_assert_eq!(decoded.samples(), out.len());
                    prop_assert!(out.len() <= 3 * 1_920 + 16_000 + 1_920);
                }
                Err(_) => prop_assert!(out.is_empty()),
            }
        }
    }
}
