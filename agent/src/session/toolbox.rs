//! What a conversation can do.

use super::{claim::Claim, services::Services};
use casp_actions::{ActionContext, actions};
use casp_conversation::{ToolSet, Tools};
use jiff::tz::TimeZone;
use std::sync::Arc;

/// The actions that the assistant may use; in a room without a session, which belongs to nobody, the public ones of
/// the conversation itself.
pub(super) fn tools(services: &Services, claim: &Claim) -> Arc<dyn Tools> {
    let assistant = &claim.assistant;
    let (Some(row), Some(account)) = (&claim.row, claim.principals.account()) else {
        return Arc::new(ToolSet::for_stranger(assistant, Vec::new()));
    };
    let context = services.actions.as_ref().map(|services| ActionContext {
        services: services.clone(),
        account,
        zone: TimeZone::get(&assistant.timezone).unwrap_or(TimeZone::UTC),
        session: Some(row.session_id.clone()),
    });
    let actions = context.as_ref().map(actions).unwrap_or_default();
    Arc::new(ToolSet::for_assistant(assistant, actions))
}
