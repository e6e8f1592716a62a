//! `send`: a message is sent.

use super::{
    OutgoingMail,
    desk::{MailDesk, addressed, named, new_message_id, or_ask, people},
    text,
};
use crate::{
    ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// The longest text, in characters.
const LONGEST: usize = 100_000;

/// Sends a message.
#[derive(Debug)]
pub(super) struct Send(pub(super) MailDesk);

/// What the model gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Name or e-mail address of who gets it; several with commas between them.
    to: String,
    /// Names or e-mail addresses of who gets a copy, separated by commas.
    #[serde(default)]
    cc: Option<String>,
    /// Subject.
    #[serde(default)]
    subject: Option<String>,
    /// The text.
    body: String,
}

/// The text to be sent, if it can be.
pub(super) fn text_to_send(said: &str) -> Result<String, ActionError> {
    let text = or_ask(&text::body(said), "What should it say?")?;
    if text.chars().count() > LONGEST {
        return Err(ActionError::BadArguments(
            "That is too long for a message.".to_owned(),
        ));
    }
    Ok(text)
}

#[async_trait::async_trait]
impl Task for Send {
    type Arguments = Arguments;
    type Settled = OutgoingMail;
    const VERB: &'static str = "send";
    const KIND: ToolKind = ToolKind::Write;

    fn provider(&self) -> Provider {
        self.0.provider
    }
    fn description(&self) -> String {
        format!("Sends a message from the user's {}.", self.0.label())
    }
    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<OutgoingMail>, ActionError> {
        let to = or_ask(&arguments.to, "Who should get it?")?;
        let text = text_to_send(&arguments.body)?;
        let mailbox = self.0.mailbox(speaker)?;
        let to = people(&*mailbox, &to).await?;
        if to.is_empty() {
            return Err(ActionError::Ask("Who should get it?".to_owned()));
        }
        let cc = people(&*mailbox, arguments.cc.as_deref().unwrap_or_default()).await?;
        let subject = text::subject(arguments.subject.as_deref().unwrap_or_default());
        let mut question = format!("Shall I send {}", text::quoted(&text));
        if !subject.is_empty() {
            question = format!("{question} with the subject “{subject}”");
        }
        question = format!("{question} to {}", addressed(&to));
        if !cc.is_empty() {
            question = format!("{question}, with a copy to {}", addressed(&cc));
        }
        let mail = OutgoingMail {
            subject: if subject.is_empty() {
                text::subject_of(&text)
            } else {
                subject
            },
            to,
            cc,
            text,
            message_id: new_message_id(speaker),
        };
        Ok(Settled::asked(mail, format!("{question}?")))
    }
    async fn act(&self, speaker: &Speaker, mail: OutgoingMail) -> Result<Value, ActionError> {
        let id = self.0.mailbox(speaker)?.send(&mail).await?;
        Ok(json!({
            "spoken": format!("Your message to {} is sent.", named(&mail.to)),
            "to": addressed(&mail.to),
            "subject": mail.subject,
            "id": id,
        }))
    }
}
