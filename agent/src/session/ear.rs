//! Hears one track: packets → PCM → voice or not.

use super::{
    inbox::Report,
    recording::{Recording, SAMPLE_RATE_HZ},
    reference::ReferenceEar,
};
use crate::turn::SpeakerId;
use casp_audio::{
    cleanup::{Cleanup, CleanupOptions, FRAME_SAMPLES},
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
    /// The clean-up, and what the agent says meanwhile.
    cleanup: Option<(Cleanup, ReferenceEar)>,
    detector: VoiceDetector,
    pcm: Vec<i16>,
    /// What the agent said meanwhile.
    said: Vec<i16>,
}

impl Ear {
    pub(super) fn new(
        speaker: SpeakerId,
        recording: SharedRecording,
        reports: mpsc::Sender<Report>,
        cleanup: Option<(&CleanupOptions, ReferenceEar)>,
    ) -> Self {
        Self {
            speaker,
            recording,
            reports,
            decoder: StreamDecoder::new(),
            cleanup: cleanup.map(|(options, reference)| (Cleanup::new(options), reference)),
            detector: VoiceDetector::new(VadOptions::default()),
            pcm: Vec::new(),
            said: Vec::new(),
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
        self.clean_up(packet.received_at);
        self.listen(packet.received_at).await
    }

    /// Cleans `pcm`, received at that time, in place, by setting.
    fn clean_up(&mut self, at: Instant) {
        let Some((cleanup, reference)) = &mut self.cleanup else {
            return;
        };
        if !self.pcm.len().is_multiple_of(FRAME_SAMPLES) {
            return;
        }
        self.said.resize(self.pcm.len(), 0);
        reference.read(at, &mut self.said);
        let frames = self.pcm.chunks_exact_mut(FRAME_SAMPLES);
        for (frame, said) in frames.zip(self.said.chunks_exact(FRAME_SAMPLES)) {
            // Whole frames, so that neither can fail.
            let _ = cleanup.agent_spoke(said);
            let _ = cleanup.process(frame);
        }
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
                    let mut recording = lock(&self.recording);
                    recording.want();
                    Report::VoiceStarted {
                        speaker: self.speaker,
                        since: recording.time_of(at_sample).unwrap_or(at),
                    }
                }
                VadEvent::VoiceStopped { at_sample, .. } => Report::VoiceStopped {
                    speaker: self.speaker,
                    at: lock(&self.recording).time_of(at_sample).unwrap_or(at),
                },
            };
            if self.reports.send(report).await.is_err() {
                return false;
            }
        }
        true
    }
}
