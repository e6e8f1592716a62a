//! A conversation with the default assistant, from the first turn to the yes.

use super::{deeds, line::SALES, table::Row, world::World};
use casp_conversation::{
    Assistant, CallControl, Conversation, ReplyEvent, ToolSet, ToolStatus, call_actions,
};
use casp_providers::LanguageModel;
use serde_json::Value;
use std::sync::Arc;

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Talk {
    /// What the user was asked before it was to be done.
    pub(super) question: Option<String>,
    /// What arrived at the provider, and what of it before the user had said yes.
    pub(super) deeds: Vec<String>,
    pub(super) deeds_before_yes: Vec<String>,
    /// The last tool's result, or why it failed.
    pub(super) result: Value,
    pub(super) error: Option<String>,
    /// The assistant's words of the last turn.
    pub(super) said: String,
}

/// Says the row's turns, and `last` to what is asked then.
pub(super) async fn talk(
    world: &World,
    row: &Row,
    model: Arc<dyn LanguageModel>,
    last: &str,
) -> Talk {
    let mut assistant = Assistant::builtin("default").unwrap().clone();
    assistant.transfer_to = [("Sales".to_owned(), SALES.to_owned())].into();
    let actions = casp_actions::actions(&world.context);
    let tools = ToolSet::for_assistant(&assistant, actions);
    let mut tools = tools.short_of_connections(world.context.clone());
    let line: Arc<dyn CallControl> = world.line.clone();
    for action in call_actions(&assistant, true, &line) {
        tools = tools.with(action);
    }
    let mut conversation = Conversation::new(assistant, model, Arc::new(tools), world.now());
    let mut talk = Talk::default();
    for text in row.say() {
        turn(&mut conversation, world, text, &mut talk).await;
    }
    if talk.question.is_some() {
        let question = talk.question.take();
        talk.deeds_before_yes = deeds_in(world);
        turn(&mut conversation, world, last, &mut talk).await;
        talk.question = question;
    }
    talk.deeds = deeds_in(world);
    talk
}

/// At the providers, and on the line.
fn deeds_in(world: &World) -> Vec<String> {
    let mut deeds = deeds::of(&world.stand_in);
    deeds.extend(world.line.deeds());
    deeds
}

async fn turn(conversation: &mut Conversation, world: &World, text: &str, talk: &mut Talk) {
    let mut reply = conversation.reply(&world.speaker, text);
    reply.allow_writes();
    talk.said = String::new();
    talk.question = None;
    while let Some(event) = reply.next().await {
        match event {
            ReplyEvent::Text(text) => talk.said.push_str(&text),
            ReplyEvent::ActionFinished {
                status,
                result,
                error,
                ..
            } => {
                if status == ToolStatus::NeedsConfirmation {
                    talk.question = result.as_ref().and_then(Value::as_str).map(str::to_owned);
                }
                talk.result = result.unwrap_or_default();
                talk.error = error;
            }
            ReplyEvent::HangUp if talk.said.contains("putting you through") => {}
            ReplyEvent::HangUp => world.line.does("hang up".to_owned()),
            ReplyEvent::Done(outcome) => conversation.commit(outcome),
            ReplyEvent::Failed(error) => panic!("{text}: {error}"),
            _ => {}
        }
    }
}
