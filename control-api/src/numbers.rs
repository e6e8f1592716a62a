//! `GET/PUT /v1/numbers`, `DELETE /v1/numbers/{number}`: which number belongs to which account and assistant.
//!
//! An account chooses who answers at its numbers; that a number is an account's is said by an admin alone (here, or
//! by `casp numbers assign`), since one Twilio account serves many tenants and only its operator knows who pays for
//! which number. So nobody can take another's calls, and a stranger's number answers as one that does not exist.

use crate::{
    ControlApi, assistants,
    auth::Caller,
    body::JsonBody,
    clock::{now_ms, rfc3339},
    error::{ApiError, Problem},
    path::PathValue,
};
use axum::{Json, extract::State, http::StatusCode};
use casp_store::{
    accounts,
    numbers::{self, Number},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

const NOT_YOURS: ApiError =
    ApiError::NotFound("You have no such number. An admin gives numbers to accounts.");

/// Numbers.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(list_numbers, put_number))
        .routes(routes!(release_number))
}

/// A number of one's own: a plus and 7 to 15 digits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct OwnNumber(String);

impl TryFrom<String> for OwnNumber {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = text.strip_prefix('+').unwrap_or_default();
        if (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text))
        } else {
            Err("a number is a plus and 7 to 15 digits: +15551230002")
        }
    }
}

/// The account's numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NumberList {
    numbers: Vec<NumberView>,
}

/// A number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NumberView {
    /// With its plus. The same number stands for its WhatsApp calls and messages.
    #[schema(example = "+15551230002")]
    number: String,
    /// Who answers.
    #[schema(example = "sales")]
    assistant: String,
    /// Since when the account has it, RFC 3339.
    #[schema(example = "2026-01-02T03:04:05.678Z")]
    created_at: String,
}

/// Who answers at a number.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct NumberRequest {
    /// With its plus.
    #[schema(value_type = String, example = "+15551230002")]
    number: OwnNumber,
    /// An assistant's name, or the id of one of the account's scenarios; `default` when it is left out.
    #[schema(example = "sales")]
    assistant: Option<String>,
    /// Admins only: the e-mail of the account that gets the number. Without it, the admin's own.
    #[schema(example = "ann@example.org")]
    account: Option<String>,
}

/// List the account's numbers
#[utoipa::path(
    get, path = "/v1/numbers", tag = "phone",
    responses((status = 200, description = "In order", body = NumberList), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn list_numbers(
    State(api): State<ControlApi>,
    caller: Caller,
) -> Result<Json<NumberList>, ApiError> {
    let numbers = numbers::list(&api.config.store, Some(caller.account)).await?;
    Ok(Json(NumberList {
        numbers: numbers.into_iter().map(view).collect(),
    }))
}

/// Set who answers at a number
///
/// The number must be the account's: an admin gives it (`account` names to whom, also from another account). For
/// everybody else a number that is not theirs answers 404, whether it is another's or nobody's.
#[utoipa::path(
    put, path = "/v1/numbers", tag = "phone",
    request_body = NumberRequest,
    responses((status = 200, description = "As it is now", body = NumberView), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn put_number(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(request): JsonBody<NumberRequest>,
) -> Result<Json<NumberView>, ApiError> {
    let store = &api.config.store;
    let OwnNumber(number) = &request.number;
    let account = accounts::get(store, caller.account).await?;
    let is_admin = account.is_some_and(|account| account.is_admin);
    let answering = async |owner| -> Result<String, ApiError> {
        let assistant = assistants::named(&api, owner, request.assistant.as_deref()).await?;
        Ok(assistant.name)
    };
    let number = match (&request.account, is_admin) {
        (None, false) => {
            let assistant = answering(caller.account).await?;
            numbers::set_assistant(store, caller.account, number, &assistant, now_ms()).await?
        }
        (None, true) => {
            let assistant = answering(caller.account).await?;
            numbers::claim(store, caller.account, number, &assistant, now_ms()).await?
        }
        (Some(email), true) => {
            let owner = accounts::by_email(store, email).await?;
            let owner = owner
                .ok_or_else(|| ApiError::invalid_body("account", "there is no such account"))?;
            let assistant = answering(owner.id).await?;
            Some(numbers::assign(store, owner.id, number, &assistant, now_ms()).await?)
        }
        (Some(_), false) => {
            return Err(ApiError::invalid_body(
                "account",
                "only admins give numbers to accounts",
            ));
        }
    };
    number.map(view).map(Json).ok_or(NOT_YOURS)
}

/// Give a number up
///
/// Its calls then go where those of numbers without an owner go.
#[utoipa::path(
    delete, path = "/v1/numbers/{number}", tag = "phone",
    params(("number" = String, Path, description = "With its plus, which may be written %2B", example = "+15551230002")),
    responses((status = 204, description = "It is not the account's any more"), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn release_number(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(OwnNumber(number)): PathValue<OwnNumber>,
) -> Result<StatusCode, ApiError> {
    if numbers::release(&api.config.store, caller.account, &number).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(NOT_YOURS)
    }
}

fn view(number: Number) -> NumberView {
    NumberView {
        number: number.number,
        assistant: number.assistant,
        created_at: rfc3339(number.created_at_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_the_international_form() {
        for good in [
            "+15551230002",
            "+0987654321",
            "+1234567",
            "+123456789012345",
        ] {
            assert!(OwnNumber::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in [
            "",
            "+",
            "15551230002",
            "+123456",
            "+1234567890123456",
            "+1 555 123 0002",
            "+1555123000x",
            "+١٢٣٤٥٦٧٨",
            "whatsapp:+15551230002",
        ] {
            assert!(OwnNumber::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
