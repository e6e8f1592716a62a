//! `PUT /v1/identities/{id}/pin`

use super::{IdentityId, own};
use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    clock::now_ms,
    error::{ApiError, ErrorBody, Problem},
    path::PathValue,
};
use axum::{extract::State, http::StatusCode};
use casp_store::pins;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

const UNVERIFIED: ApiError =
    ApiError::Conflict("This identity is not verified yet: send back the code first.");

/// A new PIN.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewPin {
    /// 4 to 12 digits, not all the same.
    #[schema(value_type = String, pattern = "^[0-9]{4,12}$", example = "4071")]
    pin: SecretString,
}

/// Set the PIN of an end user
///
/// A caller's number proves nothing, since anybody can show any. So who calls is asked for this PIN, by voice or keys, once a
/// call, before private things are read out or anything is changed. It belongs to the end user (`resource`), whichever of
/// the telephones calls.
#[utoipa::path(
    put, path = "/v1/identities/{id}/pin", tag = "identities",
    params(("id" = String, Path, description = "The identity", example = "idn_0123456789abcdef0123456789abcdef")),
    request_body = NewPin,
    responses(
        (status = 204, description = "It is set"),
        (status = 409, description = "The identity is not verified yet", body = ErrorBody),
        Problem
    ),
    security(("api_key" = []))
)]
pub(crate) async fn set_pin(
    State(api): State<ControlApi>,
    caller: Caller,
    id: PathValue<IdentityId>,
    JsonBody(request): JsonBody<NewPin>,
) -> Result<StatusCode, ApiError> {
    if !is_pin(request.pin.expose_secret()) {
        let rule = "must be 4 to 12 digits, not all the same";
        return Err(ApiError::invalid_body("pin", rule));
    }
    let identity = own(&api, caller.account, id).await?;
    if identity.verified_at_ms.is_none() {
        return Err(UNVERIFIED);
    }
    let hash = api.passwords.hash(request.pin).await?;
    let (store, resource) = (&api.config.store, &identity.resource);
    pins::set(store, caller.account, resource, &hash, now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn is_pin(text: &str) -> bool {
    (4..=12).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| Some(byte) != text.bytes().next())
}

#[cfg(test)]
mod tests {
    use super::is_pin;

    #[test]
    fn pins_are_digits_that_are_not_all_the_same() {
        for pin in ["4071", "0001", "123456789012"] {
            assert!(is_pin(pin), "{pin}");
        }
        for pin in ["", "407", "1111", "40a1", "1234567890123", "４０７１"] {
            assert!(!is_pin(pin), "{pin}");
        }
    }
}
