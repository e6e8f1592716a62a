//! What the machine wants done, done.

use super::{
    conversation::Conversation,
    courier::Parcel,
    digits,
    ear::lock,
    inbox::Report,
    mouth::Order,
    recording::SAMPLE_RATE_HZ,
    sayings,
    speech::{Speech, user_timings},
    trace,
    voice::Voice,
};
use crate::turn::{
    Action, Author, Decision, Saying, SpeakerId, TranscriptionId, TurnEvent, UtteranceId,
};
use casp_conversation::{ReplyEvent, Speaker, apology::Apology, event::Event};
use casp_providers::Utterance;
use casp_telemetry::mark_failed;
use serde_json::json;
use std::time::Instant;
use tracing::Instrument as _;

impl Conversation {
    pub(super) fn act_once(&mut self, action: Action) {
        match action {
            Action::Transcribe { id, speaker, since } => self.transcribe(id, speaker, since),
            Action::CancelTranscription { id } => {
                if let Some(request) = self.transcriptions.remove(&id) {
                    request.abort();
                }
            }
            Action::Release { speaker } => {
                if let Some(speaker) = self.speakers.get_mut(&speaker) {
                    speaker.last_turn_since = speaker.turn_since.take();
                    lock(&speaker.recording).release();
                }
                let is_guessing =
                    |speech: &Speech| speech.reply.is_some() && speech.decision.is_none();
                if !self.speech.as_ref().is_some_and(is_guessing) {
                    self.trace.next_turn();
                }
            }
            Action::Prepare {
                utterance,
                author,
                text,
            } => self.prepare(utterance, author, &text),
            Action::Discard { utterance } => {
                self.speech.take_if(|speech| speech.utterance == utterance);
            }
            Action::Decide {
                utterance,
                decision,
            } => self.decide(utterance, decision),
            Action::Say { utterance, saying } => self.say(utterance, &saying),
            Action::Pause { utterance } => self.order(Order::Pause(utterance)),
            Action::Resume { utterance } => self.order(Order::Resume(utterance)),
            Action::Cut { utterance } => {
                self.order(Order::Cut(utterance));
                if let Some(speech) = self.speech.take_if(|speech| speech.utterance == utterance) {
                    self.settle(&speech, true, Instant::now());
                    self.words_are_over(utterance, false);
                }
            }
            Action::ShowUserText {
                speaker,
                text,
                is_final,
            } => self.show_user_text(speaker, text, is_final),
            Action::ShowState(state) => self.courier.attribute("lk.agent.state", state.as_str()),
            Action::HangUp => self.hang_up(),
        }
    }

    fn transcribe(&mut self, id: TranscriptionId, speaker: SpeakerId, since: Instant) {
        let Some(speaker) = self.speakers.get_mut(&speaker) else {
            return;
        };
        speaker.turn_since.get_or_insert(since);
        let utterance = Utterance {
            pcm: lock(&speaker.recording).since(since).into(),
            sample_rate_hz: SAMPLE_RATE_HZ,
            language: self.dialogue.assistant().language.clone(),
        };
        let (services, reports) = (self.services.clone(), self.reports.clone());
        let provider = services.speech_to_text.name();
        let span = trace::transcription(self.trace.turn(), provider, since.elapsed());
        let request = self.tasks.spawn(async move {
            let transcribing = services.speech_to_text.transcribe(utterance);
            let result = transcribing.instrument(span.clone()).await;
            if let Err(error) = &result {
                mark_failed(&span, error.reason());
            }
            drop(span);
            // Without a loop nobody wants to know.
            let _ = reports.send(Report::Transcribed { id, result }).await;
        });
        self.transcriptions.insert(id, request);
    }

    fn prepare(&mut self, utterance: UtteranceId, author: Author, text: &str) {
        if self.withholds(utterance, &author, text) {
            self.speech = None;
            return;
        }
        self.dialogue.set_now(jiff::Zoned::now());
        let speaker = self.principal(author);
        let turn = self.trace.turn().clone();
        let reply = turn.in_scope(|| self.dialogue.reply(&speaker, text));
        let voice = Voice::begin(&self.services, self.dialogue.assistant(), &turn);
        self.speech = Some(Speech::new(utterance, Some(reply), voice, turn));
    }

    /// Who asks for what the turn asks for.
    fn principal(&self, author: Author) -> Speaker {
        let identity = match author {
            Author::Typed(identity) => identity,
            Author::Voice(id) => match self.speakers.get(&id) {
                Some(speaker) => speaker.identity.clone(),
                // Who has left already: nobody's name, and nobody else's either.
                None => format!("(voice {})", id.0),
            },
        };
        let speaks_for_account = self.people.speaks_for_account(&identity);
        self.principals.speaker(identity, speaks_for_account)
    }

    fn decide(&mut self, utterance: UtteranceId, decision: Decision) {
        let since = decision.speaker.and_then(|id| {
            let speaker = self.speakers.get_mut(&id)?;
            speaker.last_turn_since.take()
        });
        if self.said_it(utterance, &decision) {
            return;
        }
        let mut timings = user_timings(&decision);
        let since = since.unwrap_or(decision.ended_at);
        self.scribe.time(&mut timings, since, decision.ended_at);
        self.scribe.heed(&decision.text);
        self.heed_lack_of_pin(&decision.text);
        self.scribe
            .turn("user", digits::masked(&decision.text), false, timings);
        if let Some(speech) = &mut self.speech
            && speech.utterance == utterance
        {
            if let Some(reply) = &speech.reply {
                reply.allow_writes();
            }
            speech.decision = Some(decision);
            let wants_code = std::mem::take(&mut speech.wants_code);
            self.trace.next_turn();
            self.speak();
            if wants_code {
                self.send_code();
            }
        }
    }

    fn say(&mut self, utterance: UtteranceId, saying: &Saying) {
        let text = sayings::text(saying, &self.dialogue.assistant().language);
        let span = self.trace.saying();
        let made = self.opening.take_if(|(opening, _)| *opening == text);
        let voice = match made {
            Some((_, voice)) => voice,
            None => Voice::of_text(&self.services, self.dialogue.assistant(), &text, &span),
        };
        let mut speech = Speech::new(utterance, None, voice, span);
        speech.text = text;
        self.speech = Some(speech);
        self.speak();
    }

    /// Gives the current speech to the mouth.
    fn speak(&mut self) {
        let Some(speech) = &mut self.speech else {
            return;
        };
        if let Some(pieces) = speech.voice.pieces.take() {
            let order = Order::Speak {
                utterance: speech.utterance,
                pieces,
                progress: speech.progress().clone(),
            };
            self.order(order);
        }
    }

    fn order(&self, order: Order) {
        if self.mouth.try_send(order).is_err() {
            tracing::error!("the mouth takes no orders");
        }
    }

    /// What the model says.
    pub(super) fn replied(&mut self, event: ReplyEvent) {
        let Some(speech) = &mut self.speech else {
            return;
        };
        let utterance = speech.utterance;
        match event {
            ReplyEvent::FirstToken => {
                speech.clock.first_token.get_or_insert_with(Instant::now);
            }
            // What only channels of text ask for.
            ReplyEvent::Text(_) | ReplyEvent::ClientCalls(_) | ReplyEvent::Refused(_) => {}
            ReplyEvent::Clause(clause) => speech.say(clause),
            ReplyEvent::ActionStarted { name } => {
                self.tell_bridges(Event::Action {
                    name,
                    status: "started".to_owned(),
                    result: None,
                    error: None,
                });
            }
            ReplyEvent::ActionFinished {
                name,
                status,
                result,
                error,
            } => {
                let status = status.as_str().to_owned();
                let row = json!({"name": name, "status": status, "result": result, "error": error});
                let row = digits::masked_question(&row.to_string());
                self.scribe.turn("tool", row, false, json!({}));
                self.tell_bridges(Event::Action {
                    name,
                    status,
                    result,
                    error,
                });
            }
            ReplyEvent::HangUp => {
                let event = TurnEvent::HangUpWanted { utterance };
                let actions = self.machine.handle(event, Instant::now());
                self.act(actions);
            }
            ReplyEvent::Done(_) => speech.complete(),
            ReplyEvent::Failed(error) => {
                tracing::error!(%error, "no answer from the model; apologising");
                metrics::counter!("casp_agent_failed_steps_total", "kind" => "llm").increment(1);
                let language = &self.dialogue.assistant().language;
                speech.say(Apology::ProviderFailed.text(language).to_owned());
                speech.complete();
            }
        }
    }

    /// An utterance is over: what was heard of it becomes history.
    pub(super) fn settle(&mut self, speech: &Speech, was_interrupted: bool, now: Instant) {
        speech.settle_span(was_interrupted);
        let mut timings = speech.timings();
        if let Some(started) = speech.clock.started {
            self.scribe.time(&mut timings, started, now);
        }
        let heard = was_interrupted.then(|| speech.heard(now));
        let said = if let Some(reply) = &speech.reply {
            if speech.decision.is_none() {
                // A guess that nobody heard.
                return;
            }
            let mut outcome = reply.outcome();
            outcome.heard.clone_from(&heard);
            let said = heard.unwrap_or_else(|| outcome.said.clone());
            self.dialogue.commit(outcome);
            said
        } else {
            let said = heard.unwrap_or_else(|| speech.text.clone());
            self.dialogue.commit_speech(&said);
            said
        };
        if !said.trim().is_empty() {
            let text = said.trim().to_owned();
            self.tell_bridges(Event::Transcript {
                role: "assistant".to_owned(),
                text: text.clone(),
                is_final: true,
            });
            let text = digits::masked_question(&text);
            self.scribe
                .turn("assistant", text, was_interrupted, timings);
        }
        let segment = agent_segment(speech.utterance);
        self.courier.send(Parcel::AgentDone { segment });
    }

    /// The agent's words, as they are about to be heard.
    pub(super) fn show_clause(&mut self, utterance: UtteranceId, text: String) {
        let is_current = |speech: &Speech| speech.utterance == utterance;
        if self.speech.as_ref().is_some_and(is_current) {
            self.tell_bridges(Event::Transcript {
                role: "assistant".to_owned(),
                text: text.clone(),
                is_final: false,
            });
            self.courier.send(Parcel::AgentClause {
                segment: agent_segment(utterance),
                text,
                track_sid: self.track_sid.clone(),
            });
        }
    }

    fn show_user_text(&mut self, id: SpeakerId, text: String, is_final: bool) {
        let identity = self.speakers.get(&id).map(|speaker| &*speaker.identity);
        let text = self.without_proofs(identity.unwrap_or_default(), text);
        self.tell_bridges(Event::Transcript {
            role: "user".to_owned(),
            text: text.clone(),
            is_final,
        });
        let Some(speaker) = self.speakers.get_mut(&id) else {
            return;
        };
        self.courier.send(Parcel::UserText {
            segment: format!("SG_user_{}_{}", id.0, speaker.segment),
            text,
            is_final,
            identity: speaker.identity.clone(),
            track_sid: speaker.track_sid.clone(),
        });
        if is_final {
            speaker.segment += 1;
        }
    }
}

fn agent_segment(utterance: UtteranceId) -> String {
    format!("SG_agent_{}", utterance.0)
}
