//! Mail: what Gmail and Outlook have in common, and the actions on it.

mod desk;
pub(crate) mod known;
mod named_message;
mod read;
mod reply;
mod search;
mod send;
pub(crate) mod text;
mod unread;
mod view;

pub(crate) use desk::MailDesk;

use crate::{Action, ActionError, Person, typed::Typed};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A message of a mailbox.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// The provider's id.
    pub id: String,
    /// The conversation it belongs to.
    pub thread: String,
    /// Sender.
    pub from: Person,
    /// Who gets the answers: the sender, unless it says otherwise (`Reply-To`).
    pub reply_to: Vec<Person>,
    /// Recipients.
    pub to: Vec<Person>,
    /// Copies.
    pub cc: Vec<Person>,
    /// Subject.
    pub subject: String,
    /// When it came.
    pub received: Option<Timestamp>,
    /// The first words.
    pub preview: String,
    /// The whole text, where it was asked for; HTML as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether nobody has read it.
    pub is_unread: bool,
}

/// What is sought.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MailQuery {
    /// Words anywhere; may hold the provider's own operators (`subject:budget`).
    pub words: String,
    /// Only from somebody of this name or address.
    pub from: Option<String>,
    /// Only to somebody of this name or address.
    pub to: Option<String>,
    /// Only what nobody has read, in the inbox.
    pub only_unread: bool,
    /// Only what others sent to the user.
    pub only_received: bool,
    /// Only what came from the first moment on and before the second.
    pub received: Option<(Timestamp, Timestamp)>,
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutgoingMail {
    /// Recipients; at least one.
    pub to: Vec<Person>,
    /// Copies.
    pub cc: Vec<Person>,
    /// Subject.
    pub subject: String,
    /// Text.
    pub text: String,
    /// RFC 5322 `Message-ID` without brackets, the same for every attempt, so that a repeated one can be told.
    pub message_id: String,
}

/// An answer to a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MailReply {
    /// The provider's id of what is answered.
    pub message: String,
    /// The conversation it belongs to.
    pub thread: String,
    /// Recipients; at least one.
    pub to: Vec<Person>,
    /// Subject of what is answered.
    pub subject: String,
    /// Text.
    pub text: String,
    /// As in [`OutgoingMail`].
    pub message_id: String,
}

/// A mailbox of one user.
#[async_trait::async_trait]
pub trait Mailbox: Send + Sync + std::fmt::Debug {
    /// The newest messages that fit, at most `limit`, the newest first; no drafts.
    async fn search(&self, query: &MailQuery, limit: usize) -> Result<Vec<Message>, ActionError>;
    /// One, with its text.
    async fn read(&self, id: &str) -> Result<Message, ActionError>;
    /// Sends one; gives its id where the provider tells. After a lost answer it looks whether it was sent, and never
    /// sends a second one.
    async fn send(&self, mail: &OutgoingMail) -> Result<Option<String>, ActionError>;
    /// Answers one in its thread, with `Re:` and the references of RFC 5322; else as [`Mailbox::send`].
    async fn reply(&self, reply: &MailReply) -> Result<Option<String>, ActionError>;
    /// People of this name, in the address book and else in the mailbox, the likeliest first.
    async fn find_people(&self, name: &str) -> Result<Vec<Person>, ActionError>;
}

/// The actions on a provider's mailboxes.
pub(crate) fn actions(desk: &MailDesk) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(Typed::new(send::Send(desk.clone()))),
        Arc::new(Typed::new(unread::Unread(desk.clone()))),
        Arc::new(Typed::new(search::Search(desk.clone()))),
        Arc::new(Typed::new(read::Read(desk.clone()))),
        Arc::new(Typed::new(reply::Reply(desk.clone()))),
    ]
}
