//! Jira Cloud: issues are created, found, commented on and moved.

mod adf;
mod api;
mod comment;
mod create;
mod issue;
mod jql;
mod people;
mod project;
mod search;
mod transition;

use crate::{Action, ActionContext, typed::Typed};
use std::sync::Arc;

/// The actions of a conversation.
pub(crate) fn actions(context: &ActionContext) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(Typed::new(create::Create(context.clone()))),
        Arc::new(Typed::new(search::Search(context.clone()))),
        Arc::new(Typed::new(comment::Comment(context.clone()))),
        Arc::new(Typed::new(transition::Transition(context.clone()))),
    ]
}
