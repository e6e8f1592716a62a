//! Job: a recording that Twilio has made is noted, with what the caller was told, fetched as a stream, and, where that
//! is wanted, transcribed by Voice Intelligence and deleted at Twilio. `/recording-callback` asks for it.

use crate::{ControlApi, background::JobFailure, clock::now_ms, transcripts::CREATE_JOB};
use casp_store::{
    StoreError,
    jobs::{ClaimedJob, NewJob},
    recordings::{self, NewRecording, Recording, RecordingStatus, StoredSound},
    sessions::{self, Session},
    transcripts as conversations,
};
use casp_twilio::{
    RecordingSid,
    rest::{MediaFormat, TwilioClient, TwilioError},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// Its kind.
pub(crate) const FETCH_JOB: &str = "fetch-recording";
/// Tries to have it transcribed, over hours.
const ATTEMPTS: u32 = 10;
/// Largest recording: a day of two channels, as Twilio writes WAV.
const MOST_BYTES: u64 = 3 * 1024 * 1024 * 1024;

/// What the webhook said.
#[derive(Debug, Deserialize)]
struct Payload {
    recording_sid: String,
    call_sid: String,
    session_id: String,
    duration_s: Option<i64>,
    channels: Option<i64>,
    #[serde(default)]
    consent: Value,
}

/// Does it. Begun twice, it goes on where it was.
pub(crate) async fn fetch_job(api: &ControlApi, job: &ClaimedJob) -> Result<(), JobFailure> {
    let dead = |why: &str| JobFailure::Dead(why.to_owned());
    let twilio = api
        .twilio
        .as_ref()
        .ok_or_else(|| dead("Twilio is not configured"))?;
    let payload = Payload::deserialize(&job.payload).map_err(|error| dead(&error.to_string()))?;
    let sid = RecordingSid::new(payload.recording_sid.as_str())
        .map_err(|error| dead(&error.to_string()))?;
    let store = &api.config.store;
    let session = sessions::get(store, &payload.session_id).await?;
    let session = session.ok_or_else(|| dead("there is no such session (any more)"))?;
    recordings::announce(store, &noted(&session, payload)).await?;
    let recording = recordings::get(store, sid.as_str()).await?;
    let recording = recording.filter(|recording| recording.account == session.account);
    let recording = recording.ok_or_else(|| dead("the recording is another account's"))?;
    if recording.status != RecordingStatus::Stored
        && conversations::is_deleted(store, session.account, &session.id).await?
    {
        tracing::info!(
            session = session.id,
            "a recording of what was erased is not kept"
        );
        let erased = super::erase(api, &recording).await;
        return erased.map_err(|error| JobFailure::retry(error.to_string()));
    }
    let is_transcribed = api
        .config
        .voice_intelligence
        .as_ref()
        .is_some_and(|intelligence| intelligence.is_automatic);
    if is_transcribed {
        have_transcribed(api, &session, &sid).await?;
    }
    if recording.status != RecordingStatus::Stored {
        let kept = keep(api, twilio, &recording, &sid).await;
        match &kept {
            Err(JobFailure::Dead(error)) => recordings::failed(store, sid.as_str(), error).await?,
            Err(_) if job.attempt >= job.max_attempts => {
                let error = "it could not be fetched from Twilio";
                recordings::failed(store, sid.as_str(), error).await?;
            }
            _ => {}
        }
        kept?;
        // It may have been erased while it came.
        if conversations::is_deleted(store, session.account, &session.id).await? {
            let erased = super::erase(api, &recording).await;
            return erased.map_err(|error| JobFailure::retry(error.to_string()));
        }
    }
    // Voice Intelligence reads it there, when it comes to it; it is deleted when its transcript is kept.
    if api.config.recordings.is_deleted_at_twilio && !is_transcribed {
        twilio.delete_recording(&sid).await.map_err(failure)?;
    }
    Ok(())
}

fn noted(session: &Session, payload: Payload) -> NewRecording {
    // It began right after the announcement.
    let announced_at = payload.consent["announced_at"].as_str();
    let announced_at = announced_at.and_then(|at| at.parse::<jiff::Timestamp>().ok());
    NewRecording {
        account: session.account,
        sid: payload.recording_sid,
        session_id: Some(session.id.clone()),
        call_sid: Some(payload.call_sid),
        source: "twilio",
        duration_ms: payload
            .duration_s
            .map(|seconds| seconds.saturating_mul(1_000)),
        channels: payload.channels,
        started_at_ms: announced_at.map_or(session.started_at_ms, jiff::Timestamp::as_millisecond),
        consent: payload.consent,
    }
}

async fn have_transcribed(
    api: &ControlApi,
    session: &Session,
    sid: &RecordingSid,
) -> Result<(), StoreError> {
    let job = NewJob {
        kind: CREATE_JOB,
        account: Some(session.account),
        key: Some(sid.to_string()),
        payload: json!({"recording_sid": sid.as_str(), "scenario_name": session.assistant}),
        run_at_ms: now_ms(),
        max_attempts: ATTEMPTS,
    };
    api.enqueue(&job).await?;
    Ok(())
}

async fn keep(
    api: &ControlApi,
    twilio: &TwilioClient,
    recording: &Recording,
    sid: &RecordingSid,
) -> Result<(), JobFailure> {
    let channels = recording
        .channels
        .and_then(|channels| u32::try_from(channels).ok());
    let media = twilio
        .recording_media(sid, MediaFormat::Wav, channels)
        .await;
    let media = media.map_err(failure)?;
    let content_type = media.content_type().unwrap_or("audio/x-wav").to_owned();
    let key = format!("{}/{sid}.wav", recording.account.0);
    let files = &api.config.recordings.files;
    let bytes = files.put(&key, MOST_BYTES, media.into_stream()).await;
    let bytes = bytes.map_err(|error| match error {
        super::RecordingsError::TooLarge(_) => JobFailure::Dead(error.to_string()),
        error => JobFailure::retry(error.to_string()),
    })?;
    let sound = StoredSound {
        object_key: key.clone(),
        content_type,
        bytes: bytes.cast_signed(),
    };
    if !recordings::stored(&api.config.store, sid.as_str(), &sound).await? {
        // It was erased meanwhile.
        let deleted = files.delete(&key).await;
        deleted.map_err(|error| JobFailure::retry(error.to_string()))?;
    }
    Ok(())
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn failure(error: TwilioError) -> JobFailure {
    // Right after the webhook Twilio may not know it yet.
    if error.is_passing() || error.is_not_found() {
        JobFailure::Retry {
            error: error.to_string(),
            after: error.retry_after(),
        }
    } else {
        JobFailure::Dead(error.to_string())
    }
}
