//! `reply`: a message is answered.

use super::{
    MailReply,
    desk::{MailDesk, addressed, named, new_message_id},
    named_message::Wanted,
    send::text_to_send,
    text,
};
use crate::{
    ActionError, Person, Provider, Speaker, ToolKind,
    typed::{Settled, Task},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// Answers a message.
#[derive(Debug)]
pub(super) struct Reply(pub(super) MailDesk);

/// What the model gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Which message is answered: its id from a list, or in the user's words: the last one from Ramesh.
    message: String,
    /// The text.
    body: String,
}

/// A name as one line: it comes from the message.
fn tidy(person: &Person) -> Person {
    Person {
        name: text::line(&person.name),
        email: text::line(&person.email),
    }
}

#[async_trait::async_trait]
impl Task for Reply {
    type Arguments = Arguments;
    type Settled = MailReply;
    const VERB: &'static str = "reply";
    const KIND: ToolKind = ToolKind::Write;

    fn provider(&self) -> Provider {
        self.0.provider
    }
    fn description(&self) -> String {
        format!("Answers a message in the user's {}.", self.0.label())
    }
    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<MailReply>, ActionError> {
        let wanted = Wanted::read(&arguments.message)?;
        let text = text_to_send(&arguments.body)?;
        let mailbox = self.0.mailbox(speaker)?;
        let message = match wanted {
            Wanted::Id(id) => mailbox.read(&id).await?,
            Wanted::Described(description) => description.find(&*mailbox, &self.0.now()).await?,
        };
        let to: Vec<Person> = message.reply_to.iter().map(tidy).collect();
        if to.is_empty() {
            return Err(ActionError::NotFound(
                "That message does not say who sent it, so that I cannot answer it.".to_owned(),
            ));
        }
        let subject = text::subject(&message.subject);
        let mut question = format!(
            "Shall I reply {} to {}",
            text::quoted(&text),
            addressed(&to)
        );
        if !subject.is_empty() {
            question = format!("{question} about “{subject}”");
        }
        let reply = MailReply {
            message: message.id,
            thread: message.thread,
            to,
            subject: message.subject,
            text,
            message_id: new_message_id(speaker),
        };
        Ok(Settled::asked(reply, format!("{question}?")))
    }
    async fn act(&self, speaker: &Speaker, reply: MailReply) -> Result<Value, ActionError> {
        let id = self.0.mailbox(speaker)?.reply(&reply).await?;
        Ok(json!({
            "spoken": format!("Your answer to {} is sent.", named(&reply.to)),
            "to": addressed(&reply.to),
            "id": id,
        }))
    }
}
