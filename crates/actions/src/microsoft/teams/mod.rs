//! Microsoft Teams: chats with people, and channels of teams.

mod channels;
mod chats;
mod messages;
mod read_channel;
mod read_chat;
mod send_channel;
mod send_chat;

use super::graph::Graph;
use crate::{Action, ActionContext, ActionError, Provider, Speaker, typed::Typed};
use std::sync::Arc;

/// The actions of a conversation.
pub(crate) fn actions(context: &ActionContext) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(Typed::new(send_chat::SendChat(context.clone()))),
        Arc::new(Typed::new(read_chat::ReadChat(context.clone()))),
        Arc::new(Typed::new(send_channel::SendChannel(context.clone()))),
        Arc::new(Typed::new(read_channel::ReadChannel(context.clone()))),
    ]
}

/// Graph as the connection to Teams lets it be used.
fn graph(context: &ActionContext, speaker: &Speaker) -> Result<Graph, ActionError> {
    Graph::new(context, speaker, Provider::Teams)
}

/// What was said, without the article and the word for what it is.
fn bare<'a>(said: &'a str, kinds: &[&str]) -> &'a str {
    let mut said = said.trim();
    if said
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("the "))
    {
        said = said[4..].trim();
    }
    for kind in kinds {
        let Some(start) = said.len().checked_sub(kind.len()) else {
            continue;
        };
        let ends = said
            .get(start..)
            .is_some_and(|end| end.eq_ignore_ascii_case(kind));
        if ends && said[..start].ends_with(' ') {
            said = said[..start].trim();
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn names_stand_without_what_they_are() {
        for (said, expected) in [
            ("the Design channel", "Design"),
            ("Launch group chat", "Launch"),
            ("Thelma", "Thelma"),
            ("channel", "channel"),
            ("Größe Channel", "Größe"),
        ] {
            assert_eq!(
                bare(said, &["channel", "chat", "group"]),
                expected,
                "{said}"
            );
        }
    }
}
