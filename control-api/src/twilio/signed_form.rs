//! A form that Twilio signed.

use crate::{
    ControlApi, body,
    error::{ApiError, FieldError},
};
use axum::extract::{FromRequest, OriginalUri, Request};
use casp_twilio::{CallSid, signature::HEADER};

/// Longest value taken from a form, in characters; Twilio's are far shorter.
const LONGEST_VALUE: usize = 256;

/// The parameters of a webhook. 403 when the signature is missing or wrong; 503 when there is nothing to check it
/// with (in dev mode alone, such a webhook is taken as it is).
pub(crate) struct SignedForm(Vec<(String, String)>);

impl SignedForm {
    /// The first value of that name, cut to a sane length, without control characters; empty when it is not there.
    pub(super) fn text(&self, name: &str) -> String {
        let value = self
            .0
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value);
        value
            .chars()
            .filter(|c| !c.is_control())
            .take(LONGEST_VALUE)
            .collect()
    }

    /// The call that this is about.
    pub(super) fn call_sid(&self) -> Result<CallSid, ApiError> {
        let value = self
            .0
            .iter()
            .find(|(key, _)| key == "CallSid")
            .map(|(_, value)| value.clone());
        let Some(value) = value else {
            return Err(ApiError::Invalid(vec![FieldError::new(
                "body",
                "CallSid",
                "this field is required",
            )]));
        };
        CallSid::new(value).map_err(|error| {
            ApiError::Invalid(vec![FieldError::new("body", "CallSid", error.to_string())])
        })
    }
}

impl FromRequest<ControlApi> for SignedForm {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &ControlApi) -> Result<Self, ApiError> {
        let path = request
            .extensions()
            .get::<OriginalUri>()
            .map_or_else(|| request.uri().clone(), |OriginalUri(uri)| uri.clone());
        let signature = request
            .headers()
            .get(HEADER)
            .and_then(|value| value.to_str().ok());
        let signature = signature.unwrap_or_default().to_owned();
        let bytes = body::read(request, api.config.limits.body_bytes).await?;
        let form: Vec<(String, String)> =
            url::form_urlencoded::parse(&bytes).into_owned().collect();
        match &api.validator {
            Some(validator) => {
                let path = path.path_and_query().map_or("/", |path| path.as_str());
                let url = format!("{}{path}", api.config.public_url.http());
                if !validator.is_valid(&url, &form, &signature) {
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
        Ok(Self(form))
    }
}
