//! Slack: messages to channels and people, what was written there, search.

mod api;
mod directory;
mod history;
mod search;
mod send;
mod text;

use crate::{Action, ActionContext, typed::Typed};
use std::sync::Arc;

/// The actions of a conversation.
pub(crate) fn actions(context: &ActionContext) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(Typed::new(send::Send(context.clone()))),
        Arc::new(Typed::new(history::History(context.clone()))),
        Arc::new(Typed::new(search::Search(context.clone()))),
    ]
}
