//! A form that Twilio signed.

use crate::{
    ControlApi, body,
    error::{ApiError, FieldError},
};
use axum::{
    extract::{FromRequest, OriginalUri, Request},
    http::{Method, Uri},
};
use casp_twilio::{CallSid, signature::HEADER};

/// Longest value taken from a form, in characters; Twilio's are far shorter.
const LONGEST_VALUE: usize = 256;

type Pairs = Vec<(String, String)>;

/// The parameters of a webhook: those of the form, or, by GET, those of the query. 403 when the signature is missing
/// or wrong; 503 when there is nothing to check it with (in dev mode alone, such a webhook is taken as it is).
///
/// The signature is over the URL as Twilio called it, and that is `PUBLIC_URL`, whatever proxies made of the request's
/// scheme, host and port; path and query count byte by byte.
pub(crate) struct SignedForm {
    path: String,
    parameters: Pairs,
    query: Pairs,
}

impl SignedForm {
    /// The first value of that name, cut to a sane length, without control characters; empty when it is not there.
    pub(super) fn text(&self, name: &str) -> String {
        self.text_up_to(name, LONGEST_VALUE)
    }

    /// The same, with a length of one's own.
    pub(super) fn text_up_to(&self, name: &str, longest: usize) -> String {
        first(&self.parameters, name)
            .unwrap_or_default()
            .chars()
            .filter(|c| !c.is_control())
            .take(longest)
            .collect()
    }

    /// The same of the URL's query: what we wrote into it ourselves.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let value = first(&self.query, name)?;
        Some(
            value
                .chars()
                .filter(|c| !c.is_control())
                .take(LONGEST_VALUE)
                .collect(),
        )
    }

    /// The path that was called.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The call that this is about.
    pub(super) fn call_sid(&self) -> Result<CallSid, ApiError> {
        let Some(value) = first(&self.parameters, "CallSid") else {
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

fn first<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

fn decoded(encoded: &[u8]) -> Pairs {
    url::form_urlencoded::parse(encoded).into_owned().collect()
}

impl FromRequest<ControlApi> for SignedForm {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &ControlApi) -> Result<Self, ApiError> {
        let uri: Uri = request
            .extensions()
            .get::<OriginalUri>()
            .map_or_else(|| request.uri().clone(), |OriginalUri(uri)| uri.clone());
        let signature = request
            .headers()
            .get(HEADER)
            .and_then(|value| value.to_str().ok());
        let signature = signature.unwrap_or_default().to_owned();
        let has_form = request.method() == Method::POST;
        let bytes = body::read(request, api.config.limits.body_bytes).await?;
        // By GET everything is in the URL, and only that is signed.
        let form = if has_form {
            decoded(&bytes)
        } else {
            Pairs::new()
        };
        let query = decoded(uri.query().unwrap_or_default().as_bytes());
        match &api.validator {
            Some(validator) => {
                let path = uri.path_and_query().map_or("/", |path| path.as_str());
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
        Ok(Self {
            path: uri.path().to_owned(),
            parameters: if has_form { form } else { query.clone() },
            query,
        })
    }
}
