//! Transcripts that are asked for by hand.

use super::ask::{ask, usual_participants};
use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    error::{ApiError, ErrorBody, Problem},
};
use axum::{Json, extract::State};
use casp_store::{recordings, twilio_transcripts::Wanted};
use casp_twilio::{
    RecordingSid,
    rest::{Participant, ParticipantRole, TranscriptSource},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Twilio's most.
const MOST_PARTICIPANTS: usize = 10;

/// A file to transcribe.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct MediaUrlRequest {
    /// Where Twilio fetches it: https, a public address.
    #[schema(example = "https://example.com/call.wav")]
    media_url: String,
    /// BCP 47. The language is the Voice Intelligence service's; another one is refused.
    #[schema(example = "en-US")]
    language_code: Option<String>,
    /// When it began, RFC 3339.
    media_start_time: Option<String>,
    /// Who is on which channel; by default the customer on the first, the agent on the second.
    #[serde(default)]
    participants: Vec<ParticipantRequest>,
    /// Who answered.
    scenario_name: Option<String>,
}

/// A recording to transcribe.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ParticipantsRequest {
    /// One of yours.
    #[schema(example = "RE0123456789abcdef0123456789abcdef")]
    recording_sid: String,
    /// Who is on which channel.
    participants: Vec<ParticipantRequest>,
    /// Who answered.
    scenario_name: Option<String>,
}

/// Somebody who speaks.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ParticipantRequest {
    /// From 1; by default the place in the list.
    #[schema(example = 1)]
    channel_participant: Option<u32>,
    /// `customer`, `agent`
    #[schema(example = "customer")]
    role: String,
    /// Their name.
    #[serde(alias = "name")]
    #[schema(example = "Customer")]
    full_name: Option<String>,
    /// Their number.
    #[serde(alias = "phone_number")]
    media_participant_id: Option<String>,
    /// Their id with you.
    user_id: Option<String>,
    /// Their e-mail.
    email: Option<String>,
}

/// It is being made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedTranscript {
    /// `success`
    #[schema(example = "success")]
    status: &'static str,
    #[schema(example = "GT0123456789abcdef0123456789abcdef")]
    transcript_sid: String,
}

/// Have an audio file transcribed by Voice Intelligence
///
/// Counted against the account's tokens of the day, as a minute of sound.
#[utoipa::path(
    post, path = "/twilio-transcripts/create-with-media-url", tag = "transcripts",
    request_body(content = MediaUrlRequest, example = json!({"media_url": "https://example.com/call.wav", "language_code": "en-US"})),
    responses(
        (status = 200, description = "It is being made", body = CreatedTranscript),
        (status = 502, description = "Twilio refuses, or does not answer", body = ErrorBody),
        Problem
    ),
    security(("api_key" = []))
)]
pub(crate) async fn create_with_media_url(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(request): JsonBody<MediaUrlRequest>,
) -> Result<Json<CreatedTranscript>, ApiError> {
    let url = api.tenant_urls.check(&request.media_url).await;
    let url = url.map_err(|error| ApiError::invalid_body("media_url", error.to_string()))?;
    let is_tag = |text: &String| {
        text.len() <= 35 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if request
        .language_code
        .as_ref()
        .is_some_and(|code| !is_tag(code))
    {
        return Err(ApiError::invalid_body(
            "language_code",
            "a language tag: en-US",
        ));
    }
    let start = request
        .media_start_time
        .map(|time| time.parse::<jiff::Timestamp>());
    let start = start
        .transpose()
        .map_err(|_| ApiError::invalid_body("media_start_time", "a time: 2024-01-15T10:30:00Z"))?;
    let participants = if request.participants.is_empty() {
        usual_participants()
    } else {
        checked(request.participants)?
    };
    let wanted = Wanted {
        account: caller.account,
        customer_key: random_key(),
        recording_sid: None,
        call_sid: None,
        scenario_name: scenario(request.scenario_name)?,
    };
    let source = TranscriptSource::MediaUrl(url.as_str().to_owned());
    let start = start.map(|start| start.to_string());
    let transcript_sid = ask(&api, wanted, source, participants, start, None).await?;
    Ok(Json(CreatedTranscript {
        status: "success",
        transcript_sid,
    }))
}

/// Have a recording transcribed by Voice Intelligence
///
/// Counted against the account's tokens of the day, by its length.
#[utoipa::path(
    post, path = "/twilio-transcripts/create-with-participants", tag = "transcripts",
    request_body(content = ParticipantsRequest, example = json!({
        "recording_sid": "RE0123456789abcdef0123456789abcdef",
        "participants": [{"channel_participant": 1, "role": "customer"}, {"channel_participant": 2, "role": "agent"}]
    })),
    responses(
        (status = 200, description = "It is being made", body = CreatedTranscript),
        (status = 502, description = "Twilio refuses, or does not answer", body = ErrorBody),
        Problem
    ),
    security(("api_key" = []))
)]
pub(crate) async fn create_with_participants(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(request): JsonBody<ParticipantsRequest>,
) -> Result<Json<CreatedTranscript>, ApiError> {
    const NO_RECORDING: ApiError = ApiError::NotFound("There is no such recording.");
    let sid = RecordingSid::new(request.recording_sid).map_err(|_| NO_RECORDING)?;
    let recording = recordings::get(&api.config.store, sid.as_str()).await?;
    let recording = recording.filter(|recording| recording.account == caller.account);
    let recording = recording.ok_or(NO_RECORDING)?;
    let length_ms = recording.duration_ms;
    let wanted = Wanted {
        account: caller.account,
        customer_key: random_key(),
        recording_sid: Some(recording.sid),
        call_sid: recording.call_sid,
        scenario_name: scenario(request.scenario_name)?,
    };
    let participants = checked(request.participants)?;
    let source = TranscriptSource::Recording(sid);
    let transcript_sid = ask(&api, wanted, source, participants, None, length_ms).await?;
    Ok(Json(CreatedTranscript {
        status: "success",
        transcript_sid,
    }))
}

fn random_key() -> String {
    format!("casp-{:032x}", rand::random::<u128>())
}

fn scenario(name: Option<String>) -> Result<Option<String>, ApiError> {
    let is_fine = |name: &String| name.len() <= 200 && !name.contains('\0');
    match name {
        Some(name) if !is_fine(&name) => Err(ApiError::invalid_body(
            "scenario_name",
            "at most 200 bytes, without NUL",
        )),
        name => Ok(name.filter(|name| !name.is_empty())),
    }
}

fn checked(participants: Vec<ParticipantRequest>) -> Result<Vec<Participant>, ApiError> {
    let invalid = |msg| Err(ApiError::invalid_body("participants", msg));
    if participants.is_empty() || participants.len() > MOST_PARTICIPANTS {
        return invalid("1 to 10 participants");
    }
    let mut checked = Vec::with_capacity(participants.len());
    for (place, one) in participants.into_iter().enumerate() {
        let role = match one.role.to_ascii_lowercase().as_str() {
            "customer" => ParticipantRole::Customer,
            "agent" => ParticipantRole::Agent,
            _ => return invalid("a role is customer or agent"),
        };
        let texts = [
            &one.full_name,
            &one.media_participant_id,
            &one.user_id,
            &one.email,
        ];
        if texts.into_iter().flatten().any(|text| text.len() > 256) {
            return invalid("texts of at most 256 bytes");
        }
        checked.push(Participant {
            channel_participant: one.channel_participant.unwrap_or(place as u32 + 1),
            role,
            media_participant_id: one.media_participant_id,
            user_id: one.user_id,
            full_name: one.full_name,
            email: one.email,
        });
    }
    Ok(checked)
}
