//! `POST /twilio-transcripts/webhook-callback`: Voice Intelligence says that a transcript is ready. The webhook only
//! says which; what it says is fetched from Twilio by a job, so that a webhook that comes twice, or late, or from
//! nowhere, changes nothing.

use super::FETCH_JOB;
use crate::{
    ControlApi, body,
    clock::now_ms,
    error::{ApiError, FieldError, SignedProblem},
};
use axum::{
    extract::{FromRequest, OriginalUri, Request, State},
    http::StatusCode,
};
use casp_store::jobs::NewJob;
use casp_twilio::{TranscriptSid, signature::HEADER};
use serde_json::{Value, json};

/// Tries of one transcript, over hours.
const ATTEMPTS: u32 = 12;

/// A transcript is ready
///
/// It is fetched and stored in the background.
#[utoipa::path(
    post, path = "/twilio-transcripts/webhook-callback", tag = "twilio",
    request_body(content = String, content_type = "application/json",
        description = "Twilio's webhook, as JSON (with `bodySHA256` in the URL) or as a form: `transcript_sid`, `customer_key`, …",
        example = json!({"transcript_sid": "GT0123456789abcdef0123456789abcdef", "event_type": "voice_intelligence_transcript_available"})),
    responses((status = 204, description = "Noted"), SignedProblem),
    security(("twilio_signature" = []))
)]
pub(crate) async fn transcript_ready(
    State(api): State<ControlApi>,
    notice: SignedNotice,
) -> Result<StatusCode, ApiError> {
    let job = NewJob {
        kind: FETCH_JOB,
        account: None,
        key: Some(notice.transcript_sid.to_string()),
        payload: json!({"transcript_sid": notice.transcript_sid.as_str()}),
        run_at_ms: now_ms(),
        max_attempts: ATTEMPTS,
    };
    api.enqueue(&job).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What Twilio signed: which transcript it is about.
pub(crate) struct SignedNotice {
    transcript_sid: TranscriptSid,
}

impl FromRequest<ControlApi> for SignedNotice {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &ControlApi) -> Result<Self, ApiError> {
        let uri = request.extensions().get::<OriginalUri>();
        let uri = uri.map_or_else(|| request.uri().clone(), |OriginalUri(uri)| uri.clone());
        let signature = request
            .headers()
            .get(HEADER)
            .and_then(|value| value.to_str().ok());
        let signature = signature.unwrap_or_default().to_owned();
        let body = body::read(request, api.config.limits.body_bytes).await?;
        let json: Option<Value> = serde_json::from_slice(&body).ok();
        let form: Vec<(String, String)> = match json {
            Some(_) => Vec::new(),
            None => url::form_urlencoded::parse(&body).into_owned().collect(),
        };
        match &api.validator {
            Some(validator) => {
                let path = uri.path_and_query().map_or("/", |path| path.as_str());
                let url = format!("{}{path}", api.config.public_url.http());
                let is_signed = if json.is_some() {
                    validator.is_valid_body(&url, &body, &signature)
                } else {
                    validator.is_valid(&url, &form, &signature)
                };
                if !is_signed {
                    return Err(ApiError::Forbidden("The signature is missing or wrong."));
                }
            }
            None if api.config.is_dev => {}
            None => {
                return Err(ApiError::Unavailable(
                    "TWILIO_AUTH_TOKEN is not set, so this cannot be checked.",
                ));
            }
        }
        let text = |names: [&str; 2]| match &json {
            Some(json) => names
                .iter()
                .find_map(|name| json[*name].as_str().map(str::to_owned)),
            None => form
                .iter()
                .find(|(key, _)| names.contains(&key.as_str()))
                .map(|(_, value)| value.clone()),
        };
        let invalid =
            |msg: String| ApiError::Invalid(vec![FieldError::new("body", "transcript_sid", msg)]);
        let sid = text(["transcript_sid", "TranscriptSid"])
            .ok_or_else(|| invalid("this field is required".into()))?;
        let transcript_sid = TranscriptSid::new(sid).map_err(|error| invalid(error.to_string()))?;
        Ok(Self { transcript_sid })
    }
}
