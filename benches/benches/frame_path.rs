//! The frame path: what 20 ms of a conversation cost, and how much of it is libopus itself.
//!
//! Every figure is for one frame of 20 ms, so 50 of them are a second: 1 µs a frame is 3 ms of CPU a
//! call-minute. How much of it is libopus is printed first.

use casp_audio::SampleRate;
use casp_audio::opus::{Application, Decoder, Encoder, EncoderOptions, MAX_PACKET_BYTES};
use casp_audio::pcmu;
use casp_audio::receive::{Codec, StreamDecoder};
use casp_audio::resample::Resampler;
use casp_audio::vad::{VadOptions, VoiceDetector};
use casp_twilio::StreamSid;
use casp_twilio::media_streams::outgoing::media_to_twilio;
use casp_twilio::media_streams::{Limits, Outcome, StreamProtocol};
use criterion::{Criterion, criterion_group};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Speech at `rate`, in frames of 20 ms.
fn speech(rate: SampleRate) -> Vec<Vec<i16>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/rig/utterance.wav");
    let mut reader = hound::WavReader::open(path).expect("the rig's utterance");
    let from_hz = reader.spec().sample_rate;
    let recorded: Vec<i16> = reader
        .samples()
        .map(|sample| sample.expect("16 bit"))
        .collect();
    let mut resampler = Resampler::new(from_hz, rate.hz()).expect("a rate of the resampler's");
    let mut pcm = Vec::new();
    resampler.process(&recorded, &mut pcm);
    pcm.chunks_exact(rate.frame_samples())
        .map(<[i16]>::to_vec)
        .collect()
}

/// The same as Opus, as browsers send it.
fn packets(rate: SampleRate) -> Vec<Vec<u8>> {
    let options = EncoderOptions {
        bitrate_bps: 32_000,
        application: Application::Voip,
        ..EncoderOptions::default()
    };
    let mut encoder = Encoder::new(rate, &options).expect("an encoder");
    let mut packet = [0; MAX_PACKET_BYTES];
    speech(rate)
        .iter()
        .map(|frame| {
            let length = encoder.encode(frame, &mut packet).expect("a frame");
            packet[..length].to_vec()
        })
        .collect()
}

/// One step of hearing: Opus to 16 kHz to voice.
struct Hearing {
    decoder: StreamDecoder,
    detector: VoiceDetector,
    pcm: Vec<i16>,
}

impl Hearing {
    fn new() -> Self {
        Self {
            decoder: StreamDecoder::new(),
            detector: VoiceDetector::new(VadOptions::default()),
            pcm: Vec::new(),
        }
    }

    fn hear(&mut self, codec: Codec, packet: &[u8]) {
        self.decoder
            .decode(codec, 0, packet, &mut self.pcm)
            .expect("a packet");
        self.detector.push(&self.pcm);
        while let Some(event) = self.detector.next_event() {
            black_box(event);
        }
    }
}

fn hearing(c: &mut Criterion) {
    let mut group = c.benchmark_group("hearing a frame");
    let opus = packets(SampleRate::Hz48000);
    let mut turn = (0..opus.len()).cycle();
    let mut next = move || turn.next().unwrap_or(0);

    let (mut alone, mut out) = (
        Decoder::new(SampleRate::Hz16000).expect("a decoder"),
        [0; 1_920],
    );
    group.bench_function("libopus alone, to 16 kHz", |b| {
        b.iter(|| alone.decode(&opus[next()], &mut out).expect("a packet"));
    });
    let mut hearing = Hearing::new();
    group.bench_function("Opus, decoded, and voice detection", |b| {
        b.iter(|| hearing.hear(Codec::Opus, &opus[next()]));
    });
    let codes: Vec<Vec<u8>> = speech(SampleRate::Hz8000)
        .iter()
        .map(|frame| {
            frame
                .iter()
                .map(|&sample| pcmu::encode_sample(sample))
                .collect()
        })
        .collect();
    let mut hearing = Hearing::new();
    group.bench_function("μ-law, upsampled, and voice detection", |b| {
        b.iter(|| hearing.hear(Codec::Pcmu, &codes[next()]));
    });
    group.finish();
}

fn speaking(c: &mut Criterion) {
    let mut group = c.benchmark_group("speaking a frame");
    for rate in [SampleRate::Hz16000, SampleRate::Hz24000] {
        let frames = speech(rate);
        let mut turn = (0..frames.len()).cycle();
        let mut encoder = Encoder::new(rate, &EncoderOptions::default()).expect("an encoder");
        let mut packet = [0; MAX_PACKET_BYTES];
        group.bench_function(format!("Opus from {} Hz", rate.hz()), |b| {
            b.iter(|| {
                let frame = &frames[turn.next().unwrap_or(0)];
                encoder.encode(frame, &mut packet).expect("a frame")
            });
        });
    }
    let frames = speech(SampleRate::Hz8000);
    let mut turn = (0..frames.len()).cycle();
    let mut codes = [0; 160];
    group.bench_function("μ-law", |b| {
        b.iter(|| pcmu::encode(&frames[turn.next().unwrap_or(0)], &mut codes));
    });
    group.finish();
}

fn resampling(c: &mut Criterion) {
    let mut group = c.benchmark_group("resampling a frame");
    for (from, to_hz) in [
        (SampleRate::Hz24000, 8_000),
        (SampleRate::Hz16000, 8_000),
        (SampleRate::Hz8000, 16_000),
        (SampleRate::Hz24000, 48_000),
    ] {
        let frames = speech(from);
        let mut turn = (0..frames.len()).cycle();
        let mut resampler = Resampler::new(from.hz(), to_hz).expect("rates of the resampler's");
        let mut out = Vec::new();
        group.bench_function(format!("{} to {to_hz} Hz", from.hz()), |b| {
            b.iter(|| {
                out.clear();
                resampler.process(&frames[turn.next().unwrap_or(0)], &mut out);
            });
        });
    }
    group.finish();
}

const STREAM: &str = "MZ00000000000000000000000000000000";

/// A stream that has started, with limits that a benchmark cannot exceed.
fn started(now: Instant) -> StreamProtocol {
    let limits = Limits {
        audio_burst_s: f64::INFINITY,
        message_burst: f64::INFINITY,
        ..Limits::default()
    };
    let mut protocol = StreamProtocol::new(limits, now);
    let start = format!(
        r#"{{"event":"start","streamSid":"{STREAM}","start":{{"accountSid":"AC00000000000000000000000000000000","streamSid":"{STREAM}","callSid":"CA00000000000000000000000000000000","tracks":["inbound"],"customParameters":{{}},"mediaFormat":{{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}}}}}"#
    );
    assert!(matches!(
        protocol.handle_text(&start, now),
        Outcome::Event(_)
    ));
    protocol
}

/// The bridge's frame both ways: Media Streams JSON to μ-law bytes, and back.
fn bridging(c: &mut Criterion) {
    let mut group = c.benchmark_group("the bridge's frame");
    let sid: StreamSid = STREAM.parse().expect("a stream's id");
    let codes: Vec<u8> = speech(SampleRate::Hz8000)[20]
        .iter()
        .map(|&sample| pcmu::encode_sample(sample))
        .collect();
    let mut text = String::new();
    group.bench_function("to Twilio", |b| {
        b.iter(|| media_to_twilio(&mut text, &sid, &codes));
    });

    let now = Instant::now();
    let mut protocol = started(now);
    let from_twilio = text.replacen(
        r#""media":{"#,
        r#""sequenceNumber":"1234","media":{"track":"inbound","chunk":"1233","timestamp":"24660","#,
        1,
    );
    assert!(matches!(
        protocol.handle_text(&from_twilio, now),
        Outcome::Event(_)
    ));
    group.bench_function("from Twilio", |b| {
        b.iter(|| {
            black_box(protocol.handle_text(&from_twilio, now));
        });
    });
    group.finish();
}

/// Time of one call, the best of some rounds over all items.
fn time_of<T>(items: &[T], mut step: impl FnMut(&T)) -> Duration {
    let round = |step: &mut dyn FnMut(&T)| {
        let began = Instant::now();
        items.iter().for_each(step);
        began.elapsed() / items.len().max(1) as u32
    };
    (0..10).map(|_| round(&mut step)).min().unwrap_or_default()
}

/// How much of hearing and of speaking is libopus itself.
fn print_shares() {
    let opus = packets(SampleRate::Hz48000);
    let mut alone = Decoder::new(SampleRate::Hz16000).expect("a decoder");
    let mut out = [0; 1_920];
    let decode = time_of(&opus, |packet| {
        alone.decode(packet, &mut out).expect("a packet");
    });
    let mut hearing = Hearing::new();
    let hear = time_of(&opus, |packet| hearing.hear(Codec::Opus, packet));
    let share = decode.as_secs_f64() / hear.as_secs_f64() * 100.0;
    println!("hearing: {hear:?} a frame, of which libopus {decode:?} ({share:.0} %)");

    let frames = speech(SampleRate::Hz24000);
    let mut bare = ::opus::Encoder::new(
        24_000,
        ::opus::Channels::Mono,
        ::opus::Application::LowDelay,
    )
    .expect("an encoder");
    let options = EncoderOptions::default();
    bare.set_bitrate(::opus::Bitrate::Bits(options.bitrate_bps))
        .expect("a bit rate");
    bare.set_complexity(i32::from(options.complexity))
        .expect("a complexity");
    let mut packet = [0; MAX_PACKET_BYTES];
    let encode = time_of(&frames, |frame| {
        bare.encode(frame, &mut packet).expect("a frame");
    });
    let mut encoder = Encoder::new(SampleRate::Hz24000, &options).expect("an encoder");
    let speak = time_of(&frames, |frame| {
        encoder.encode(frame, &mut packet).expect("a frame");
    });
    let share = (encode.as_secs_f64() / speak.as_secs_f64() * 100.0).min(100.0);
    println!("speaking: {speak:?} a frame, of which libopus {encode:?} ({share:.0} %)");
}

criterion_group! {
    name = frame_path;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(30)
        .without_plots()
        .configure_from_args();
    targets = hearing, speaking, resampling, bridging
}

fn main() {
    print_shares();
    frame_path();
}
