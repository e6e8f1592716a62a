//! Errors in OpenAI's shape, so that its clients raise the right exceptions.

use crate::error::{ApiError, ErrorBody, plain};
use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use casp_providers::ProviderError;
use serde::Serialize;
use std::{borrow::Cow, time::Duration};
use utoipa::{IntoResponses, ToSchema};

/// The body of every error of these routes.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"error": {
    "message": "There is no model gpt-5; GET /v1/models lists those there are.", "type": "invalid_request_error",
    "param": "model", "code": "model_not_found"
}}))]
pub(crate) struct OpenAiErrorBody {
    /// What is wrong.
    pub(crate) error: OpenAiErrorDetail,
}

/// What is wrong.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OpenAiErrorDetail {
    /// For people.
    pub(crate) message: Cow<'static, str>,
    /// `invalid_request_error`, `rate_limit_error`, `insufficient_quota`, `server_error`
    pub(crate) r#type: &'static str,
    /// The field that is wrong.
    pub(crate) param: Option<String>,
    /// For programs.
    pub(crate) code: Option<&'static str>,
}

/// An error on its way to OpenAI's client.
#[derive(Debug)]
pub(crate) enum OpenAiError {
    /// One that every route may have; it takes OpenAI's shape on its way out.
    Api(ApiError),
    /// One of these routes.
    Own {
        status: StatusCode,
        detail: OpenAiErrorDetail,
        retry_after: Option<Duration>,
    },
}

impl OpenAiError {
    fn own(
        status: StatusCode,
        message: impl Into<Cow<'static, str>>,
        param: Option<&str>,
        code: Option<&'static str>,
    ) -> Self {
        Self::Own {
            status,
            detail: OpenAiErrorDetail {
                message: message.into(),
                r#type: kind(status),
                param: param.map(str::to_owned),
                code,
            },
            retry_after: None,
        }
    }

    /// 400 about a field.
    pub(super) fn invalid(param: &str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::own(
            StatusCode::BAD_REQUEST,
            message,
            Some(param),
            Some("invalid_value"),
        )
    }

    /// 400 about a field that is OpenAI's, and that this server does not do.
    pub(super) fn unsupported(param: &str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::own(
            StatusCode::BAD_REQUEST,
            message,
            Some(param),
            Some("unsupported_value"),
        )
    }

    /// 404 about a field.
    pub(super) fn not_found(
        param: &str,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::own(StatusCode::NOT_FOUND, message, Some(param), Some(code))
    }

    /// 429: too much at once.
    pub(super) fn too_many_at_once() -> Self {
        let message = "Too many of your requests are being answered at this moment.";
        let code = Some("rate_limit_exceeded");
        let error = Self::own(StatusCode::TOO_MANY_REQUESTS, message, None, code);
        error.after(Duration::from_secs(1))
    }

    /// 504.
    pub(super) fn too_slow() -> Self {
        Self::own(
            StatusCode::GATEWAY_TIMEOUT,
            "This took too long. Try again.",
            None,
            Some("timeout"),
        )
    }

    fn after(mut self, wait: Duration) -> Self {
        if let Self::Own { retry_after, .. } = &mut self {
            *retry_after = Some(wait);
        }
        self
    }

    /// The body, for an answer that has begun already.
    pub(super) fn into_body(self) -> OpenAiErrorBody {
        match self {
            Self::Own { detail, .. } => OpenAiErrorBody { error: detail },
            Self::Api(error) => {
                let response = error.into_response();
                let body = response.extensions().get::<ErrorBody>().cloned();
                of_body(body.unwrap_or_else(|| plain(StatusCode::INTERNAL_SERVER_ERROR))).1
            }
        }
    }
}

impl From<ApiError> for OpenAiError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<casp_store::StoreError> for OpenAiError {
    fn from(error: casp_store::StoreError) -> Self {
        Self::Api(error.into())
    }
}

/// A provider's failure: what the client can do about it, and nothing of how this server is set up.
impl From<ProviderError> for OpenAiError {
    fn from(error: ProviderError) -> Self {
        let own =
            |status, message: &'static str, code| Self::own(status, message, None, Some(code));
        match error {
            ProviderError::Timeout { .. } => own(
                StatusCode::GATEWAY_TIMEOUT,
                "The model did not answer in time. Try again.",
                "timeout",
            ),
            ProviderError::RateLimited { retry_after, .. } => own(
                StatusCode::TOO_MANY_REQUESTS,
                "The model is asked too much at the moment. Try again soon.",
                "rate_limit_exceeded",
            )
            .after(retry_after.unwrap_or(Duration::from_secs(1))),
            // 404 is a model that the provider does not have: a setting of ours.
            ProviderError::Rejected {
                status, message, ..
            } if status != 404 => Self::own(
                StatusCode::BAD_REQUEST,
                format!("The model refused this request: {message}"),
                None,
                Some("refused_by_model"),
            ),
            ProviderError::Rejected { .. }
            | ProviderError::Unauthorized { .. }
            | ProviderError::Unavailable { .. } => own(
                StatusCode::SERVICE_UNAVAILABLE,
                "The model is not available at the moment. Try again soon.",
                "model_unavailable",
            ),
            ProviderError::BadAnswer { .. } => own(
                StatusCode::BAD_GATEWAY,
                "The model's answer broke off or made no sense. Try again.",
                "bad_answer",
            ),
        }
    }
}

impl IntoResponse for OpenAiError {
    fn into_response(self) -> Response {
        match self {
            Self::Api(error) => error.into_response(),
            Self::Own {
                status,
                detail,
                retry_after,
            } => {
                let mut response =
                    (status, Json(OpenAiErrorBody { error: detail })).into_response();
                if let Some(wait) = retry_after {
                    let seconds = wait.as_secs().max(1);
                    let headers = response.headers_mut();
                    headers.insert(header::RETRY_AFTER, seconds.into());
                }
                response
            }
        }
    }
}

/// Gives an error that was made elsewhere OpenAI's shape; other answers pass as they are.
pub(crate) fn reshape(mut response: Response) -> Response {
    let Some(body) = response.extensions_mut().remove::<ErrorBody>() else {
        return response;
    };
    let (status, body) = of_body(body);
    let mut shaped = (status, Json(body)).into_response();
    for (name, value) in response.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            shaped.headers_mut().append(name, value.clone());
        }
    }
    shaped
}

fn of_body(body: ErrorBody) -> (StatusCode, OpenAiErrorBody) {
    let status =
        StatusCode::from_u16(body.status_code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // OpenAI says 400 to fields that are not as described.
    let status = match status {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        other => other,
    };
    let is_ceiling = body.detail.contains("ceiling");
    let (kind, code) = match status {
        StatusCode::UNAUTHORIZED => (kind(status), Some("invalid_api_key")),
        StatusCode::TOO_MANY_REQUESTS if is_ceiling => {
            ("insufficient_quota", Some("insufficient_quota"))
        }
        StatusCode::TOO_MANY_REQUESTS => (kind(status), Some("rate_limit_exceeded")),
        _ => (kind(status), None),
    };
    let param = body.errors.first().map(|error| {
        let fields = error.loc.iter().filter(|part| *part != "body");
        fields.cloned().collect::<Vec<_>>().join(".")
    });
    let error = OpenAiErrorDetail {
        message: body.detail,
        r#type: kind,
        param: param.filter(|param| !param.is_empty()),
        code,
    };
    (status, OpenAiErrorBody { error })
}

fn kind(status: StatusCode) -> &'static str {
    if status == StatusCode::TOO_MANY_REQUESTS {
        "rate_limit_error"
    } else if status.is_server_error() {
        "server_error"
    } else {
        "invalid_request_error"
    }
}

/// The errors of these routes, for the OpenAPI document.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only described, never made")]
pub(crate) enum OpenAiProblem {
    /// The body is not JSON, or something in it is not as described; `param` says what.
    #[response(status = 400)]
    Invalid(OpenAiErrorBody),
    /// No key, or not a good one.
    #[response(status = 401)]
    Unauthorized(OpenAiErrorBody),
    /// The account may not spend anything yet.
    #[response(status = 403)]
    Forbidden(OpenAiErrorBody),
    /// There is no such model or assistant.
    #[response(status = 404)]
    NotFound(OpenAiErrorBody),
    /// The body is too large.
    #[response(status = 413)]
    TooLarge(OpenAiErrorBody),
    /// Too many requests, or the day's ceiling is reached; `Retry-After` says when.
    #[response(status = 429)]
    TooMany(OpenAiErrorBody),
    /// Our fault.
    #[response(status = 500)]
    Internal(OpenAiErrorBody),
    /// The model's answer was none.
    #[response(status = 502)]
    BadAnswer(OpenAiErrorBody),
    /// The model or the database does not answer.
    #[response(status = 503)]
    Unavailable(OpenAiErrorBody),
    /// It took too long.
    #[response(status = 504)]
    TooSlow(OpenAiErrorBody),
}
