//! A call that is answered: session, room, and what Twilio is told to do with it.

use super::{
    answer::{StreamPath, TwiMl},
    menu,
    owner::Owner,
    phone_session_id, room,
    signed_form::SignedForm,
};
use crate::{
    ControlApi, call_trace, clock::now_ms, error::ApiError, spending, state::STALE_AFTER_MS,
};
use casp_conversation::Assistant;
use casp_store::{
    AccountId, StoreError,
    sessions::{self, Admission, NewSession, Session, SessionKind, SessionState},
};
use casp_twilio::CallSid;

/// How a call is to be answered.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    /// Who answers; without it, whom the number says.
    pub(super) assistant: Option<Wanted>,
    /// Where the audio goes.
    pub(super) stream: StreamPath,
    /// The caller may choose first, if the assistant has a menu.
    pub(super) shows_menu: bool,
}

/// An assistant as a path names it.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    /// A built-in one, or one of the account's own.
    Any(String),
    /// One of the account's own.
    Own(String),
}

/// Answers a call that comes in. Delivered twice it is answered twice, with one session.
pub(super) async fn answer(
    api: &ControlApi,
    form: &SignedForm,
    wish: Wish,
) -> Result<TwiMl, ApiError> {
    let call = form.call_sid()?;
    let store = &api.config.store;
    let session_id = phone_session_id(&call);
    let known = sessions::get(store, &session_id).await?;
    if let Some(session) = known {
        call_trace::joins(&session);
        return match session.state {
            SessionState::Ended => Ok(TwiMl::hang_up()),
            _ => go_on(api, &call, &session, &wish).await,
        };
    }
    let Some(owner) = Owner::of(api, form).await? else {
        return Ok(TwiMl::apologize("This number is not in service. Goodbye."));
    };
    if !spending::may_answer(api, owner.account).await? {
        // An apology would be billed, again and again.
        return Ok(TwiMl::busy());
    }
    let assistant = match &wish.assistant {
        Some(wanted) => find(api, owner.account, wanted).await?,
        None => Some(assistant_of_number(api, &owner).await?),
    };
    let Some(assistant) = assistant else {
        tracing::warn!(
            account = owner.account.0,
            path = form.path(),
            "a number's webhook names an assistant that its account does not have"
        );
        return Ok(TwiMl::apologize(
            "This number is not set up correctly. Please call again later. Goodbye.",
        ));
    };
    let new = new_session(form, &call, owner.account, &assistant.name);
    let now = now_ms();
    match sessions::admit(store, &new, now, STALE_AFTER_MS).await {
        Ok(Admission::Admitted(session)) => {
            call_trace::begins(&session, now);
            go_on(api, &call, &session, &wish).await
        }
        Ok(Admission::Full) => {
            metrics::counter!("casp_calls_refused_total", "reason" => "busy").increment(1);
            Ok(TwiMl::busy())
        }
        Err(StoreError::SessionEnded) => Ok(TwiMl::hang_up()),
        Err(error) => Err(error.into()),
    }
}

/// A live session: its menu first, if it has one and nobody has talked yet; else the stream.
async fn go_on(
    api: &ControlApi,
    call: &CallSid,
    session: &Session,
    wish: &Wish,
) -> Result<TwiMl, ApiError> {
    let assistant = assistant_of(api, session).await?;
    let is_at_the_door = session.state == SessionState::Announced && session.agent_epoch == 0;
    if let Some(menu) = &assistant.menu
        && wish.shows_menu
        && is_at_the_door
    {
        // The room is made when it is known who answers: by `/twilio/routing`, or by the bridge when nothing is
        // pressed.
        let gather = menu::gather(api, &assistant, menu, &wish.stream, None);
        let stream = TwiMl::stream(api, call, session, &assistant, &wish.stream).await?;
        return Ok(stream.after(gather));
    }
    into_room(api, call, session, &assistant, &wish.stream).await
}

/// The room with an agent, and the stream into it.
pub(super) async fn into_room(
    api: &ControlApi,
    call: &CallSid,
    session: &Session,
    assistant: &Assistant,
    path: &StreamPath,
) -> Result<TwiMl, ApiError> {
    let (room, twiml) = tokio::join!(
        room::open(api, session),
        TwiMl::stream(api, call, session, assistant, path)
    );
    if let Err(error) = room {
        tracing::error!(%error, session = session.id, "no room could be made for the call");
        let reason = "LiveKit did not make the room";
        sessions::end(&api.config.store, &session.id, reason, now_ms()).await?;
        return Ok(TwiMl::apologize(
            "We cannot take your call right now. Please call again later. Goodbye.",
        ));
    }
    twiml
}

/// The assistant that a path names, if the account has it.
pub(super) async fn find(
    api: &ControlApi,
    account: AccountId,
    wanted: &Wanted,
) -> Result<Option<Assistant>, StoreError> {
    let store = &api.config.store;
    match wanted {
        Wanted::Any(name) => casp_assistants::find(store, account, name).await,
        Wanted::Own(name) => casp_assistants::find_own(store, account, name).await,
    }
}

/// Who answers at a number: one that was deleted since gives way to the default one.
pub(super) async fn assistant_of_number(
    api: &ControlApi,
    owner: &Owner,
) -> Result<Assistant, StoreError> {
    or_default(api, owner.account, &owner.assistant).await
}

/// The assistant of a session.
pub(super) async fn assistant_of(
    api: &ControlApi,
    session: &Session,
) -> Result<Assistant, StoreError> {
    or_default(api, session.account, &session.assistant).await
}

async fn or_default(
    api: &ControlApi,
    account: AccountId,
    name: &str,
) -> Result<Assistant, StoreError> {
    let store = &api.config.store;
    if let Some(assistant) = casp_assistants::find(store, account, name).await? {
        return Ok(assistant);
    }
    tracing::warn!(
        account = account.0,
        name,
        "there is no such assistant any more; the default one answers"
    );
    Ok(Assistant::builtin("default")
        .cloned()
        .expect("the built-in assistants begin with `default`"))
}

/// A phone session, as its first webhook tells of it.
pub(super) fn new_session(
    form: &SignedForm,
    call: &CallSid,
    account: AccountId,
    assistant: &str,
) -> NewSession {
    NewSession {
        id: phone_session_id(call),
        account,
        kind: SessionKind::Phone,
        room_name: format!("twilio-{call}"),
        from: form.text("From"),
        to: form.text("To"),
        assistant: assistant.to_owned(),
        overrides: serde_json::json!({}),
    }
}
