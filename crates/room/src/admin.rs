//! LiveKit's server API: tokens, rooms, dispatch, webhooks.

use crate::RoomError;
use std::time::Duration;

/// The server, with the key that makes tokens for it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LiveKit {}

/// What a participant token allows.
#[derive(Debug, Clone)]
pub struct TokenOptions {
    /// The one room it is good for.
    pub room: String,
    /// Identity.
    pub identity: String,
    /// Display name.
    pub name: String,
    /// Life time.
    pub ttl: Duration,
    /// May set its own metadata and attributes.
    pub can_update_own_metadata: bool,
}

/// How a room is made.
#[derive(Debug, Clone)]
pub struct CreateRoom {
    /// Name.
    pub name: String,
    /// Closed after this time with nobody in it since its making.
    pub empty_timeout: Duration,
    /// Closed after this time when the last has left.
    pub departure_timeout: Duration,
}

/// A participant as the server's API lists it.
#[derive(Debug, Clone)]
pub struct ListedParticipant {
    /// Identity.
    pub identity: String,
    /// Name.
    pub name: String,
    /// Is an agent.
    pub is_agent: bool,
    /// Attributes.
    pub attributes: std::collections::HashMap<String, String>,
    /// Published tracks: (sid, kind, muted).
    pub tracks: Vec<crate::RemoteTrack>,
}

impl LiveKit {
    /// `url` in any of the four schemes.
    pub fn new(_url: &str, _api_key: &str, _api_secret: &str) -> Result<Self, RoomError> {
        unimplemented!()
    }
    /// `ws(s)://…`, for participants and workers.
    pub fn ws_url(&self) -> &str {
        unimplemented!()
    }
    /// `http(s)://…`, for the API.
    pub fn http_url(&self) -> &str {
        unimplemented!()
    }
    /// A participant token: join that room, publish and subscribe, data; no admin grant, no `room.auto_create`.
    pub fn participant_token(&self, _options: &TokenOptions) -> Result<String, RoomError> {
        unimplemented!()
    }
    /// A token that registers a worker.
    pub fn worker_token(&self) -> Result<String, RoomError> {
        unimplemented!()
    }
    /// Makes a room, or finds the one of that name.
    pub async fn create_room(&self, _room: &CreateRoom) -> Result<(), RoomError> {
        unimplemented!()
    }
    /// Deletes a room and puts everybody out; a room that is not there is fine.
    pub async fn delete_room(&self, _name: &str) -> Result<(), RoomError> {
        unimplemented!()
    }
    /// Names of all rooms.
    pub async fn room_names(&self) -> Result<Vec<String>, RoomError> {
        unimplemented!()
    }
    /// Who is in a room; `None` when there is no such room.
    pub async fn participants(
        &self,
        _room: &str,
    ) -> Result<Option<Vec<ListedParticipant>>, RoomError> {
        unimplemented!()
    }
    /// Puts a participant out; one that is not there is fine.
    pub async fn remove_participant(&self, _room: &str, _identity: &str) -> Result<(), RoomError> {
        unimplemented!()
    }
    /// Asks for an agent; `agent_name` empty means the unnamed (automatic) workers.
    pub async fn dispatch_agent(
        &self,
        _room: &str,
        _agent_name: &str,
        _metadata: &str,
    ) -> Result<(), RoomError> {
        unimplemented!()
    }
    /// Checks and reads a webhook of the server's (`Authorization` header and raw body).
    pub fn receive_webhook(
        &self,
        _body: &str,
        _authorization: &str,
    ) -> Result<livekit_protocol::WebhookEvent, RoomError> {
        unimplemented!()
    }
}
