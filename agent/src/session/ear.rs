//! Hears one track: packets → PCM → voice or not.

use super::{
    cleaning::{Cleaning, Heard},
    inbox::Report,
    recording::{Recording, SAMPLE_RATE_HZ},
};
use crate::turn::SpeakerId;
use casp_audio::{
    receive::{Codec, StreamDecoder},
    vad::{VadEvent, VadOptions, VoiceDetector},
};
use casp_room::{AudioCodec, AudioPacket, RemoteAudioTrack};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// Browsers stop sending in silence (DTX): no packets for this long while somebody spoke are silence.
const NO_PACKETS: Duration = Duration::from_millis(90);
/// Silence that ends any voice, whatever the detector's hangover is.
const FLUSH_SAMPLES: usize = SAMPLE_RATE_HZ as usize * 160 / 1_000;

/// How sure it must be that a voice over the agent's is somebody's: two packets that are not like it at all, or twelve
/// that are no echo but have a part of one. (A gap of the network within an echo leaves it a likeness of 0.6 or 0.7, and
/// is past after six.)
const SURE: u32 = 12;
const NOT_AT_ALL: f32 = 0.5;

/// A voice that is not reported yet.
#[derive(Debug)]
struct Withheld {
    at_sample: u64,
    unlike: u32,
}

/// A recording that its ear and the loop share. Locked for microseconds, never over an await.
pub(super) type SharedRecording = Arc<Mutex<Recording>>;

pub(super) fn lock(recording: &SharedRecording) -> MutexGuard<'_, Recording> {
    recording.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hears one track.
pub(super) struct Ear {
    speaker: SpeakerId,
    recording: SharedRecording,
    reports: mpsc::Sender<Report>,
    decoder: StreamDecoder,
    cleaning: Option<Cleaning>,
    detector: VoiceDetector,
    pcm: Vec<i16>,
    /// A voice over the agent's: it is not reported before it is sure that it is no echo.
    withheld: Option<Withheld>,
}

impl Ear {
    pub(super) fn new(
        speaker: SpeakerId,
        recording: SharedRecording,
        reports: mpsc::Sender<Report>,
        cleaning: Option<Cleaning>,
    ) -> Self {
        Self {
            speaker,
            recording,
            reports,
            decoder: StreamDecoder::new(),
            cleaning,
            detector: VoiceDetector::new(VadOptions::default()),
            pcm: Vec::new(),
            withheld: None,
        }
    }

    /// Hears until the track ends or nobody listens.
    pub(super) async fn run(mut self, mut track: RemoteAudioTrack) {
        loop {
            let packet = if self.detector.is_voice() {
                let Ok(packet) = tokio::time::timeout(NO_PACKETS, track.recv()).await else {
                    if !self.hear_silence().await {
                        return;
                    }
                    continue;
                };
                packet
            } else {
                track.recv().await
            };
            let Some(packet) = packet else { break };
            if !self.hear(&packet).await {
                return;
            }
        }
        let speaker = self.speaker;
        // Without a loop there is nobody to tell.
        let _ = self.reports.send(Report::TrackEnded { speaker }).await;
    }

    async fn hear(&mut self, packet: &AudioPacket) -> bool {
        let codec = match packet.codec {
            AudioCodec::Opus => Codec::Opus,
            AudioCodec::Pcmu => Codec::Pcmu,
        };
        let decoded =
            self.decoder
                .decode(codec, packet.lost_before, &packet.payload, &mut self.pcm);
        if decoded.is_err() {
            // Anybody can send garbage; the decoder counts it as lost.
            return true;
        }
        if let Some(cleaning) = &mut self.cleaning {
            cleaning.clean(packet, &mut self.pcm);
        }
        self.listen(packet.received_at).await
    }

    async fn hear_silence(&mut self) -> bool {
        self.pcm.clear();
        self.pcm.resize(FLUSH_SAMPLES, 0);
        // The silence began with the last packet; the recording's end is then in the future by a little.
        let last = lock(&self.recording).time_of(self.detector.position());
        let silence = Duration::from_millis(160);
        self.listen(last.map_or_else(Instant::now, |last| last + silence))
            .await
    }

    /// Records what is in `pcm`, heard until `at`, and reports voices; false when nobody listens.
    async fn listen(&mut self, at: Instant) -> bool {
        lock(&self.recording).push(&self.pcm, at);
        self.detector.push(&self.pcm);
        while let Some(event) = self.detector.next_event() {
            let report = match event {
                VadEvent::Frame { .. } => continue,
                VadEvent::VoiceStarted { at_sample, .. } => {
                    if self.cleaning.is_some() {
                        self.withheld = Some(Withheld {
                            at_sample,
                            unlike: 0,
                        });
                        continue;
                    }
                    self.voice_started(at_sample, at)
                }
                VadEvent::VoiceStopped { .. } if self.withheld.take().is_some() => continue,
                VadEvent::VoiceStopped { at_sample, .. } => Report::VoiceStopped {
                    speaker: self.speaker,
                    at: lock(&self.recording).time_of(at_sample).unwrap_or(at),
                },
            };
            if self.reports.send(report).await.is_err() {
                return false;
            }
        }
        match self.no_echo() {
            Some(at_sample) => {
                let report = self.voice_started(at_sample, at);
                self.reports.send(report).await.is_ok()
            }
            None => true,
        }
    }

    /// Where a withheld voice began that has turned out to be somebody's.
    fn no_echo(&mut self) -> Option<u64> {
        let (cleaning, withheld) = (self.cleaning.as_ref()?, self.withheld.as_mut()?);
        let is_known = match cleaning.heard() {
            Heard::Quiet => true,
            Heard::Echo => {
                // Whatever comes after it began later.
                withheld.at_sample = self.detector.position();
                withheld.unlike = 0;
                false
            }
            Heard::Somebody { likeness } => {
                tracing::debug!(likeness, "a voice over the agent's");
                withheld.unlike += if likeness < NOT_AT_ALL { SURE / 2 } else { 1 };
                withheld.unlike >= SURE
            }
        };
        is_known
            .then(|| self.withheld.take())
            .flatten()
            .map(|withheld| withheld.at_sample)
    }

    fn voice_started(&self, at_sample: u64, at: Instant) -> Report {
        let mut recording = lock(&self.recording);
        recording.want();
        Report::VoiceStarted {
            speaker: self.speaker,
            since: recording.time_of(at_sample).unwrap_or(at),
        }
    }
}
