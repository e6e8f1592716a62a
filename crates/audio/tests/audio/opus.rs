//! Opus there and back, with loss and with rubbish.

use crate::signals::{noise, rms, utterance_16k};
use casp_audio::opus::{Application, Decoder, Encoder, EncoderOptions, MAX_PACKET_BYTES};
use casp_audio::{AudioError, SampleRate};
use proptest::prelude::*;

const RATES: [SampleRate; 5] = [
    SampleRate::Hz8000,
    SampleRate::Hz12000,
    SampleRate::Hz16000,
    SampleRate::Hz24000,
    SampleRate::Hz48000,
];

pub(crate) fn encode(pcm: &[i16], rate: SampleRate, options: &EncoderOptions) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(rate, options).unwrap();
    let mut packet = [0; MAX_PACKET_BYTES];
    pcm.chunks_exact(rate.frame_samples())
        .map(|frame| {
            let length = encoder.encode(frame, &mut packet).unwrap();
            packet[..length].to_vec()
        })
        .collect()
}

/// How alike two signals are at their best alignment within 20 ms: 1 is the same.
fn likeness(a: &[i16], b: &[i16]) -> f64 {
    (0..320)
        .map(|shift| {
            let sum: f64 = a
                .iter()
                .zip(&b[shift..])
                .map(|(&x, &y)| f64::from(x) * f64::from(y))
                .sum();
            let length = a.len().min(b.len() - shift);
            sum / (length as f64 * rms(&a[..length]) * rms(&b[shift..shift + length]))
        })
        .fold(0.0, f64::max)
}

#[test]
fn speech_survives_at_every_setting() {
    let speech = utterance_16k();
    for application in [Application::Voip, Application::Audio, Application::LowDelay] {
        for complexity in [0, 5, 10] {
            let options = EncoderOptions {
                application,
                complexity,
                ..EncoderOptions::default()
            };
            let mut decoder = Decoder::new(SampleRate::Hz16000).unwrap();
            let mut heard = Vec::new();
            for packet in encode(&speech, SampleRate::Hz16000, &options) {
                let mut frame = [0; 320];
                assert_eq!(decoder.decode(&packet, &mut frame).unwrap(), 320);
                heard.extend(frame);
            }
            let likeness = likeness(&speech, &heard);
            assert!(
                likeness > 0.8,
                "{application:?} at {complexity}: {likeness}"
            );
        }
    }
}

#[test]
fn any_rate_goes_in_and_any_comes_out() {
    for from in RATES {
        let pcm = noise(from.frame_samples() * 5, 1_000.0, 1);
        for packet in encode(&pcm, from, &EncoderOptions::default()) {
            for to in RATES {
                let mut decoder = Decoder::new(to).unwrap();
                assert_eq!(decoder.packet_samples(&packet).unwrap(), to.frame_samples());
                let mut out = vec![0; to.frame_samples()];
                assert_eq!(
                    decoder.decode(&packet, &mut out).unwrap(),
                    to.frame_samples()
                );
            }
        }
    }
}

#[test]
fn frames_of_other_lengths_are_refused() {
    let mut encoder = Encoder::new(SampleRate::Hz8000, &EncoderOptions::default()).unwrap();
    let mut packet = [0; MAX_PACKET_BYTES];
    for samples in [20, 40, 80, 160, 320, 480] {
        assert!(
            encoder.encode(&vec![0; samples], &mut packet).is_ok(),
            "{samples}"
        );
    }
    for samples in [0, 1, 19, 21, 60, 161, 960] {
        let error = encoder.encode(&vec![0; samples], &mut packet).unwrap_err();
        assert!(
            matches!(error, AudioError::FrameLength { .. }),
            "{samples}: {error}"
        );
    }
}

#[test]
fn short_buffers_are_refused() {
    let packet = &encode(
        &noise(320, 1_000.0, 1),
        SampleRate::Hz16000,
        &EncoderOptions::default(),
    )[0];
    let mut decoder = Decoder::new(SampleRate::Hz16000).unwrap();
    let error = decoder.decode(packet, &mut [0; 319]).unwrap_err();
    assert!(
        matches!(
            error,
            AudioError::BufferTooSmall {
                need: 320,
                have: 319
            }
        ),
        "{error}"
    );
    assert!(decoder.decode(packet, &mut [0; 320]).is_ok());

    let mut encoder = Encoder::new(SampleRate::Hz16000, &EncoderOptions::default()).unwrap();
    assert!(encoder.encode(&noise(320, 1_000.0, 1), &mut []).is_err());
}

#[test]
fn a_lost_packet_is_restored_from_the_next_when_it_carries_redundancy() {
    let speech = utterance_16k();
    let options = EncoderOptions {
        uses_inband_fec: true,
        expected_loss_percent: 20,
        application: Application::Voip,
        ..EncoderOptions::default()
    };
    let packets = encode(&speech, SampleRate::Hz16000, &options);
    let (mut whole, mut lossy) = (
        Decoder::new(SampleRate::Hz16000).unwrap(),
        Decoder::new(SampleRate::Hz16000).unwrap(),
    );
    let (mut lost, mut restored) = (Vec::new(), Vec::new());
    for (n, pair) in packets.windows(2).enumerate() {
        let mut frame = [0; 320];
        whole.decode(&pair[0], &mut frame).unwrap();
        if n % 10 == 5 {
            lost.extend(frame);
            lossy.decode_fec(&pair[1], &mut frame).unwrap();
            restored.extend(frame);
        } else {
            lossy.decode(&pair[0], &mut frame).unwrap();
        }
    }
    let likeness = likeness(&lost, &restored);
    assert!(likeness > 0.8, "{likeness}");
}

#[test]
fn a_gap_is_concealed_and_dies_away_to_background_noise() {
    let speech = utterance_16k();
    let mut decoder = Decoder::new(SampleRate::Hz16000).unwrap();
    for packet in &encode(&speech, SampleRate::Hz16000, &EncoderOptions::default())[..40] {
        decoder.decode(packet, &mut [0; 320]).unwrap();
    }
    let mut levels = Vec::new();
    for _ in 0..20 {
        let mut frame = [0; 320];
        decoder.conceal(&mut frame).unwrap();
        levels.push(rms(&frame));
    }
    assert!(levels[0] > 300.0, "{levels:?}");
    assert!(levels[19] < levels[0] / 3.0, "{levels:?}");
    for samples in [0, 1, 39, 1_921, 1_960] {
        let error = decoder.conceal(&mut vec![0; samples]).unwrap_err();
        assert!(
            matches!(error, AudioError::FrameLength { .. }),
            "{samples}: {error}"
        );
    }
}

#[test]
fn silence_costs_next_to_nothing_with_dtx() {
    let options = EncoderOptions {
        uses_dtx: true,
        application: Application::Voip,
        ..EncoderOptions::default()
    };
    let packets = encode(&vec![0; 16_000 * 4], SampleRate::Hz16000, &options);
    let sent = packets[50..]
        .iter()
        .filter(|packet| packet.len() > 2)
        .count();
    assert!(sent <= 150 / 15, "{sent} of 150 packets");
}

#[test]
fn an_empty_packet_is_an_error_not_a_loss() {
    let mut decoder = Decoder::new(SampleRate::Hz16000).unwrap();
    let error = decoder.decode(&[], &mut [0; 1_920]).unwrap_err();
    assert!(
        matches!(error, AudioError::InvalidPacket { len: 0 }),
        "{error}"
    );
}

proptest! {
    #[test]
    fn rubbish_is_an_error_or_audio_but_never_a_panic(
        packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..1_500), 1..20),
        uses_fec in any::<bool>(),
    ) {
        let mut decoder = Decoder::new(SampleRate::Hz16000).unwrap();
        let mut out = [0; SampleRate::Hz16000.max_packet_samples()];
        for packet in &packets {
            if uses_fec {
                let _ = decoder.decode_fec(packet, &mut out[..320]);
            }
            match decoder.decode(packet, &mut out) {
                Ok(samples) => prop_assert!(samples <= out.len()),
                Err(error) => prop_assert!(
                    matches!(error, AudioError::InvalidPacket { .. }), "{error}"
                ),
            }
        }
    }
}
