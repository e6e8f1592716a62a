//! Makes speech: clauses in, sound out, the next clause asked for while one is being made.

use super::{progress::Progress, services::Services, trace};
use casp_audio::dtmf;
use casp_conversation::{Assistant, Keys};
use casp_providers::{ProviderError, SpeechRequest, SpeechStream};
use casp_telemetry::mark_failed;
use futures_util::{StreamExt, stream};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use tracing::{Instrument as _, Span};

/// Clauses that wait; when it is full the model's answer waits.
const CLAUSES: usize = 16;
/// Pieces of sound that wait for the mouth, about six seconds; when it is full, text-to-speech waits.
const PIECES: usize = 64;
/// Longest piece, in milliseconds: what is bounded by count is so bounded in size.
const PIECE_MS: usize = 100;

/// A piece of an utterance, in order.
#[derive(Debug)]
pub(super) enum Piece {
    /// A clause begins.
    Clause(String),
    /// Sound of it.
    Audio { pcm: Vec<i16>, sample_rate_hz: u32 },
}

/// What an utterance is made of.
#[derive(Debug)]
pub(super) enum Part {
    /// Words to be said.
    Words(String),
    /// Keys of a telephone to be pressed.
    Keys(Keys),
}

/// An utterance in the making. Dropping it cancels the requests.
#[derive(Debug)]
pub(super) struct Voice {
    /// Drop it when there are no more clauses.
    pub(super) clauses: Option<mpsc::Sender<Part>>,
    /// For the mouth; ends after the last piece.
    pub(super) pieces: Option<mpsc::Receiver<Piece>>,
    pub(super) progress: Arc<Progress>,
    _task: AbortOnDropHandle<()>,
}

impl Voice {
    /// Begins to make an utterance.
    pub(super) fn begin(services: &Arc<Services>, assistant: &Assistant, turn: &Span) -> Self {
        let (clauses, clauses_seen) = mpsc::channel(CLAUSES);
        let (pieces_in, pieces) = mpsc::channel(PIECES);
        let progress = Arc::new(Progress::default());
        let maker = Maker {
            services: services.clone(),
            voice_type: assistant.voice_type.clone(),
            language: assistant.language.clone(),
            progress: progress.clone(),
            pieces: pieces_in,
        };
        let making = maker.run(clauses_seen, turn.clone());
        Self {
            clauses: Some(clauses),
            pieces: Some(pieces),
            progress,
            _task: AbortOnDropHandle::new(tokio::spawn(making)),
        }
    }

    /// An utterance of one text.
    pub(super) fn of_text(
        services: &Arc<Services>,
        assistant: &Assistant,
        text: &str,
        saying: &Span,
    ) -> Self {
        let mut voice = Self::begin(services, assistant, saying);
        if let Some(clauses) = voice.clauses.take() {
            // Empty until now, so that there is room.
            let _ = clauses.try_send(Part::Words(text.to_owned()));
        }
        voice
    }
}

/// Keys as a telephone sounds them.
fn tones(keys: &Keys) -> SpeechStream {
    let mut pcm = Vec::new();
    for key in keys.chars() {
        if !dtmf::press(key, &mut pcm) {
            dtmf::wait(&mut pcm);
        }
    }
    SpeechStream {
        sample_rate_hz: dtmf::SAMPLE_RATE_HZ,
        chunks: stream::iter([Ok(pcm)]).boxed(),
    }
}

struct Maker {
    services: Arc<Services>,
    voice_type: String,
    language: String,
    progress: Arc<Progress>,
    pieces: mpsc::Sender<Piece>,
}

type Answer = (Option<String>, Result<SpeechStream, ProviderError>);

impl Maker {
    /// The span is of what is asked for, from the first clause on: an answer without words has none.
    async fn run(self, mut clauses: mpsc::Receiver<Part>, turn: Span) {
        let Some(first) = clauses.recv().await else {
            self.progress.complete();
            return;
        };
        let span = trace::synthesis(&turn, self.services.text_to_speech.name());
        drop(turn);
        let (answers_in, answers) = mpsc::channel(1);
        let making = async {
            tokio::join!(self.ask(first, clauses, answers_in), self.read(answers));
        };
        making.instrument(span).await;
    }

    /// Asks for one clause ahead of the one that is being read.
    async fn ask(
        &self,
        first: Part,
        mut clauses: mpsc::Receiver<Part>,
        answers: mpsc::Sender<Answer>,
    ) {
        let mut first = Some(first);
        while let Ok(place) = answers.reserve().await {
            let next = match first.take() {
                Some(first) => Some(first),
                None => clauses.recv().await,
            };
            let text = match next {
                Some(Part::Words(text)) => text,
                Some(Part::Keys(keys)) => {
                    self.progress.asked();
                    place.send((None, Ok(tones(&keys))));
                    continue;
                }
                None => return,
            };
            self.progress.asked();
            let request = SpeechRequest {
                text: text.clone(),
                voice_type: self.voice_type.clone(),
                language: self.language.clone(),
            };
            let answer = self.services.text_to_speech.synthesize(request).await;
            place.send((Some(text), answer));
        }
    }

    async fn read(&self, mut answers: mpsc::Receiver<Answer>) {
        while let Some((text, answer)) = answers.recv().await {
            self.progress
                .begin_clause(text.as_deref().unwrap_or_default());
            if let Some(text) = text
                && self.pieces.send(Piece::Clause(text)).await.is_err()
            {
                return;
            }
            let result = match answer {
                Ok(speech) => self.read_clause(speech).await,
                Err(error) => Err(error),
            };
            if let Err(error) = result {
                tracing::error!(%error, "no speech; apologising");
                mark_failed(&Span::current(), error.reason());
                metrics::counter!("casp_agent_failed_steps_total", "kind" => "tts").increment(1);
                self.apologise().await;
                break;
            }
            self.progress.end_clause();
        }
        self.progress.complete();
    }

    async fn read_clause(&self, mut speech: SpeechStream) -> Result<(), ProviderError> {
        while let Some(chunk) = speech.chunks.next().await {
            if !self.send(&chunk?, speech.sample_rate_hz).await {
                break;
            }
        }
        Ok(())
    }

    /// With sound that was made when text-to-speech still worked.
    async fn apologise(&self) {
        if let Some(sound) = self.services.fallback.get() {
            self.send(&sound.pcm, sound.sample_rate_hz).await;
        }
        self.progress.end_clause();
    }

    async fn send(&self, pcm: &[i16], sample_rate_hz: u32) -> bool {
        for piece in pcm.chunks(sample_rate_hz as usize * PIECE_MS / 1_000) {
            if self.progress.made_audio(piece.len(), sample_rate_hz)
                && let Some(waited) = self.progress.time_to_first_audio()
            {
                Span::current().record("casp.time_to_first_sound", waited.as_secs_f64());
            }
            let pcm = piece.to_vec();
            let piece = Piece::Audio {
                pcm,
                sample_rate_hz,
            };
            if self.pieces.send(piece).await.is_err() {
                return false;
            }
        }
        true
    }
}
