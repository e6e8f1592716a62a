//! `POST /twilio/routing`: the caller pressed a key of an assistant's menu.

use super::{
    answer::{StreamPath, TwiMl},
    inbound::{self, Wanted, Wish},
    owner::Owner,
    phone_session_id,
    signed_form::SignedForm,
    status::is_over,
};
use crate::{
    ControlApi, call_trace,
    clock::now_ms,
    error::{ApiError, SignedProblem},
};
use axum::extract::State;
use casp_conversation::{Assistant, Menu};
use casp_store::{
    sessions::{self, SessionState},
    stream_tokens,
};
use casp_twilio::twiml::{Gather, GatherInput, Prompt};

/// Seconds in which a key may be pressed after the menu was read out.
const PATIENCE_S: u16 = 5;
/// Keys that lead nowhere, after which the call goes on without a choice. Every menu comes with a stream's token.
const MOST_MENUS: i64 = 3;
/// The query's name of the menu that was read out, where it is not the number's own.
const MENU: &str = "menu";

/// The menu, read out while a key is waited for. Without a key the call goes on with the next verb.
pub(super) fn gather(
    api: &ControlApi,
    assistant: &Assistant,
    menu: &Menu,
    stream: &StreamPath,
    before: Option<&str>,
) -> Gather {
    let mut action = format!("{}/twilio/routing", api.config.public_url.http());
    if !matches!(stream, StreamPath::Call) {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair(MENU, &assistant.name)
            .finish();
        action = format!("{action}?{query}");
    }
    let say = |text: &str| Prompt::Say(super::answer::say(text, &assistant.language));
    Gather {
        input: vec![GatherInput::Dtmf],
        num_digits: Some(1),
        action: Some(action),
        timeout_s: Some(PATIENCE_S),
        prompts: before
            .into_iter()
            .chain([menu.sentence.as_str()])
            .map(say)
            .collect(),
        ..Gather::default()
    }
}

/// A key of a menu was pressed
///
/// The `action` of the `<Gather>` that reads an assistant's menu out: whoever is behind the key answers. A key that
/// is not in the menu repeats it, at most twice.
#[utoipa::path(
    post, path = "/twilio/routing", tag = "twilio",
    params(("menu" = Option<String>, Query, description = "The assistant whose menu it is; by default the number's", example = "default")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "Twilio's webhook: `CallSid`, `Digits`, …",
        example = "CallSid=CA0123456789abcdef0123456789abcdef&Digits=1&From=%2B15551230001&To=%2B15551230002"),
    responses((status = 200, description = "TwiML", content_type = "text/xml", body = String), SignedProblem),
    security(("twilio_signature" = []))
)]
pub(crate) async fn route_call(
    State(api): State<ControlApi>,
    form: SignedForm,
) -> Result<TwiMl, ApiError> {
    let call = form.call_sid()?;
    let store = &api.config.store;
    let session_id = phone_session_id(&call);
    let session = sessions::get(store, &session_id).await?;
    if let Some(session) = &session {
        call_trace::joins(session);
    }
    let is_ended = session
        .as_ref()
        .is_some_and(|session| session.state == SessionState::Ended);
    if is_ended || is_over(&form.text("CallStatus")) {
        return Ok(TwiMl::hang_up());
    }
    let Some((assistant, menu)) = menu_of(&api, &form).await? else {
        return inbound::answer(&api, &form, Wish::of_number()).await;
    };
    let digits = form.text("Digits");
    let Some(choice) = menu.choice(&digits) else {
        let Some(session) = session else {
            return inbound::answer(&api, &form, Wish::of_number()).await;
        };
        let stream = TwiMl::stream(&api, &call, &session, &assistant, &StreamPath::Call).await?;
        let menus = stream_tokens::recent(store, &session_id, now_ms()).await?;
        if digits.is_empty() || menus > MOST_MENUS {
            return inbound::into_room(&api, &call, &session, &assistant, &StreamPath::Call).await;
        }
        let sorry = "I'm sorry, that is not one of the choices.";
        let again = gather(&api, &assistant, &menu, &form_path(&form), Some(sorry));
        return Ok(stream.after(again));
    };
    let chosen = Wanted::Any(choice.to_owned());
    let Some(session) = session else {
        // The menu was read out by somebody else's TwiML.
        let wish = Wish {
            assistant: Some(chosen),
            stream: StreamPath::Call,
            shows_menu: false,
        };
        return inbound::answer(&api, &form, wish).await;
    };
    let chosen = inbound::find(&api, session.account, &chosen).await?;
    let chosen = chosen.unwrap_or_else(|| {
        tracing::warn!(
            session = session_id,
            choice,
            "a menu leads to an assistant that is not there"
        );
        assistant
    });
    // Pressed twice, or told late: whoever answers already goes on.
    if sessions::choose_assistant(store, &session_id, &chosen.name).await? {
        tracing::info!(
            session = session_id,
            assistant = chosen.name,
            "chosen from the menu"
        );
    }
    inbound::into_room(&api, &call, &session, &chosen, &StreamPath::Call).await
}

/// Whose menu was read out, and the menu.
async fn menu_of(
    api: &ControlApi,
    form: &SignedForm,
) -> Result<Option<(Assistant, Menu)>, ApiError> {
    let Some(owner) = Owner::of(api, form).await? else {
        return Ok(None);
    };
    let assistant = match form.query(MENU) {
        Some(name) => inbound::find(api, owner.account, &Wanted::Any(name)).await?,
        None => Some(inbound::assistant_of_number(api, &owner).await?),
    };
    Ok(assistant.and_then(|mut assistant| {
        let menu = assistant.menu.take()?;
        Some((assistant, menu))
    }))
}

/// The menu that is read out again is the one of before.
fn form_path(form: &SignedForm) -> StreamPath {
    form.query(MENU)
        .map_or(StreamPath::Call, StreamPath::Scenario)
}
