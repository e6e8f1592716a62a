//! Speaks: sound in, a packet every 20 ms out, at once silent when told so.

use super::{
    encoding::Encoding, inbox::Report, progress::Progress, reference::ReferenceFeed, voice::Piece,
};
use crate::turn::UtteranceId;
use casp_audio::{
    AudioError,
    pacer::{FrameKind, Pacer, PacerOptions},
};
use casp_room::{LocalAudioTrack, OutgoingPacket};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// Orders that wait; the mouth never waits long. When it is full the conversation has lost its mouth.
pub(super) const ORDERS: usize = 64;
/// Sound taken out of the voice's queue ahead of its time.
const AHEAD: Duration = Duration::from_millis(300);

/// What the mouth is told.
#[derive(Debug)]
pub(super) enum Order {
    /// Speak this, as soon as there is sound.
    Speak {
        utterance: UtteranceId,
        pieces: mpsc::Receiver<Piece>,
        progress: Arc<Progress>,
    },
    /// Stop, ready to go on.
    Pause(UtteranceId),
    /// Go on.
    Resume(UtteranceId),
    /// Stop for good.
    Cut(UtteranceId),
}

/// What the mouth reports. `rtp_timestamp` is that of the next frame that is sent, or would have been.
#[derive(Debug)]
pub(super) enum MouthNews {
    /// The first frame was sent.
    Started {
        utterance: UtteranceId,
        rtp_timestamp: u32,
        at: Instant,
    },
    /// A clause is about to be heard.
    Clause {
        utterance: UtteranceId,
        text: String,
    },
    /// Paused.
    Paused {
        utterance: UtteranceId,
        rtp_timestamp: u32,
        remaining: Option<Duration>,
    },
    /// Cut, after it had started.
    Cut {
        utterance: UtteranceId,
        rtp_timestamp: u32,
    },
    /// The last frame was sent, or there was nothing to say.
    Finished {
        utterance: UtteranceId,
        rtp_timestamp: u32,
    },
}

/// What is being said.
#[derive(Debug)]
struct Utterance {
    id: UtteranceId,
    pieces: Option<mpsc::Receiver<Piece>>,
    progress: Arc<Progress>,
    has_started: bool,
    is_paused: bool,
}

/// The coder and the clock, made when there is something to say.
#[derive(Debug)]
struct Instrument {
    encoding: Encoding,
    pacer: Pacer,
}

/// Speaks on one track.
pub(super) struct Mouth {
    track: LocalAudioTrack,
    orders: mpsc::Receiver<Order>,
    reports: mpsc::Sender<Report>,
    instrument: Option<Instrument>,
    current: Option<Utterance>,
    /// After the last frame of speech.
    next_rtp: u32,
    pcm: Vec<i16>,
    /// Takes what is sent, for the echo cancellers.
    reference: Option<ReferenceFeed>,
    /// How late frames are sent.
    lateness: metrics::Histogram,
}

impl Mouth {
    pub(super) fn new(
        track: LocalAudioTrack,
        orders: mpsc::Receiver<Order>,
        reports: mpsc::Sender<Report>,
        reference: Option<ReferenceFeed>,
    ) -> Self {
        Self {
            track,
            orders,
            reports,
            instrument: None,
            current: None,
            next_rtp: 0,
            pcm: Vec::new(),
            reference,
            lateness: metrics::histogram!("casp_agent_frame_lateness_seconds"),
        }
    }

    /// Speaks until nobody gives orders.
    pub(super) async fn run(mut self) {
        let timer = tokio::time::sleep(Duration::ZERO);
        tokio::pin!(timer);
        loop {
            let deadline = self
                .instrument
                .as_ref()
                .and_then(|instrument| instrument.pacer.next_deadline());
            if let Some(deadline) = deadline
                && timer.deadline() != deadline.into()
            {
                timer.as_mut().reset(deadline.into());
            }
            let wants_more = self
                .instrument
                .as_ref()
                .is_none_or(|instrument| instrument.pacer.queued() < AHEAD);
            let mut pieces = self
                .current
                .as_mut()
                .and_then(|utterance| utterance.pieces.as_mut());
            tokio::select! {
                biased;
                order = self.orders.recv() => match order {
                    Some(order) => self.obey(order).await,
                    None => return,
                },
                () = &mut timer, if deadline.is_some() => self.send_due().await,
                piece = next_piece(&mut pieces), if wants_more && pieces.is_some() => {
                    self.take(piece).await;
                }
            }
        }
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Speak {
                utterance,
                pieces,
                progress,
            } => {
                self.current = Some(Utterance {
                    id: utterance,
                    pieces: Some(pieces),
                    progress,
                    has_started: false,
                    is_paused: false,
                });
            }
            Order::Pause(id) => {
                let Some(current) = self.current.as_mut().filter(|current| current.id == id) else {
                    return;
                };
                current.is_paused = true;
                let remaining = current.progress.remaining();
                if let Some(instrument) = &mut self.instrument {
                    instrument.pacer.pause();
                }
                let news = MouthNews::Paused {
                    utterance: id,
                    rtp_timestamp: self.next_rtp,
                    remaining,
                };
                self.report(news).await;
            }
            Order::Resume(id) => {
                let Some(current) = self.current.as_mut().filter(|current| current.id == id) else {
                    return;
                };
                current.is_paused = false;
                if let Some(instrument) = &mut self.instrument {
                    instrument.pacer.resume(Instant::now());
                }
            }
            Order::Cut(id) => {
                let Some(current) = self.current.take_if(|current| current.id == id) else {
                    return;
                };
                if let Some(instrument) = &mut self.instrument {
                    instrument.pacer.cut();
                    instrument.encoding.finish(&mut self.pcm);
                }
                if current.has_started {
                    let rtp_timestamp = self.next_rtp;
                    self.report(MouthNews::Cut {
                        utterance: id,
                        rtp_timestamp,
                    })
                    .await;
                }
            }
        }
    }

    async fn take(&mut self, piece: Option<Piece>) {
        let result = match piece {
            Some(Piece::Clause(text)) => {
                if let Some(current) = &self.current {
                    let utterance = current.id;
                    self.report(MouthNews::Clause { utterance, text }).await;
                }
                Ok(())
            }
            Some(Piece::Audio {
                pcm,
                sample_rate_hz,
            }) => self.push(&pcm, sample_rate_hz),
            None => {
                self.end_utterance().await;
                Ok(())
            }
        };
        if let Err(error) = result {
            // A rate that nobody has, or a coder that refuses: the rest of it could not be heard either.
            tracing::error!(%error, "speech can't be sent");
            self.end_utterance().await;
        }
    }

    fn push(&mut self, pcm: &[i16], sample_rate_hz: u32) -> Result<(), AudioError> {
        let now = Instant::now();
        let instrument = match &mut self.instrument {
            Some(instrument) => instrument,
            None => self
                .instrument
                .insert(Instrument::new(&self.track, sample_rate_hz)?),
        };
        let is_paused = self
            .current
            .as_ref()
            .is_some_and(|current| current.is_paused);
        if is_paused {
            instrument.pacer.pause();
        }
        instrument
            .encoding
            .convert(pcm, sample_rate_hz, &mut self.pcm)?;
        instrument.pacer.push(now, &self.pcm)
    }

    /// All sound of the utterance is there.
    async fn end_utterance(&mut self) {
        let Some(current) = &mut self.current else {
            return;
        };
        current.pieces = None;
        let mut is_more_to_come = false;
        if let Some(instrument) = &mut self.instrument {
            instrument.encoding.finish(&mut self.pcm);
            let now = Instant::now();
            if !self.pcm.is_empty() && instrument.pacer.is_speaking() {
                // A few samples, of which there is always room.
                let _ = instrument.pacer.push(now, &self.pcm);
            }
            is_more_to_come = instrument.pacer.finish(now);
        }
        if !is_more_to_come {
            self.finished().await;
        }
    }

    async fn finished(&mut self) {
        if let Some(current) = self.current.take() {
            self.report(MouthNews::Finished {
                utterance: current.id,
                rtp_timestamp: self.next_rtp,
            })
            .await;
        }
    }

    /// Sends the frames that are due.
    async fn send_due(&mut self) {
        let frame_ticks = self.track.codec().clock_rate_hz() / 50;
        let Some(instrument) = &mut self.instrument else {
            return;
        };
        let (mut started, mut has_finished) = (None, false);
        while let Some(slot) = instrument.pacer.poll(Instant::now()) {
            let (rtp_timestamp, kind) = (slot.rtp_timestamp, slot.kind);
            self.lateness.record(slot.due.elapsed());
            if let Some(reference) = &mut self.reference
                && let Err(error) =
                    reference.spoke(slot.due, slot.pcm, instrument.encoding.sample_rate().hz())
            {
                tracing::debug!(%error, "no reference for the echo canceller");
            }
            match instrument.encoding.encode(slot.pcm) {
                Ok(payload) => {
                    // A full queue means that the room's task is stuck: a frame lost is the least of it.
                    let _ = self.track.send(OutgoingPacket {
                        payload,
                        rtp_timestamp,
                        starts_talkspurt: slot.starts_talkspurt,
                    });
                }
                Err(error) => tracing::debug!(%error, "a frame was not encoded"),
            }
            if let FrameKind::Speech { ends_utterance } = kind {
                self.next_rtp = rtp_timestamp.wrapping_add(frame_ticks);
                if let Some(current) = &mut self.current {
                    current.progress.set_played(instrument.pacer.played());
                    if !current.has_started {
                        current.has_started = true;
                        started = Some(MouthNews::Started {
                            utterance: current.id,
                            rtp_timestamp,
                            at: Instant::now(),
                        });
                    }
                }
                has_finished |= ends_utterance;
            }
        }
        if let Some(started) = started {
            self.report(started).await;
        }
        if has_finished {
            self.finished().await;
        }
    }

    // `&mut`, since an Opus encoder is not `Sync`.
    async fn report(&mut self, news: MouthNews) {
        // Without a loop there is nobody to tell, and no more orders come.
        let _ = self.reports.send(Report::Mouth(news)).await;
    }
}

impl Instrument {
    fn new(track: &LocalAudioTrack, speech_rate_hz: u32) -> Result<Self, AudioError> {
        let encoding = Encoding::new(track.codec(), speech_rate_hz)?;
        let options = PacerOptions::new(encoding.sample_rate(), track.codec().clock_rate_hz());
        Ok(Self {
            encoding,
            pacer: Pacer::new(PacerOptions {
                first_rtp_timestamp: rand::random(),
                ..options
            }),
        })
    }
}

async fn next_piece(pieces: &mut Option<&mut mpsc::Receiver<Piece>>) -> Option<Piece> {
    match pieces {
        Some(pieces) => pieces.recv().await,
        None => std::future::pending().await,
    }
}
