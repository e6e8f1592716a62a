//! Records a room: a participant of its own (`recorder-RE…`) that everybody sees, says that it records, and then writes
//! down what everybody says who has heard so. Who comes later is told first, too.
//!
//! It runs in the process that was asked to record. It ends when it is put out of the room (which any other process can
//! do), when nobody is left who could speak, or when the process ends; what was recorded until then is kept.

mod announcement;
mod audience;
mod mixer;
mod ogg_opus;
mod studio;
mod tracks;

use crate::{ControlApi, clock::now_ms, error::ApiError};
use announcement::AnnouncementError;
use casp_room::{
    AudioCodec, AutoSubscribe, PublishOptions, Room, RoomOptions, admin::TokenOptions,
};
use casp_store::{
    recordings::{self, NewRecording, StoredSound},
    sessions::Session,
};
use serde_json::json;
use std::time::Duration;
use studio::{Studio, Take};

/// The identity's first part; nobody else can have it.
const IDENTITY: &str = "recorder-";
/// Life of the recorder's token; LiveKit renews it while it is in the room.
const TOKEN_TTL: Duration = Duration::from_mins(15);
const JOIN_TIMEOUT: Duration = Duration::from_secs(8);
/// Rooms that one process records at once.
const MOST: usize = 64;
/// Who is told that a recording broke off is told no more than that.
const BROKE_OFF: &str = "the recording broke off";

/// The identity of the recorder that makes this recording.
pub(crate) fn identity(recording: &str) -> String {
    format!("{IDENTITY}{recording}")
}

/// The recording that a participant makes, if it is a recorder.
pub(crate) fn recording_of(identity: &str) -> Option<&str> {
    identity.strip_prefix(IDENTITY)
}

/// Begins to record a room. Returns the recording's id once the recorder is in the room; it goes on by itself.
pub(crate) async fn start(api: &ControlApi, session: &Session) -> Result<String, ApiError> {
    let place = api.recorders.clone().try_acquire_owned().map_err(|_| {
        ApiError::Unavailable("Too many rooms are being recorded. Try again later.")
    })?;
    let Some(text_to_speech) = &api.config.text_to_speech else {
        return Err(ApiError::Unavailable(
            "No text-to-speech is configured, so nobody could be told that a recording begins.",
        ));
    };
    let assistant = casp_assistants::find(&api.config.store, session.account, &session.assistant);
    let voice_type = assistant.await?.map(|assistant| assistant.voice_type);
    let words = announcement::make(&**text_to_speech, &voice_type.unwrap_or_default()).await;
    let words = words.map_err(|error: AnnouncementError| {
        tracing::error!(%error, session = session.id, "a recording cannot be announced, so it does not begin");
        ApiError::Unavailable(
            "Text-to-speech failed, so nobody could be told that a recording begins. Try again.",
        )
    })?;
    let id = format!("RE{}", hex::encode(rand::random::<[u8; 16]>()));
    let token = api.config.livekit.participant_token(&TokenOptions {
        room: session.room_name.clone(),
        identity: identity(&id),
        name: "Recorder".to_owned(),
        ttl: TOKEN_TTL,
        can_update_own_metadata: false,
        speaks_for_account: false,
    })?;
    let publish = PublishOptions {
        name: "announcement".to_owned(),
        codec: AudioCodec::Opus,
        dtx: true,
    };
    let options = RoomOptions {
        auto_subscribe: AutoSubscribe::Audio,
        publish: Some(publish.clone()),
        connect_timeout: JOIN_TIMEOUT,
        ..RoomOptions::default()
    };
    let (room, events) = Room::connect(api.config.livekit.ws_url(), &token, options).await?;
    let track = room.publish_audio(publish).await?;
    let new = NewRecording {
        account: session.account,
        sid: id.clone(),
        session_id: Some(session.id.clone()),
        call_sid: None,
        source: "room",
        duration_ms: None,
        channels: Some(1),
        consent: json!({}),
        started_at_ms: now_ms(),
    };
    if let Err(error) = recordings::announce(&api.config.store, &new).await {
        room.leave().await;
        return Err(error.into());
    }
    tracing::info!(
        session = session.id,
        recording = id,
        "a room is being recorded"
    );
    let studio = Studio::new(api.clone(), room, track, words, id.clone());
    let (api, key) = (api.clone(), format!("{}/{id}.ogg", session.account.0));
    let recording = id.clone();
    api.tasks.clone().spawn(async move {
        let take = studio.record(events, &key).await;
        keep(&api, &recording, key, take).await;
        drop(place);
    });
    Ok(id)
}

/// How many may record at once.
pub(crate) fn places() -> std::sync::Arc<tokio::sync::Semaphore> {
    std::sync::Arc::new(tokio::sync::Semaphore::new(MOST))
}

/// Writes down what came of it.
async fn keep(api: &ControlApi, id: &str, key: String, take: Take) {
    let store = &api.config.store;
    let kept = match take {
        Take::Sound { bytes, duration_ms } => {
            let sound = StoredSound {
                object_key: key.clone(),
                content_type: "audio/ogg".to_owned(),
                bytes,
            };
            match recordings::lasted(store, id, duration_ms).await {
                Ok(()) => recordings::stored(store, id, &sound).await,
                Err(error) => Err(error),
            }
        }
        Take::Nothing(why) => recordings::failed(store, id, why).await.map(|()| true),
    };
    match kept {
        Ok(true) => {}
        // It was erased meanwhile.
        Ok(false) => {
            if let Err(error) = api.config.recordings.files.delete(&key).await {
                tracing::error!(%error, recording = id, "the sound of an erased recording stays");
            }
        }
        Err(error) => tracing::error!(%error, recording = id, "not written down"),
    }
}
