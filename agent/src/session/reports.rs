//! What ears, mouth and requests report.

use super::{Ending, conversation::Conversation, inbox::Report, mouth::MouthNews};
use crate::turn::TurnEvent;
use casp_conversation::event::Event;
use std::time::{Duration, Instant};

/// How long a bridge may take to play the goodbye and hang up.
const HANGING_UP: Duration = Duration::from_secs(15);

impl Conversation {
    pub(super) fn typed(&mut self, identity: String, text: String, now: Instant) {
        if self.pace.admits(now) {
            let actions = self
                .machine
                .handle(TurnEvent::Typed { identity, text }, now);
            self.act(actions);
        } else {
            tracing::warn!("typed turns come too fast; one is dropped");
        }
    }

    pub(super) fn heard(&mut self, report: Report) {
        let now = Instant::now();
        let event = match report {
            Report::VoiceStarted { speaker, since } => TurnEvent::VoiceStarted { speaker, since },
            Report::VoiceStopped { speaker, at } => TurnEvent::VoiceStopped { speaker, at },
            Report::TrackEnded { speaker } => TurnEvent::SpeakerGone { speaker },
            Report::Transcribed { id, result } => {
                self.transcriptions.remove(&id);
                match result {
                    Ok(transcript) => TurnEvent::Transcribed {
                        id,
                        text: transcript.text,
                    },
                    Err(error) => {
                        tracing::error!(%error, "not understood; apologising");
                        metrics::counter!("casp_agent_failed_steps_total", "kind" => "stt")
                            .increment(1);
                        TurnEvent::TranscriptionFailed { id }
                    }
                }
            }
            Report::Typed { identity, text } => return self.typed(identity, text, now),
            Report::Proved { identity, check } => return self.proved(identity, check, now),
            Report::CodeWanted => return self.code_wanted(),
            Report::CodeSent { sent_by } => return self.code_sent(sent_by, now),
            Report::Wish { wish, answer } => {
                // Whoever asked may have been cut meanwhile.
                let _ = answer.send(self.wished(wish));
                return;
            }
            Report::TransferNoted { is_noted } => return self.transfer_noted(is_noted, now),
            Report::TransferFailed { failure } => return self.transfer_failed(failure, now),
            Report::Mouth(news) => return self.spoke(news, now),
            Report::SpentUp => {
                self.is_spent_up = true;
                return self.say_that_all_is_spent(now);
            }
            Report::EpochLost => {
                tracing::warn!("another agent has taken the session; leaving in silence");
                self.ending = Some(Ending::Lost);
                return;
            }
        };
        let actions = self.machine.handle(event, now);
        self.act(actions);
    }

    fn spoke(&mut self, news: MouthNews, now: Instant) {
        let event = match news {
            MouthNews::Started {
                utterance,
                rtp_timestamp,
                at,
            } => {
                self.tell_bridges(Event::SpeechStarted {
                    utterance: utterance.0.to_string(),
                    rtp_timestamp,
                });
                if let Some(speech) = self.speech.as_mut()
                    && speech.utterance == utterance
                {
                    speech.clock.started = Some(at);
                    if let Some(latency) = speech.latency() {
                        metrics::histogram!("casp_turn_latency_seconds")
                            .record(latency.as_secs_f64());
                        let latency = latency.as_millis().to_string();
                        self.courier.attribute("casp.turn_latency_ms", &latency);
                    }
                }
                TurnEvent::SpeechStarted { utterance }
            }
            MouthNews::Clause { utterance, text } => {
                self.show_clause(utterance, text);
                return;
            }
            MouthNews::Paused {
                utterance,
                rtp_timestamp,
                remaining,
            } => {
                self.tell_bridges(Event::SpeechPaused {
                    utterance: utterance.0.to_string(),
                    rtp_timestamp,
                });
                TurnEvent::SpeechPaused {
                    utterance,
                    remaining,
                }
            }
            MouthNews::Cut {
                utterance,
                rtp_timestamp,
            } => {
                self.tell_bridges(Event::SpeechCut {
                    utterance: utterance.0.to_string(),
                    rtp_timestamp,
                });
                return;
            }
            MouthNews::Finished {
                utterance,
                rtp_timestamp,
            } => {
                self.tell_bridges(Event::SpeechFinished {
                    utterance: utterance.0.to_string(),
                    rtp_timestamp,
                });
                if let Some(speech) = self.speech.take_if(|speech| speech.utterance == utterance) {
                    self.settle(&speech, false, now);
                    self.words_are_over(utterance, true);
                }
                TurnEvent::SpeechFinished { utterance }
            }
        };
        let actions = self.machine.handle(event, now);
        self.act(actions);
    }

    /// Not before somebody hears it.
    pub(super) fn say_that_all_is_spent(&mut self, now: Instant) {
        if self.is_spent_up && self.door.is_open() {
            let actions = self.machine.handle(TurnEvent::SpentUp, now);
            self.act(actions);
        }
    }

    /// The conversation is over, once the goodbye has been played.
    pub(super) fn hang_up(&mut self) {
        if self.people.bridges().is_empty() {
            // The last frames are on their way.
            self.gone_at = Some(Instant::now() + Duration::from_millis(500));
        } else {
            self.tell_bridges(Event::HangUp {});
            self.gone_at = Some(Instant::now() + HANGING_UP);
        }
    }

    pub(super) fn tell_bridges(&self, event: Event) {
        self.courier.event(event, self.people.bridges());
    }
}
