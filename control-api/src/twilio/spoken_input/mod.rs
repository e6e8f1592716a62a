//! `POST /handle-user-input`: a conversation by `<Gather>`, without a media stream.
//!
//! Twilio hears and speaks; this answers. Each exchange is a webhook: what was said comes in, the reply goes out, and
//! the next exchange's number stands in the `action` of the next `<Gather>`. Whoever takes a number first answers it,
//! so a webhook that comes twice has one reply. A reply that takes longer than Twilio waits (15 s) goes on in the
//! background; the caller hears "One moment", and Twilio is sent to ask again.

mod exchange;
mod reply;

use super::{
    answer::{TwiMl, say},
    inbound,
    owner::Owner,
    phone_session_id,
    signed_form::SignedForm,
    status::is_over,
};
use crate::{
    ControlApi, call_end,
    clock::now_ms,
    error::{ApiError, SignedProblem},
    spending,
};
use axum::extract::State;
use casp_conversation::{Assistant, apology::Apology, opt_out};
use casp_store::{
    StoreError, do_not_call,
    sessions::{self, Session, SessionState},
    stream_tokens,
    turns::{self, Turn},
};
use casp_twilio::twiml::{Gather, GatherInput, Pause, Prompt, Redirect, Response, Verb};
use exchange::{Heard, Step};
use reply::Spoken;
use std::time::Duration;

/// How long Twilio is let wait; it gives up after 15 s.
const PATIENCE: Duration = Duration::from_secs(8);
/// How often it is sent round before the caller is asked to say it again: more than the reply may take.
const MOST_ROUNDS: u32 = 6;
/// Silences in a row after which nobody is taken to be there.
const MOST_SILENCES: u32 = 2;
/// Seconds of silence until Twilio tells that nothing was said.
const SILENCE_S: u16 = 6;

/// What a caller said or pressed
///
/// The `action` of a `<Gather>`, and good as a number's voice webhook too: without `SpeechResult` and `Digits` it
/// greets. The reply is spoken by Twilio, and the next words are gathered; the conversation is kept by CallSid.
/// `exchange`, `answer`, `round` and `silences` are written by this route itself.
#[utoipa::path(
    post, path = "/handle-user-input", tag = "twilio",
    params(
        ("exchange" = Option<i64>, Query, description = "The how-manieth exchange this is"),
        ("answer" = Option<i64>, Query, description = "The exchange whose reply is waited for"),
        ("round" = Option<u32>, Query, description = "How often it was asked for"),
        ("silences" = Option<u32>, Query, description = "Silences in a row"),
    ),
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "Twilio's webhook: `CallSid`, `SpeechResult` or `Digits`, …",
        example = "CallSid=CA0123456789abcdef0123456789abcdef&SpeechResult=What+can+you+do%3F&Confidence=0.9"),
    responses((status = 200, description = "TwiML", content_type = "text/xml", body = String), SignedProblem),
    security(("twilio_signature" = []))
)]
pub(crate) async fn handle_user_input(
    State(api): State<ControlApi>,
    form: SignedForm,
) -> Result<TwiMl, ApiError> {
    let step = Step::read(&form);
    let Some(talk) = Talk::of(&api, &form).await? else {
        return Ok(TwiMl::apologize("This number is not in service. Goodbye."));
    };
    let is_ended = talk.session.state == SessionState::Ended;
    if is_over(&form.text("CallStatus")) || (is_ended && !matches!(step, Step::Wait { .. })) {
        return Ok(TwiMl::hang_up());
    }
    if talk.session.wants_agent {
        // An agent has this call: it goes back to its room.
        let call = form.call_sid()?;
        return TwiMl::stream_again(&api, &call, &talk.session.id).await;
    }
    match step {
        Step::Wait { exchange, round } => talk.wait(exchange, round).await,
        _ if !spending::may_answer(&api, talk.session.account).await? => {
            let sorry =
                "We cannot go on with this call today. Please call again tomorrow. Goodbye.";
            talk.goodbye(sorry, "the account may spend no more today")
                .await
        }
        _ if talk.is_too_long() => {
            let sorry = Apology::TimeIsUp.text(&talk.assistant.language);
            talk.goodbye(sorry, "the longest conversation was reached")
                .await
        }
        Step::Heard { exchange, heard } => talk.answer(exchange, heard).await,
        Step::Silence { exchange, silences } => talk.after_silence(exchange, silences).await,
    }
}

/// One conversation.
struct Talk<'a> {
    api: &'a ControlApi,
    session: Session,
    assistant: Assistant,
}

impl<'a> Talk<'a> {
    /// The call's session, made if there is none. `None` when the number is nobody's.
    async fn of(api: &'a ControlApi, form: &SignedForm) -> Result<Option<Self>, ApiError> {
        let call = form.call_sid()?;
        let store = &api.config.store;
        let session_id = phone_session_id(&call);
        if sessions::get(store, &session_id).await?.is_none() {
            let Some(owner) = Owner::of(api, form).await? else {
                return Ok(None);
            };
            let assistant = inbound::assistant_of_number(api, &owner).await?;
            let new = inbound::new_session(form, &call, owner.account, &assistant.name);
            match sessions::announce(store, &new, now_ms()).await {
                Ok(_) | Err(StoreError::SessionEnded) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let load = async || sessions::get(store, &session_id).await;
        let mut session = load().await?.ok_or(ApiError::Internal)?;
        // It never had a stream: there is no room to send an agent into.
        if session.wants_agent
            && session.agent_epoch == 0
            && stream_tokens::recent(store, &session_id, now_ms()).await? == 0
        {
            sessions::set_wants_agent(store, &session_id, false).await?;
            session = load().await?.ok_or(ApiError::Internal)?;
        }
        let assistant = inbound::assistant_of(api, &session).await?;
        Ok(Some(Self {
            api,
            session,
            assistant,
        }))
    }

    fn is_too_long(&self) -> bool {
        let longest = i64::try_from(self.assistant.max_duration.as_millis()).unwrap_or(i64::MAX);
        now_ms() - self.session.started_at_ms > longest
    }

    /// Something was said: the reply, or, when this exchange was taken before, the reply that it got.
    async fn answer(self, exchange: Option<i64>, heard: Heard) -> Result<TwiMl, ApiError> {
        let store = &self.api.config.store;
        if opt_out::wants_no_more_calls(&heard.text)
            && do_not_call::add_callee(store, &self.session.id, opt_out::REASON, now_ms()).await?
        {
            let sorry = "You will not be called again. Goodbye.";
            return self.goodbye(sorry, "the callee wants no more calls").await;
        }
        let exchange = match exchange {
            Some(exchange) => exchange,
            None => self.next_exchange(&heard).await?,
        };
        if !sessions::claim_exchange(store, &self.session.id, exchange).await? {
            let session = sessions::get(store, &self.session.id).await?;
            let session = session.ok_or(ApiError::Internal)?;
            return Self { session, ..self }.wait(exchange, 0).await;
        }
        let task = reply::start(
            self.api,
            &self.session,
            &self.assistant,
            exchange + 1,
            heard,
        );
        match tokio::time::timeout(PATIENCE, task).await {
            Ok(Ok(spoken)) => self.speak(&spoken, exchange + 1).await,
            // It went down with the process, or panicked.
            Ok(Err(_)) => Ok(self.ask_again(exchange + 1)),
            Err(_) => Ok(self.one_moment(exchange, 1)),
        }
    }

    /// The number of an exchange that does not say: the words came from somebody else's `<Gather>`. The same words
    /// again are the same webhook again.
    async fn next_exchange(&self, heard: &Heard) -> Result<i64, StoreError> {
        let latest = turns::latest(&self.api.config.store, &self.session.id, 2).await?;
        let is_again = latest
            .iter()
            .find(|turn| turn.role == "user")
            .is_some_and(|turn| turn.text == heard.text);
        Ok(self.session.agent_epoch - i64::from(is_again))
    }

    /// The reply of an exchange that somebody else works on.
    async fn wait(self, exchange: i64, round: u32) -> Result<TwiMl, ApiError> {
        let epoch = self.session.agent_epoch;
        if exchange < 0 || epoch <= exchange {
            // Nobody works on it.
            return Ok(self.ask_again(epoch));
        }
        match exchange::reply_of(&self.api.config.store, &self.session.id, exchange, PATIENCE)
            .await?
        {
            Some(spoken) => self.speak(&spoken, exchange + 1).await,
            None if round >= MOST_ROUNDS => Ok(self.ask_again(exchange + 1)),
            None => Ok(self.one_moment(exchange, round + 1)),
        }
    }

    async fn speak(self, spoken: &Spoken, exchange: i64) -> Result<TwiMl, ApiError> {
        if spoken.is_last {
            return self.goodbye(&spoken.text, "the agent hung up").await;
        }
        Ok(TwiMl::of(Response::new().with(self.gather(
            &spoken.text,
            exchange,
            0,
        ))))
    }

    /// Nothing came: the greeting at the beginning, then a question, then the end.
    async fn after_silence(self, exchange: Option<i64>, silences: u32) -> Result<TwiMl, ApiError> {
        let Some(exchange) = exchange else {
            return self.greet().await;
        };
        if silences > MOST_SILENCES {
            let text = "I can't hear anybody, so I will hang up now. Goodbye.";
            return self.goodbye(text, "nobody spoke").await;
        }
        let question = "Are you still there?";
        Ok(TwiMl::of(
            Response::new().with(self.gather(question, exchange, silences)),
        ))
    }

    /// The first words. They are the first exchange, so that they are written down once.
    async fn greet(self) -> Result<TwiMl, ApiError> {
        let store = &self.api.config.store;
        let text = match self.assistant.greeting.as_str() {
            "" => "How can I help you?",
            greeting => greeting,
        };
        let session_id = &self.session.id;
        if sessions::claim_exchange(store, session_id, 0).await? {
            let greeting = Turn {
                position: 0,
                role: "assistant".to_owned(),
                text: text.to_owned(),
                was_interrupted: false,
                timings: serde_json::json!({}),
                at_ms: now_ms(),
            };
            turns::append(store, session_id, 1, &greeting).await?;
        }
        let next = self.session.agent_epoch.max(1);
        Ok(TwiMl::of(Response::new().with(self.gather(text, next, 0))))
    }

    fn ask_again(self, exchange: i64) -> TwiMl {
        let sorry = Apology::ProviderFailed.text(&self.assistant.language);
        TwiMl::of(Response::new().with(self.gather(sorry, exchange, 0)))
    }

    /// Keeps the caller company, and has Twilio ask again.
    fn one_moment(self, exchange: i64, round: u32) -> TwiMl {
        let url = self.url(&[("answer", exchange), ("round", i64::from(round))]);
        let text = if round == 1 {
            "One moment, please."
        } else {
            "Still working on it."
        };
        TwiMl::of(
            Response::new()
                .with(say(text, &self.assistant.language))
                .with(Verb::Pause(Pause { length_s: 1 }))
                .with(Redirect::new(url)),
        )
    }

    async fn goodbye(self, text: &str, reason: &str) -> Result<TwiMl, ApiError> {
        call_end::close(self.api, &self.session.id, reason).await?;
        Ok(TwiMl::of(
            Response::new()
                .with(say(text, &self.assistant.language))
                .with(Verb::Hangup),
        ))
    }

    /// Says something, and listens, also meanwhile.
    fn gather(&self, text: &str, exchange: i64, silences: u32) -> Gather {
        Gather {
            input: vec![GatherInput::Speech, GatherInput::Dtmf],
            action: Some(self.url(&[("exchange", exchange), ("silences", i64::from(silences))])),
            timeout_s: Some(SILENCE_S),
            speech_timeout: Some("auto".into()),
            language: Some(self.assistant.language.clone()),
            action_on_empty_result: true,
            prompts: vec![Prompt::Say(say(text, &self.assistant.language))],
            ..Gather::default()
        }
    }

    fn url(&self, query: &[(&str, i64)]) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query.iter().map(|(name, value)| (name, value.to_string())))
            .finish();
        format!(
            "{}/handle-user-input?{query}",
            self.api.config.public_url.http()
        )
    }
}
