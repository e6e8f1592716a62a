//! Identities as they are shown.

use crate::clock::rfc3339;
use casp_store::identities::Identity;
use serde::Serialize;
use utoipa::ToSchema;

/// An address and whose it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentityView {
    /// Its id.
    #[schema(example = "idn_0123456789abcdef0123456789abcdef")]
    id: String,
    /// `phone`, `sms`, `whatsapp` or `email`.
    #[schema(example = "phone")]
    channel: &'static str,
    /// The number (E.164) or e-mail.
    #[schema(example = "+15551230001")]
    address: String,
    /// The end user.
    #[schema(example = "ann@example.org")]
    resource: String,
    /// Whether it counts: the code came back.
    verified: bool,
    /// When the code came back, RFC 3339.
    #[schema(example = "2026-01-02T03:04:05.678Z")]
    verified_at: Option<String>,
    /// RFC 3339.
    #[schema(example = "2026-01-02T03:00:00Z")]
    created_at: String,
}

impl IdentityView {
    pub(super) fn of(identity: Identity) -> Self {
        Self {
            id: identity.id,
            channel: identity.channel.name(),
            address: identity.address,
            resource: identity.resource,
            verified: identity.verified_at_ms.is_some(),
            verified_at: identity.verified_at_ms.map(rfc3339),
            created_at: rfc3339(identity.created_at_ms),
        }
    }
}
