//! JSON bodies, read whatever the Content-Type says.

use crate::{
    ControlApi,
    error::{ApiError, FieldError},
};
use axum::extract::{FromRequest, Request};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;

/// A JSON body: 400 when it is none, 413 when it is too large, 422 when it is not a `T`.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<ControlApi> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &ControlApi) -> Result<Self, ApiError> {
        parse(&read(request, api.config.limits.body_bytes).await?).map(Self)
    }
}

/// The whole body, if it is not too large.
pub(crate) async fn read(request: Request, most_bytes: usize) -> Result<Bytes, ApiError> {
    let mut stream = request.into_body().into_data_stream();
    let mut body = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| ApiError::Malformed("The body was cut off."))?;
        if body.len() + chunk.len() > most_bytes {
            return Err(ApiError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// A JSON body that may be left out.
pub(crate) async fn read_optional<T: DeserializeOwned + Default>(
    request: Request,
    api: &ControlApi,
) -> Result<T, ApiError> {
    let body = read(request, api.config.limits.body_bytes).await?;
    if body.is_empty() {
        Ok(T::default())
    } else {
        parse(&body)
    }
}

/// JSON as a `T`.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    typed(serde_json::from_slice(bytes).map_err(|_| ApiError::Malformed("The body is not JSON."))?)
}

/// A `T` from a form; of a name that comes twice, the first value counts.
pub(crate) fn from_form<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut fields = serde_json::Map::new();
    for (name, value) in url::form_urlencoded::parse(bytes) {
        fields
            .entry(name.into_owned())
            .or_insert_with(|| value.into_owned().into());
    }
    typed(serde_json::Value::Object(fields))
}

/// A JSON value as a `T`: 422 when it is none.
pub(crate) fn typed<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, ApiError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let mut loc = vec!["body".to_owned()];
        loc.extend(error.path().iter().map(ToString::to_string));
        let msg = error.inner().to_string();
        // serde names a missing field in its message, and gives the path of what it is missing from.
        let missing = msg
            .strip_prefix("missing field `")
            .and_then(|rest| rest.strip_suffix('`'));
        if let Some(field) = missing {
            loc.push(field.to_owned());
            let msg = "this field is required".to_owned();
            return ApiError::Invalid(vec![FieldError { loc, msg }]);
        }
        ApiError::Invalid(vec![FieldError { loc, msg }])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Sample {
        #[allow(dead_code)]
        room_name: crate::names::RoomName,
    }

    fn errors(body: &str) -> (Vec<String>, String) {
        match parse::<Sample>(body.as_bytes()) {
            Err(ApiError::Invalid(mut errors)) => {
                let error = errors.remove(0);
                (error.loc, error.msg)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_missing_field_is_named() {
        assert_eq!(
            errors("{}"),
            (
                vec!["body".into(), "roomName".into()],
                "this field is required".into()
            )
        );
    }

    #[test]
    fn a_wrong_type_and_a_wrong_value_say_where() {
        assert_eq!(errors(r#"{"roomName": 7}"#).0, ["body", "roomName"]);
        let (loc, msg) = errors(r#"{"roomName": "../"}"#);
        assert_eq!(loc, ["body", "roomName"]);
        assert!(msg.starts_with("a room's name is"), "{msg}");
        assert_eq!(errors("[]").0, ["body"]);
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for body in ["", "{", "roomName=x", "\u{feff}{}"] {
            assert!(
                matches!(
                    parse::<Sample>(body.as_bytes()),
                    Err(ApiError::Malformed(_))
                ),
                "{body:?}"
            );
        }
    }
}
