//! What a conversation can do.

use super::{claim::Claim, line::Line, services::Services};
use casp_actions::{ActionContext, actions, journaled};
use casp_conversation::{CallControl, ToolSet, Tools, call_actions};
use jiff::tz::TimeZone;
use std::sync::Arc;

/// The actions that the assistant may use; in a room without a session, which belongs to nobody, the public ones of
/// the conversation itself.
pub(super) fn tools(services: &Services, claim: &Claim, line: Line) -> Arc<dyn Tools> {
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
    let mut tools = ToolSet::for_assistant(assistant, actions);
    if let Some(context) = &context {
        tools = tools.short_of_connections(context.clone());
    }
    let call: Arc<dyn CallControl> = Arc::new(line);
    for action in call_actions(assistant, is_telephone(&row.session_id), &call) {
        tools = tools.with(match &context {
            Some(context) => journaled(action, context),
            None => action,
        });
    }
    Arc::new(tools)
}

/// Whether Twilio has the call, and asks how it goes on.
fn is_telephone(session_id: &str) -> bool {
    session_id.starts_with("phone-")
}
