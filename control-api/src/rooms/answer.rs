//! The way into a room: an access token and where to take it.

use crate::{
    ControlApi,
    error::ApiError,
    names::{DisplayName, Identity, RoomName},
};
use casp_room::admin::TokenOptions;
use std::time::Duration;

/// Life of a participant's token; LiveKit renews it while the participant is in the room.
const TOKEN_TTL: Duration = Duration::from_mins(15);

/// A token for this room and identity alone: publish and subscribe, data; no admin grant. Who comes with the account's
/// own key speaks for it; guests don't, whoever let them in.
pub(super) fn participant_token(
    api: &ControlApi,
    room: &RoomName,
    identity: &Identity,
    name: Option<&DisplayName>,
    speaks_for_account: bool,
) -> Result<String, ApiError> {
    let name = name
        .map(DisplayName::as_str)
        .filter(|name| !name.is_empty());
    Ok(api.config.livekit.participant_token(&TokenOptions {
        room: room.as_str().to_owned(),
        identity: identity.as_str().to_owned(),
        name: name.unwrap_or(identity.as_str()).to_owned(),
        ttl: TOKEN_TTL,
        can_update_own_metadata: false,
        speaks_for_account,
    })?)
}

/// Where participants take their tokens: LiveKit's own public address, or this API, which proxies `/rtc*`.
pub(super) fn signalling_url(api: &ControlApi) -> String {
    api.config
        .livekit_public_url
        .as_ref()
        .unwrap_or(&api.config.public_url)
        .ws()
}
