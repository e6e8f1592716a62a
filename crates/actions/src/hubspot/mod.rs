//! HubSpot's CRM: contacts, notes on them, deals.

mod api;
mod contacts;
mod create_contact;
mod deals;
mod find_contact;
mod log_note;
mod owners;
mod records;
mod stages;

use crate::{Action, ActionContext, typed::Typed};
use std::sync::Arc;

/// The actions of a conversation.
pub(crate) fn actions(context: &ActionContext) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(Typed::new(find_contact::FindContact(context.clone()))),
        Arc::new(Typed::new(create_contact::CreateContact(context.clone()))),
        Arc::new(Typed::new(log_note::LogNote(context.clone()))),
        Arc::new(Typed::new(deals::Deals(context.clone()))),
    ]
}
