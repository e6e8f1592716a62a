//! LiveKit's server API: tokens, rooms, dispatch, webhooks.

use crate::{RemoteTrack, RoomError, server_url::ServerUrl, session};
use livekit_api::{
    access_token::{AccessToken, TokenVerifier, VideoGrants},
    services::{LiveKitApi, ServerError, ServerErrorCode, ServiceError, room::CreateRoomOptions},
    webhooks::WebhookReceiver,
};
use livekit_protocol as proto;
use std::{collections::HashMap, sync::Arc, time::Duration};

/// The API answers within milliseconds; whoever waits for it is in a call.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Workers keep their connection for long; each (re)connection needs a valid token only once.
const WORKER_TOKEN_TTL: Duration = Duration::from_mins(10);

/// The server, with the key that makes tokens for it. Cheap to clone; clones share their HTTP connections.
#[derive(Clone)]
pub struct LiveKit {
    server: ServerUrl,
    credentials: Arc<Credentials>,
    api: Arc<LiveKitApi>,
}

struct Credentials {
    key: String,
    secret: String,
}

impl std::fmt::Debug for LiveKit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveKit")
            .field("url", &self.server.websocket())
            .field("api_key", &self.credentials.key)
            .finish_non_exhaustive()
    }
}

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
    /// It is the room's own account that comes, and no guest: see
    /// [`RemoteParticipant::speaks_for_account`](crate::RemoteParticipant::speaks_for_account).
    pub speaks_for_account: bool,
}

/// What tells in a participant's attributes that it is the account itself. It names nobody, since everybody in the room
/// reads it, and only who signs tokens sets it: participants may not change their own attributes.
pub(crate) const SPEAKER: (&str, &str) = ("casp.speaker", "account");

impl Default for TokenOptions {
    /// Ten minutes, no own metadata; room and identity must be filled in.
    fn default() -> Self {
        Self {
            room: String::new(),
            identity: String::new(),
            name: String::new(),
            ttl: Duration::from_mins(10),
            can_update_own_metadata: false,
            speaks_for_account: false,
        }
    }
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
    pub attributes: HashMap<String, String>,
    /// Published tracks.
    pub tracks: Vec<RemoteTrack>,
}

impl LiveKit {
    /// `url` in any of the four schemes.
    pub fn new(url: &str, api_key: &str, api_secret: &str) -> Result<Self, RoomError> {
        let server = ServerUrl::parse(url)?;
        let api = LiveKitApi::with_api_key(server.http(), api_key, api_secret)
            .with_request_timeout(TIMEOUT);
        Ok(Self {
            server,
            credentials: Arc::new(Credentials {
                key: api_key.to_owned(),
                secret: api_secret.to_owned(),
            }),
            api: Arc::new(api),
        })
    }

    /// `ws(s)://…`, for participants and workers.
    pub fn ws_url(&self) -> &str {
        self.server.websocket()
    }

    /// `http(s)://…`, for the API.
    pub fn http_url(&self) -> &str {
        self.server.http()
    }

    fn token(&self) -> AccessToken {
        AccessToken::with_api_key(&self.credentials.key, &self.credentials.secret)
    }

    /// A participant token: join that room, publish and subscribe, data; no admin grant, no making of rooms.
    pub fn participant_token(&self, options: &TokenOptions) -> Result<String, RoomError> {
        for (what, value) in [("room", &options.room), ("identity", &options.identity)] {
            if value.is_empty() {
                return Err(RoomError::Api(format!("a token needs a non-empty {what}")));
            }
        }
        let mut token = self.token();
        if options.speaks_for_account {
            let (name, value) = SPEAKER;
            token = token.with_attributes([(name.to_owned(), value.to_owned())]);
        }
        token
            .with_identity(&options.identity)
            .with_name(&options.name)
            .with_ttl(options.ttl)
            .with_grants(VideoGrants {
                room_join: true,
                room: options.room.clone(),
                can_publish: Some(true),
                can_subscribe: Some(true),
                can_publish_data: Some(true),
                can_update_own_metadata: Some(options.can_update_own_metadata),
                ..Default::default()
            })
            .to_jwt()
            .map_err(|error| RoomError::Api(error.to_string()))
    }

    /// A token that registers a worker; good for ten minutes, as a worker needs it only to connect.
    pub fn worker_token(&self) -> Result<String, RoomError> {
        self.token()
            .with_ttl(WORKER_TOKEN_TTL)
            .with_grants(VideoGrants {
                agent: true,
                ..Default::default()
            })
            .to_jwt()
            .map_err(|error| RoomError::Api(error.to_string()))
    }

    /// Makes a room, or finds the one of that name.
    pub async fn create_room(&self, room: &CreateRoom) -> Result<(), RoomError> {
        let options = CreateRoomOptions {
            empty_timeout: seconds(room.empty_timeout),
            departure_timeout: seconds(room.departure_timeout),
            ..Default::default()
        };
        let made = self.api.room().create_room(&room.name, options).await;
        made.map(drop).map_err(|error| api_error(&error))
    }

    /// Deletes a room and puts everybody out; a room that is not there is fine.
    pub async fn delete_room(&self, name: &str) -> Result<(), RoomError> {
        or_absent(self.api.room().delete_room(name).await).map(drop)
    }

    /// Names of all rooms.
    pub async fn room_names(&self) -> Result<Vec<String>, RoomError> {
        let rooms = self.api.room().list_rooms(Vec::new()).await;
        let rooms = rooms.map_err(|error| api_error(&error))?;
        Ok(rooms.into_iter().map(|room| room.name).collect())
    }

    /// Who is in a room; `None` when there is no such room.
    pub async fn participants(
        &self,
        room: &str,
    ) -> Result<Option<Vec<ListedParticipant>>, RoomError> {
        let listed = or_absent(self.api.room().list_participants(room).await)?;
        let listed = listed.unwrap_or_default();
        if listed.is_empty() {
            // The server lists nobody for a room that does not exist, too.
            let rooms = self.api.room().list_rooms(vec![room.to_owned()]).await;
            let rooms = rooms.map_err(|error| api_error(&error))?;
            return Ok((!rooms.is_empty()).then(Vec::new));
        }
        Ok(Some(listed.iter().map(describe).collect()))
    }

    /// Puts a participant out; one that is not there is fine.
    pub async fn remove_participant(&self, room: &str, identity: &str) -> Result<(), RoomError> {
        or_absent(self.api.room().remove_participant(room, identity).await).map(drop)
    }

    /// Asks for an agent; `agent_name` empty means the unnamed (automatic) workers.
    pub async fn dispatch_agent(
        &self,
        room: &str,
        agent_name: &str,
        metadata: &str,
    ) -> Result<(), RoomError> {
        let request = proto::CreateAgentDispatchRequest {
            room: room.to_owned(),
            agent_name: agent_name.to_owned(),
            metadata: metadata.to_owned(),
            ..Default::default()
        };
        let dispatched = self.api.agent_dispatch().create_dispatch(request).await;
        dispatched.map(drop).map_err(|error| api_error(&error))
    }

    /// Checks and reads a webhook of the server's (`Authorization` header and raw body).
    pub fn receive_webhook(
        &self,
        body: &str,
        authorization: &str,
    ) -> Result<proto::WebhookEvent, RoomError> {
        let token = authorization
            .strip_prefix("Bearer ")
            .unwrap_or(authorization);
        let Credentials { key, secret } = &*self.credentials;
        WebhookReceiver::new(TokenVerifier::with_api_key(key, secret))
            .receive(body, token)
            .map_err(|error| RoomError::Refused(format!("webhook: {error}")))
    }
}

/// Whole seconds, at least one: LiveKit takes 0 for its own default.
fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX).max(1)
}

fn describe(info: &proto::ParticipantInfo) -> ListedParticipant {
    let participant = session::describe(info);
    ListedParticipant {
        is_agent: participant.kind == crate::ParticipantKind::Agent,
        identity: participant.identity,
        name: participant.name,
        attributes: participant.attributes,
        tracks: participant.tracks,
    }
}

fn or_absent<T>(result: Result<T, ServiceError>) -> Result<Option<T>, RoomError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(ServiceError::Twirp(ServerError::Twirp(error)))
            if error.code == ServerErrorCode::NOT_FOUND =>
        {
            Ok(None)
        }
        Err(error) => Err(api_error(&error)),
    }
}

fn api_error(error: &ServiceError) -> RoomError {
    match error {
        ServiceError::Twirp(ServerError::Request(error)) if error.is_timeout() => {
            RoomError::Timeout("LiveKit's API")
        }
        ServiceError::Twirp(ServerError::Request(error)) => {
            RoomError::Connection(format!("LiveKit's API: {error}"))
        }
        other => RoomError::Api(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use livekit_api::access_token::Claims;

    fn livekit() -> LiveKit {
        LiveKit::new(
            "wss://a.example",
            "key",
            "a secret of more than 32 bytes, at last",
        )
        .unwrap()
    }

    #[test]
    fn a_participant_token_opens_one_room_and_no_more() {
        let options = TokenOptions {
            room: "r".into(),
            identity: "i".into(),
            ..Default::default()
        };
        let token = livekit().participant_token(&options).unwrap();
        let claims = Claims::from_unverified(&token).unwrap();
        assert_eq!(
            (claims.sub.as_str(), claims.video.room.as_str()),
            ("i", "r")
        );
        let video = claims.video;
        assert!(video.room_join && video.can_publish() && video.can_subscribe());
        assert!(!video.room_create && !video.room_admin && !video.room_list && !video.agent);
        assert_eq!(video.can_update_own_metadata, Some(false));
    }

    #[test]
    fn a_token_for_any_room_or_nobody_is_not_made() {
        let options = TokenOptions {
            identity: "i".into(),
            ..Default::default()
        };
        assert!(livekit().participant_token(&options).is_err());
    }

    #[test]
    fn the_secret_is_not_shown() {
        assert!(!format!("{:?}", livekit()).contains("a secret"));
    }

    #[test]
    fn a_webhook_of_another_key_is_refused() {
        let other = LiveKit::new("wss://a", "key", "another secret of more than 32 bytes").unwrap();
        let token = other.worker_token().unwrap();
        assert!(livekit().receive_webhook("{}", &token).is_err());
    }
}
