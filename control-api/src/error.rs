//! Errors: one shape on every route, and nothing in it that is not for the client.

use crate::clock::now_ms;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use casp_room::RoomError;
use casp_store::{StoreError, ceilings::CeilingReached};
use serde::Serialize;
use std::{borrow::Cow, time::Duration};
use utoipa::{IntoResponses, ToSchema};

/// Why the API could not be built.
#[derive(Debug, thiserror::Error)]
pub enum ControlApiError {
    /// The HTTP client could not be made.
    #[error("HTTP client: {0}")]
    HttpClient(#[from] reqwest::Error),
    /// The settings of mail are wrong.
    #[error("mail: {0}")]
    Mail(&'static str),
    /// The one for Twilio could not be made.
    #[error("Twilio: {0}")]
    Twilio(#[from] casp_twilio::rest::TwilioError),
}

/// The body of every error.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"detail": "There is no such session.", "status_code": 404}))]
pub(crate) struct ErrorBody {
    /// What is wrong, for people.
    pub(crate) detail: Cow<'static, str>,
    /// The HTTP status again.
    pub(crate) status_code: u16,
    /// With 422: each thing that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub(crate) errors: Vec<FieldError>,
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// Where: `["body", "roomName"]`.
    pub(crate) loc: Vec<String>,
    /// What.
    pub(crate) msg: String,
}

impl FieldError {
    pub(crate) fn new(place: &str, field: &str, msg: impl Into<String>) -> Self {
        Self {
            loc: vec![place.into(), field.into()],
            msg: msg.into(),
        }
    }
}

/// An error on its way to the client.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// 400
    Malformed(&'static str),
    /// 400: understood, and not possible
    Rejected(&'static str),
    /// 401
    Unauthorized(&'static str),
    /// 403
    Forbidden(&'static str),
    /// 404
    NotFound(&'static str),
    /// 409
    Conflict(&'static str),
    /// 413
    TooLarge,
    /// 422
    Invalid(Vec<FieldError>),
    /// 429
    TooMany(Duration),
    /// 429: the account has spent what it may spend today
    CeilingReached(CeilingReached),
    /// 500; the cause is in the log
    Internal,
    /// 502
    BadGateway(&'static str),
    /// 503
    Unavailable(&'static str),
}

impl ApiError {
    /// 422 about one field of the body.
    pub(crate) fn invalid_body(field: &str, msg: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new("body", field, msg)])
    }

    /// 422 about one parameter of the query.
    pub(crate) fn invalid_query(name: &str, msg: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new("query", name, msg)])
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) | Self::Rejected(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany(_) | Self::CeilingReached(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::BadGateway(_) => StatusCode::BAD_GATEWAY,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// The body that says a status in words.
pub(crate) fn plain(status: StatusCode) -> ErrorBody {
    let detail = match status {
        StatusCode::NOT_FOUND => "There is nothing here. See /docs for what there is.",
        StatusCode::METHOD_NOT_ALLOWED => "This route does not take that method. See /docs.",
        StatusCode::PAYLOAD_TOO_LARGE => "The body is too large.",
        StatusCode::INTERNAL_SERVER_ERROR => "Something went wrong on our side.",
        StatusCode::SERVICE_UNAVAILABLE => "The service cannot answer now. Try again soon.",
        StatusCode::GATEWAY_TIMEOUT => "This took too long. Try again.",
        StatusCode::BAD_REQUEST => "The request cannot be read.",
        _ => status.canonical_reason().unwrap_or("The request failed."),
    };
    ErrorBody {
        detail: detail.into(),
        status_code: status.as_u16(),
        errors: Vec::new(),
    }
}

impl IntoResponse for ErrorBody {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.status_code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // Along with the answer, for whoever gives it another shape.
        let shape = self.clone();
        let mut response = (status, Json(self)).into_response();
        response.extensions_mut().insert(shape);
        response
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut body = plain(status);
        let mut retry_after = None;
        match self {
            Self::Malformed(text)
            | Self::Rejected(text)
            | Self::Unauthorized(text)
            | Self::Forbidden(text)
            | Self::NotFound(text)
            | Self::Conflict(text)
            | Self::BadGateway(text)
            | Self::Unavailable(text) => body.detail = text.into(),
            Self::Invalid(errors) => {
                body.detail = match errors.first() {
                    Some(error) => format!("{}: {}", error.loc.join("."), error.msg).into(),
                    None => "The request is not valid.".into(),
                };
                body.errors = errors;
            }
            Self::TooMany(after) => {
                let seconds = after.as_secs().max(1);
                body.detail = format!("Too many requests. Try again in {seconds} s.").into();
                retry_after = Some(seconds);
            }
            Self::CeilingReached(reached) => {
                let whose = if reached.is_total {
                    "This server's"
                } else {
                    "Your account's"
                };
                let (limit, resource) = (reached.limit, reached.resource.name());
                body.detail = format!(
                    "{whose} ceiling of {limit} {resource} a day is reached. It begins anew at midnight UTC; an \
                     administrator may raise it."
                )
                .into();
                let seconds = (reached.resets_at_ms - now_ms()).max(1_000) / 1_000;
                retry_after = Some(seconds.unsigned_abs());
            }
            Self::TooLarge | Self::Internal => {}
        }
        let mut response = body.into_response();
        if status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        match error {
            StoreError::Timeout | StoreError::Database(_) => {
                Self::Unavailable("The database does not answer. Try again soon.")
            }
            _ => Self::Internal,
        }
    }
}

impl From<RoomError> for ApiError {
    fn from(error: RoomError) -> Self {
        tracing::error!(%error, "LiveKit failed");
        Self::Unavailable("LiveKit cannot be reached. Try again soon.")
    }
}

/// The errors that any route may answer, for the OpenAPI document.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only described, never made")]
pub(crate) enum Problem {
    /// The body is not JSON, or not a form where one is due.
    #[response(status = 400)]
    Malformed(ErrorBody),
    /// No key, or not a good one.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// Known, and not allowed.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// There is no such thing, or it is another account's.
    #[response(status = 404)]
    NotFound(ErrorBody),
    /// The body is over 1 MiB.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// Something in the request is not as described; `errors` says what.
    #[response(status = 422)]
    Invalid(ErrorBody),
    /// Too many requests, or the day's ceiling is reached; `Retry-After` says when.
    #[response(status = 429)]
    TooMany(ErrorBody),
    /// Our fault.
    #[response(status = 500)]
    Internal(ErrorBody),
    /// The database or LiveKit does not answer.
    #[response(status = 503)]
    Unavailable(ErrorBody),
    /// It took too long.
    #[response(status = 504)]
    TooSlow(ErrorBody),
}

/// The errors of routes that Twilio and LiveKit sign.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only described, never made")]
pub(crate) enum SignedProblem {
    /// The body cannot be read.
    #[response(status = 400)]
    Malformed(ErrorBody),
    /// The signature is missing or wrong.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// The body is over 1 MiB.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// Something in the form is not as described.
    #[response(status = 422)]
    Invalid(ErrorBody),
    /// No secret is configured to check the signature with, or the database does not answer.
    #[response(status = 503)]
    Unavailable(ErrorBody),
    /// It took too long.
    #[response(status = 504)]
    TooSlow(ErrorBody),
}
