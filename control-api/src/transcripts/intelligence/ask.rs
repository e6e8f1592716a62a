//! Asking for a transcript. Whose it is, is written down before it is asked for: the webhook may be faster than the
//! answer.

use super::{client, failed};
use crate::{
    ControlApi, audio_upload, background::JobFailure, clock::now_ms, error::ApiError, spending,
};
use casp_store::{
    AccountId, StoreError,
    jobs::ClaimedJob,
    recordings,
    twilio_transcripts::{self, Wanted},
};
use casp_twilio::{
    RecordingSid,
    rest::{
        NewTranscript, PageRequest, Participant, ParticipantRole, TranscriptFilter,
        TranscriptSource, TwilioError,
    },
};

const NOT_CONFIGURED: &str = "Voice Intelligence is not configured: TWILIO_VOICE_INTELLIGENCE_SID.";
/// What sound whose length is not known counts as.
const UNKNOWN_LENGTH_MS: i64 = 60_000;

/// Who is on which channel of our recordings: the other side first.
pub(super) fn usual_participants() -> Vec<Participant> {
    let participant = |channel_participant, role| Participant {
        channel_participant,
        role,
        media_participant_id: None,
        user_id: None,
        full_name: None,
        email: None,
    };
    vec![
        participant(1, ParticipantRole::Customer),
        participant(2, ParticipantRole::Agent),
    ]
}

/// Asks for a transcript of so much sound, once; returns its id.
pub(super) async fn ask(
    api: &ControlApi,
    wanted: Wanted,
    source: TranscriptSource,
    participants: Vec<Participant>,
    media_start_time: Option<String>,
    length_ms: Option<i64>,
) -> Result<String, ApiError> {
    let twilio = client(api)?;
    let Some(intelligence) = &api.config.voice_intelligence else {
        return Err(ApiError::Unavailable(NOT_CONFIGURED));
    };
    admit(api, wanted.account, length_ms).await?;
    let store = &api.config.store;
    twilio_transcripts::want(store, &wanted, now_ms()).await?;
    let new = NewTranscript {
        service_sid: intelligence.service_sid.clone(),
        source,
        participants,
        customer_key: Some(wanted.customer_key.clone()),
        media_start_time,
    };
    match twilio.create_transcript(&new).await {
        Ok(transcript) => {
            let sid = transcript.sid.to_string();
            twilio_transcripts::named(store, &wanted.customer_key, &sid).await?;
            Ok(sid)
        }
        Err(error) => {
            // What may have happened will be named by the webhook.
            if !error.may_have_happened() {
                twilio_transcripts::unwanted(store, &wanted.customer_key).await?;
            }
            Err(failed(&error))
        }
    }
}

/// Twilio bills the house for it: 403 when the account's e-mail is not verified, 429 when it asks too often or has
/// spent the day's tokens.
async fn admit(
    api: &ControlApi,
    account: AccountId,
    length_ms: Option<i64>,
) -> Result<(), ApiError> {
    api.rate_limits.transcripts.count(account.0)?;
    let seconds = length_ms.unwrap_or(UNKNOWN_LENGTH_MS) as f64 / 1_000.0;
    spending::open_tab(api, account, audio_upload::tokens(seconds)).await?;
    Ok(())
}

/// Job: a recording is kept, and Voice Intelligence shall transcribe it. Begun twice, it asks once: an attempt whose
/// answer was lost is looked for first.
pub(crate) async fn create_job(api: &ControlApi, job: &ClaimedJob) -> Result<(), JobFailure> {
    let (Some(twilio), Some(intelligence)) = (&api.twilio, &api.config.voice_intelligence) else {
        return Err(JobFailure::Dead(NOT_CONFIGURED.into()));
    };
    let sid = job.payload["recording_sid"].as_str().unwrap_or_default();
    let store = &api.config.store;
    let Some(recording) = recordings::get(store, sid).await? else {
        return Err(JobFailure::Dead(
            "there is no such recording (any more)".into(),
        ));
    };
    let recording_sid =
        RecordingSid::new(sid).map_err(|error| JobFailure::Dead(error.to_string()))?;
    let wanted = Wanted {
        account: recording.account,
        customer_key: format!("recording-{sid}"),
        recording_sid: Some(recording.sid.clone()),
        call_sid: recording.call_sid.clone(),
        scenario_name: job.payload["scenario_name"].as_str().map(str::to_owned),
    };
    let key = wanted.customer_key.clone();
    if !twilio_transcripts::want(store, &wanted, now_ms()).await? {
        if is_named(api, &key).await? {
            return Ok(());
        }
        let filter = TranscriptFilter {
            source_sid: Some(recording.sid.clone()),
            ..TranscriptFilter::default()
        };
        let found = twilio
            .list_transcripts(&filter, &PageRequest::default())
            .await;
        if let Some(found) = found.map_err(again)?.entries.into_iter().next() {
            twilio_transcripts::named(store, &key, found.sid.as_str()).await?;
            return Ok(());
        }
    }
    let new = NewTranscript {
        service_sid: intelligence.service_sid.clone(),
        source: TranscriptSource::Recording(recording_sid),
        participants: usual_participants(),
        customer_key: Some(key.clone()),
        media_start_time: None,
    };
    let transcript = twilio.create_transcript(&new).await.map_err(again)?;
    twilio_transcripts::named(store, &key, transcript.sid.as_str()).await?;
    Ok(())
}

async fn is_named(api: &ControlApi, key: &str) -> Result<bool, StoreError> {
    // No transcript has this for its id.
    let found = twilio_transcripts::owner(&api.config.store, "", Some(key)).await?;
    Ok(found.is_some_and(|found| found.sid.is_some()))
}

/// What a job makes of Twilio's error.
#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn again(error: TwilioError) -> JobFailure {
    if error.is_passing() || error.may_have_happened() {
        JobFailure::Retry {
            error: error.to_string(),
            after: error.retry_after(),
        }
    } else {
        JobFailure::Dead(error.to_string())
    }
}
