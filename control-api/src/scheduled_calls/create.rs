//! `POST /schedule-call`

use super::{ScheduledCallView, view};
use crate::{
    ControlApi,
    calls::ToNumber,
    clock::now_ms,
    error::{ApiError, ErrorBody, FieldError, Problem},
    idempotency::{Idempotency, IdempotencyHeader, Idempotent},
    spending::{self, Initiator},
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use casp_store::{
    AccountId,
    scheduled_calls::{self, NewScheduledCall},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// Calls of one account that wait for their time.
const MOST_WAITING: i64 = 1_000;
/// How far ahead.
const FARTHEST_MS: i64 = 366 * 24 * 60 * 60 * 1_000;
const TOO_MANY: ApiError = ApiError::Conflict(
    "The account has 1000 scheduled calls that wait for their time. Cancel some.",
);

/// Whom to call, by whom, and when.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ScheduleRequest {
    /// Whom.
    #[schema(value_type = String, pattern = r"^\+[1-9]\d{6,14}$", example = "+1234567890")]
    phone_number: ToNumber,
    /// A built-in scenario, or one of the account's own.
    #[schema(max_length = 128, example = "sales")]
    scenario: String,
    /// RFC 3339, in the future, at most a year ahead; UTC where it names no offset.
    #[schema(value_type = String, format = DateTime, example = "2030-01-15T14:00:00Z")]
    scheduled_time: CallTime,
}

/// A time.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct CallTime {
    unix_ms: i64,
}

impl TryFrom<String> for CallTime {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let with_offset = text.parse::<jiff::Timestamp>().ok();
        let in_utc = || {
            let time = text.parse::<jiff::civil::DateTime>().ok()?;
            let time = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
            Some(time.timestamp())
        };
        // A day without a time would be a call at midnight.
        let time = with_offset.or_else(in_utc).filter(|_| text.contains(':'));
        let time = time.ok_or("a time is RFC 3339: 2030-01-15T14:00:00Z")?;
        Ok(Self {
            unix_ms: time.as_millisecond(),
        })
    }
}

/// Schedule a call
///
/// It is placed once, at its time, also when the server is restarted in between; up to 15 minutes late when no server
/// was there, and not at all after that. 403 when the account may not place calls, or not to this number. When its
/// time comes, the day's ceilings, the do-not-call list and the calling hours decide too.
#[utoipa::path(
    post, path = "/schedule-call", tag = "phone",
    params(IdempotencyHeader),
    request_body = ScheduleRequest,
    responses(
        (status = 201, description = "It will be placed", body = ScheduledCallView),
        (status = 409, description = "1,000 calls wait already, or a request with this Idempotency-Key is running", body = ErrorBody),
        Problem
    ),
    security(("api_key" = []))
)]
pub(crate) async fn schedule_call(
    State(api): State<ControlApi>,
    Initiator(caller): Initiator,
    request: Idempotent<ScheduleRequest>,
) -> Response {
    let Idempotent { body, idempotency } = request;
    let run_api = api.clone();
    let run = move |attempt: crate::idempotency::Attempt| async move {
        schedule(&run_api, caller.account, body, attempt.name).await
    };
    Idempotency::once(idempotency, &api, caller.account, "schedule-call", run).await
}

async fn schedule(
    api: &ControlApi,
    account: AccountId,
    request: ScheduleRequest,
    name: Option<String>,
) -> Result<(StatusCode, Json<ScheduledCallView>), ApiError> {
    let now = now_ms();
    let at = request.scheduled_time.unix_ms;
    let mut wrong = Vec::new();
    if at <= now {
        let msg = "this time is past";
        wrong.push(FieldError::new("body", "scheduled_time", msg));
    } else if at - now > FARTHEST_MS {
        let msg = "this is more than a year ahead";
        wrong.push(FieldError::new("body", "scheduled_time", msg));
    }
    let store = &api.config.store;
    let assistant = casp_assistants::find(store, account, &request.scenario).await?;
    if assistant.is_none() {
        let msg = "there is no such scenario";
        wrong.push(FieldError::new("body", "scenario", msg));
    }
    let Some(assistant) = assistant.filter(|_| wrong.is_empty()) else {
        return Err(ApiError::Invalid(wrong));
    };
    spending::may_spend(api, account, Some(request.phone_number.as_str())).await?;
    if scheduled_calls::waiting(store, account).await? >= MOST_WAITING {
        return Err(TOO_MANY);
    }
    let call = NewScheduledCall {
        account,
        phone_number: request.phone_number.as_str().to_owned(),
        // An own scenario's id, which nobody can change until then.
        scenario: assistant.name,
        scheduled_at_ms: at,
        request: name,
    };
    let call = scheduled_calls::schedule(store, &call, now).await?;
    api.job_bell.ring();
    Ok((StatusCode::CREATED, Json(view(call))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_with_and_without_an_offset() {
        let time = |text: &str| CallTime::try_from(text.to_owned()).map(|time| time.unix_ms);
        let two = Ok(1_705_327_200_000);
        for same in [
            "2024-01-15T14:00:00Z",
            "2024-01-15T15:00:00+01:00",
            "2024-01-15T14:00:00.000Z",
            "2024-01-15T14:00",
            "2024-01-15 14:00:00",
        ] {
            assert_eq!(time(same), two, "{same}");
        }
        for bad in [
            "",
            "2024-01-15",
            "tomorrow",
            "1705327200",
            "2024-13-15T14:00:00Z",
            "2024-01-15T25:00:00Z",
        ] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }
}
