//! From `start` to a place in the room: who this is, which session it belongs to, and the join.

use crate::{BridgeError, BridgeState, call::Wire, state::now_ms};
use base64::Engine as _;
use casp_conversation::Assistant;
use casp_room::{
    AutoSubscribe, LocalAudioTrack, PublishOptions, Room, RoomError, RoomEvents, RoomOptions,
    admin::{CreateRoom, TokenOptions},
};
use casp_store::{
    AccountId, ceilings, resources,
    sessions::{self, NewSession, Session, SessionKind, SessionState},
    stream_tokens,
};
use casp_telemetry::CallTrace;
use casp_twilio::{
    CallSid,
    media_streams::{Fault, FaultCode, Start},
};
use serde_json::{Value, json};
use std::time::Duration;

/// A room nobody has joined is closed after this.
const EMPTY_TIMEOUT: Duration = Duration::from_mins(1);
/// A room that all have left is closed after this: longer than a call takes to come back.
const DEPARTURE_TIMEOUT: Duration = Duration::from_secs(30);
/// A token outlives the longest call; the server renews it too.
const TOKEN_TTL: Duration = Duration::from_hours(2);
/// A join takes milliseconds; longer than this and the caller is better told.
const JOIN_TIMEOUT: Duration = Duration::from_secs(8);
/// A room that is lost for longer is given up: Twilio then brings the call back by the `<Connect>` action.
const REJOIN_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest `bearer` (base64).
const LONGEST_BEARER: usize = 48 * 1024;

/// By which way a socket came in.
#[derive(Debug, Clone)]
pub(crate) enum Door {
    /// A signed webhook announced the call: its token comes in `start`.
    Announced {
        /// From the path, where it says.
        call_sid: Option<CallSid>,
    },
    /// Somebody with a key, or in dev somebody on this machine.
    Account {
        /// Whose.
        account: AccountId,
        /// What opened it.
        credential: Credential,
        /// Who answers: a built-in assistant, or one of the account's own.
        assistant: Box<Assistant>,
    },
}

/// What somebody showed whom no webhook announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// Nothing: in dev, somebody on this machine.
    Loopback,
    /// A secret API key of the account, which may speak for any of its end users.
    ApiKey,
    /// A key for one socket, that of this end user, or of a stranger.
    Ephemeral(Option<String>),
}

impl Door {
    /// The way in after what `start` says: who shows an announced call's token comes by that call, whatever else would let
    /// somebody on this machine in.
    pub(crate) fn after(self, start: &Start) -> Self {
        match self {
            Self::Account {
                credential: Credential::Loopback,
                ..
            } if token_of(start).is_some() => Self::Announced { call_sid: None },
            door => door,
        }
    }
}

/// A call that may come in, and is not in its room yet.
pub(crate) struct Called {
    pub(crate) session: Session,
    /// As whom the room will know the caller.
    pub(crate) identity: String,
    /// A signed webhook announced the call: the session and the room are there already.
    pub(crate) is_announced: bool,
    /// The session began with this very socket: nobody else has a part in it.
    pub(crate) is_new: bool,
    wire: Wire,
    fault: Option<Fault>,
    speaks_for_account: bool,
}

/// In the room.
pub(crate) struct Admitted {
    pub(crate) session: Session,
    pub(crate) room: Room,
    pub(crate) events: RoomEvents,
    pub(crate) track: LocalAudioTrack,
    /// What the socket carries.
    pub(crate) wire: Wire,
    /// What was wrong with the start message's wishes, for the client.
    pub(crate) fault: Option<Fault>,
}

/// Who calls, and which session that is.
pub(crate) async fn recognize(
    state: &BridgeState,
    door: &Door,
    start: &Start,
) -> Result<Called, BridgeError> {
    let wire = Wire::of(start.media_format).ok_or(BridgeError::UnsupportedFormat)?;
    let (session, is_new, fault) = match door {
        Door::Announced { .. } if wire != Wire::Mulaw => {
            return Err(BridgeError::UnsupportedFormat);
        }
        Door::Announced { call_sid } => {
            let session = redeem(state, call_sid.as_ref(), start).await?;
            (session, false, None)
        }
        Door::Account {
            account,
            credential,
            assistant,
        } => announce(state, *account, credential, assistant, start, wire).await?,
    };
    let speaks_for_account = match door {
        Door::Account { credential, .. } => *credential != Credential::Ephemeral(None),
        Door::Announced { .. } => false,
    };
    Ok(Called {
        session,
        identity: format!("caller-{:016x}", rand::random::<u64>()),
        is_announced: matches!(door, Door::Announced { .. }),
        is_new,
        wire,
        fault,
        speaks_for_account,
    })
}

/// Brings a call into its room.
pub(crate) async fn enter(state: &BridgeState, called: &Called) -> Result<Admitted, BridgeError> {
    let session = &called.session;
    if !called.is_announced {
        create_room(state, session).await?;
    }
    if !sessions::activate(&state.config().store, &session.id).await? {
        return Err(BridgeError::SessionEnded);
    }
    let (room, events, track) = join(state, called).await?;
    Ok(Admitted {
        session: session.clone(),
        room,
        events,
        track,
        wire: called.wire,
        fault: called.fault.clone(),
    })
}

/// The session whose token this is: of this very call, and not over.
async fn redeem(
    state: &BridgeState,
    path_sid: Option<&CallSid>,
    start: &Start,
) -> Result<Session, BridgeError> {
    let call_sid = match (path_sid, &start.call_sid) {
        (Some(path), Some(said)) if path != said => return Err(BridgeError::Unauthorized),
        (Some(path), _) => path,
        (None, Some(said)) => said,
        (None, None) => return Err(BridgeError::Unauthorized),
    };
    let token = token_of(start).ok_or(BridgeError::Unauthorized)?;
    let store = &state.config().store;
    let id = stream_tokens::redeem(store, token, now_ms())
        .await?
        .ok_or(BridgeError::Unauthorized)?;
    let is_of_this_call = ["phone", "whatsapp"].iter().any(|kind| {
        id.strip_prefix(kind)
            .and_then(|rest| rest.strip_prefix('-'))
            == Some(call_sid.as_str())
    });
    if !is_of_this_call {
        return Err(BridgeError::Unauthorized);
    }
    let session = sessions::get(store, &id)
        .await?
        .ok_or(BridgeError::SessionEnded)?;
    if session.state == SessionState::Ended {
        return Err(BridgeError::SessionEnded);
    }
    Ok(session)
}

fn token_of(start: &Start) -> Option<&str> {
    let token = start.custom_parameters.get("token")?;
    (!token.is_empty()).then_some(token)
}

/// A session of one's own making, and whether it begins with this.
async fn announce(
    state: &BridgeState,
    account: AccountId,
    credential: &Credential,
    assistant: &Assistant,
    start: &Start,
    wire: Wire,
) -> Result<(Session, bool, Option<Fault>), BridgeError> {
    let (kind, name) = match (wire, &start.call_sid) {
        (Wire::Mulaw, Some(call_sid)) => (SessionKind::Phone, call_sid.as_str()),
        (Wire::Mulaw, None) => (SessionKind::Phone, start.stream_sid.as_str()),
        // In a telephone's room the agent would speak as telephones do.
        (Wire::Pcm(_) | Wire::Opus, _) => (SessionKind::Api, start.stream_sid.as_str()),
    };
    let name = match credential {
        // Whoever holds an ephemeral key may not name a conversation of somebody else's and walk in.
        Credential::Ephemeral(_) => format!("{:032x}", rand::random::<u128>()),
        Credential::Loopback | Credential::ApiKey => name.to_owned(),
    };
    let rooms = match kind {
        SessionKind::Api => "api",
        _ => "twilio",
    };
    let (overrides, fault) = overrides(credential, assistant, start)?;
    let new = NewSession {
        id: format!("{}-{name}", kind.name()),
        account,
        kind,
        room_name: format!("{rooms}-{name}"),
        from: String::new(),
        to: String::new(),
        assistant: assistant.name.clone(),
        overrides,
    };
    let now = now_ms();
    let store = &state.config().store;
    ceilings::may_talk(store, account, now)
        .await?
        .map_err(BridgeError::MayNotTalk)?;
    let session = sessions::announce(store, &new, now).await?;
    if session.account != account {
        return Err(BridgeError::Unauthorized);
    }
    let is_new = session.started_at_ms == now;
    if is_new {
        let trace = CallTrace::of(&session.id, session.started_at_ms);
        trace.announced(&session.id, kind.name(), &session.assistant);
    }
    Ok((session, is_new, fault))
}

/// What this session alone has: the wishes of the `bearer`, and who speaks.
fn overrides(
    credential: &Credential,
    assistant: &Assistant,
    start: &Start,
) -> Result<(Value, Option<Fault>), BridgeError> {
    let (mut overrides, fault) = match (credential, &start.bearer) {
        (Credential::Ephemeral(_), Some(_)) => {
            (json!({}), Some(ignored("an ephemeral key takes no bearer")))
        }
        _ => wishes(assistant, start),
    };
    let said = start.resource.as_deref().map(str::trim);
    let said = said.filter(|resource| !resource.is_empty());
    let resource = match credential {
        Credential::Ephemeral(resource)
            if said.is_none_or(|it| is_same(it, resource.as_deref())) =>
        {
            resource.as_deref()
        }
        Credential::Loopback | Credential::ApiKey if said.is_none_or(resources::is_name) => said,
        _ => return Err(BridgeError::WrongResource),
    };
    if let Some(wishes) = overrides.as_object_mut() {
        wishes.remove("resource");
        wishes.extend(resource.map(|resource| ("resource".to_owned(), resource.into())));
    }
    Ok((overrides, fault))
}

/// Whether this names the end user of a key.
fn is_same(said: &str, resource: Option<&str>) -> bool {
    resource.is_some_and(|resource| resources::folded(said) == resources::folded(resource))
}

fn ignored(what: &str) -> Fault {
    Fault {
        code: FaultCode::BadStart,
        message: format!("{what}; it is ignored"),
    }
}

/// What the `bearer` of S0 asks for; what makes no sense is told and otherwise ignored.
fn wishes(assistant: &Assistant, start: &Start) -> (Value, Option<Fault>) {
    let Some(bearer) = &start.bearer else {
        return (json!({}), None);
    };
    let read = || -> Result<Value, String> {
        if bearer.len() > LONGEST_BEARER {
            return Err("bearer is too long".to_owned());
        }
        let decoded = base64::engine::general_purpose::STANDARD
            .decode(bearer)
            .map_err(|_| "bearer is not base64".to_owned())?;
        let wishes: Value = serde_json::from_slice(&decoded)
            .map_err(|_| "bearer is not base64 of JSON".to_owned())?;
        assistant
            .with_overrides(&wishes)
            .map_err(|error| error.to_string())?;
        Ok(wishes)
    };
    match read() {
        Ok(wishes) => (wishes, None),
        Err(message) => (json!({}), Some(ignored(&message))),
    }
}

async fn create_room(state: &BridgeState, session: &Session) -> Result<(), RoomError> {
    let config = state.config();
    let room = CreateRoom {
        name: session.room_name.clone(),
        empty_timeout: EMPTY_TIMEOUT,
        departure_timeout: DEPARTURE_TIMEOUT,
    };
    config.livekit.create_room(&room).await?;
    if !config.agent_name.is_empty() {
        config
            .livekit
            .dispatch_agent(&session.room_name, &config.agent_name, &session.id)
            .await?;
    }
    Ok(())
}

async fn join(
    state: &BridgeState,
    called: &Called,
) -> Result<(Room, RoomEvents, LocalAudioTrack), BridgeError> {
    let (room, events) = match connect(state, called).await {
        // The room was closed while the call was away.
        Err(RoomError::Refused(_)) => {
            create_room(state, &called.session).await?;
            connect(state, called).await?
        }
        other => other?,
    };
    let track = room.publish_audio(publish_options(called.wire)).await?;
    Ok((room, events, track))
}

async fn connect(state: &BridgeState, called: &Called) -> Result<(Room, RoomEvents), RoomError> {
    let livekit = &state.config().livekit;
    let token = livekit.participant_token(&TokenOptions {
        room: called.session.room_name.clone(),
        identity: called.identity.clone(),
        name: masked(&called.session.from),
        ttl: TOKEN_TTL,
        can_update_own_metadata: false,
        speaks_for_account: called.speaks_for_account,
    })?;
    let options = RoomOptions {
        auto_subscribe: AutoSubscribe::Audio,
        publish: Some(publish_options(called.wire)),
        connect_timeout: JOIN_TIMEOUT,
        reconnect_timeout: REJOIN_TIMEOUT,
        ..RoomOptions::default()
    };
    Room::connect(livekit.ws_url(), &token, options).await
}

fn publish_options(wire: Wire) -> PublishOptions {
    PublishOptions {
        name: "caller".to_owned(),
        codec: wire.codec(),
        dtx: true,
    }
}

/// What others in the room see of a number: its last two digits.
fn masked(address: &str) -> String {
    let digits: Vec<char> = address.chars().filter(char::is_ascii_digit).collect();
    match digits[..] {
        [.., tens, ones] if digits.len() >= 7 => format!("Caller …{tens}{ones}"),
        _ => "Caller".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casp_twilio::media_streams::MediaFormat;
    use std::collections::BTreeMap;

    fn start_with_bearer(bearer: &str) -> Start {
        Start {
            account_sid: String::new(),
            call_sid: None,
            stream_sid: "MZ1".parse().unwrap(),
            tracks: Vec::new(),
            custom_parameters: BTreeMap::new(),
            media_format: MediaFormat::MULAW,
            resource: None,
            conf_name: None,
            bearer: Some(bearer.to_owned()),
        }
    }

    #[test]
    fn a_number_shows_two_digits_at_most() {
        assert_eq!(masked("+14155550123"), "Caller …23");
        for short in ["", "anonymous", "client:bob", "911", "sip:12@x"] {
            assert_eq!(masked(short), "Caller", "{short}");
        }
    }

    #[test]
    fn a_bearer_is_base64_json_or_ignored_with_a_word() {
        let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let assistant = Assistant::builtin("default").unwrap();
        let (overrides, fault) = wishes(
            assistant,
            &start_with_bearer(&encode(r#"{"greeting":"Hi"}"#)),
        );
        assert_eq!((overrides, fault), (json!({"greeting": "Hi"}), None));
        for bad in [
            "Base64ConfigString",
            "§",
            &encode("not json"),
            &encode(r#"{"greeting":7}"#),
        ] {
            let (overrides, fault) = wishes(assistant, &start_with_bearer(bad));
            assert_eq!(overrides, json!({}));
            assert_eq!(fault.unwrap().code, FaultCode::BadStart, "{bad}");
        }
    }
}
