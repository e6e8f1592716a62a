//! `POST /v1/identities`

use super::{
    address::normalized,
    sending::{self, SEND_CODE},
    view::IdentityView,
};
use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    clock::now_ms,
    error::{ApiError, ErrorBody, FieldError, Problem},
    oauth::{RESOURCE_RULE, owner_of},
    spending,
};
use axum::{Json, extract::State, http::StatusCode};
use casp_store::{
    AccountId, StoreError, accounts,
    ceilings::Resource,
    identities::{self, Channel, Identity},
    jobs::NewJob,
    resources,
};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use utoipa::ToSchema;

const DAY: Duration = Duration::from_hours(24);
const ATTEMPTS_TO_SEND: u32 = 3;

const TAKEN: ApiError = ApiError::Conflict(
    "This address is linked to another end user of yours. Delete that identity first.",
);

/// An address and whose it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewIdentity {
    /// `phone` (who calls), `sms`, `whatsapp` or `email`.
    #[schema(pattern = "^(phone|sms|whatsapp|email)$", example = "phone")]
    channel: String,
    /// A number in E.164, or an e-mail.
    #[schema(example = "+15551230001")]
    address: String,
    /// The end user, as you name them: an e-mail or any text. You yourself when it is left out.
    #[schema(max_length = 320, example = "ann@example.org")]
    resource: Option<String>,
}

/// Link an address to an end user
///
/// A code goes to the address, and the link counts once it came back (`/v1/identities/{id}/verify`). Doing it again sends
/// another code, which takes the first one's place; an address is sent five a day.
#[utoipa::path(
    post, path = "/v1/identities", tag = "identities",
    request_body = NewIdentity,
    responses(
        (status = 201, description = "A code is on its way", body = IdentityView),
        (status = 200, description = "It counts already", body = IdentityView),
        (status = 409, description = "The address is linked to another end user of yours", body = ErrorBody),
        Problem
    ),
    security(("api_key" = []))
)]
pub(crate) async fn add_identity(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(request): JsonBody<NewIdentity>,
) -> Result<(StatusCode, Json<IdentityView>), ApiError> {
    let account = caller.account;
    api.rate_limits.codes.count(("send", account.0))?;
    let (channel, address) = checked(&request)?;
    let own = own_resource(&api, account).await?;
    let owner = owner_of(&api, account, "body", request.resource.as_deref()).await?;
    let resource = owner.resource;
    if !sending::can_send(&api, channel) && !is_known(&api, account, resource == own) {
        return Err(sending::CANNOT_SEND);
    }
    let store = &api.config.store;
    let added = identities::add(store, account, channel, &address, &resource, now_ms()).await;
    let mut identity = match added {
        Err(StoreError::AddressTaken) => return Err(TAKEN),
        added => added?,
    };
    if identity.verified_at_ms.is_some() {
        return Ok((StatusCode::OK, Json(IdentityView::of(identity))));
    }
    if is_known(&api, account, resource == own) {
        identities::vouch(store, account, &identity.id, now_ms()).await?;
        identity.verified_at_ms = Some(now_ms());
    } else {
        ask_to_send(&api, &identity).await?;
    }
    Ok((StatusCode::CREATED, Json(IdentityView::of(identity))))
}

/// In dev the seeded account's own channels are linked to it as they are.
fn is_known(api: &ControlApi, account: AccountId, is_own: bool) -> bool {
    api.config.is_dev && is_own && api.config.default_account == Some(account)
}

/// With no end user given, the account itself is meant, which its e-mail names.
async fn own_resource(api: &ControlApi, account: AccountId) -> Result<String, ApiError> {
    let account = accounts::get(&api.config.store, account).await?;
    Ok(account.ok_or(ApiError::Internal)?.email)
}

async fn ask_to_send(api: &ControlApi, identity: &Identity) -> Result<(), ApiError> {
    let (store, now) = (&api.config.store, now_ms());
    let since = now - DAY.as_millis() as i64;
    if !identities::count_sent_code(store, &identity.address, since, sending::CODES_A_DAY, now)
        .await?
    {
        return Err(ApiError::TooMany(DAY));
    }
    let account = identity.account;
    match identity.channel {
        Channel::Email => spending::admit(api, account, None, Resource::Messages).await?,
        _ => spending::admit_message(api, account, &identity.address).await?,
    }
    let job = NewJob {
        kind: SEND_CODE,
        account: Some(account),
        key: None,
        payload: json!({"identity": identity.id}),
        run_at_ms: now,
        max_attempts: ATTEMPTS_TO_SEND,
    };
    api.enqueue(&job).await?;
    Ok(())
}

fn checked(request: &NewIdentity) -> Result<(Channel, String), ApiError> {
    let mut errors = Vec::new();
    let channel = Channel::from_name(&request.channel);
    if channel.is_none() {
        let known = Channel::ALL.map(Channel::name).join(", ");
        errors.push(FieldError::new(
            "body",
            "channel",
            format!("must be one of {known}"),
        ));
    }
    let address = channel.map(|channel| normalized(channel, &request.address));
    if let Some(Err(problem)) = address {
        errors.push(FieldError::new("body", "address", problem));
    }
    let resource = request.resource.as_deref().unwrap_or_default();
    if !resources::is_name(resource) {
        errors.push(FieldError::new("body", "resource", RESOURCE_RULE));
    }
    match (channel, address) {
        (Some(channel), Some(Ok(address))) if errors.is_empty() => Ok((channel, address)),
        _ => Err(ApiError::Invalid(errors)),
    }
}
