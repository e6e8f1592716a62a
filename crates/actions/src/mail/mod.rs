//! Mail: what Gmail and Outlook have in common, and the actions on it.

use crate::{ActionError, Person};
use jiff::Timestamp;
use serde::Serialize;

/// A message of a mailbox.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// The provider's id.
    pub id: String,
    /// The conversation it belongs to.
    pub thread: String,
    /// Sender.
    pub from: Person,
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
    /// Words anywhere.
    pub words: String,
    /// Only from or to this person.
    pub with: Option<Person>,
    /// Only what nobody has read.
    pub only_unread: bool,
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq)]
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

/// A mailbox of one user.
#[async_trait::async_trait]
pub trait Mailbox: Send + Sync + std::fmt::Debug {
    /// The newest messages that fit, at most `limit`.
    async fn search(&self, query: &MailQuery, limit: usize) -> Result<Vec<Message>, ActionError>;
    /// One, with its text.
    async fn read(&self, id: &str) -> Result<Message, ActionError>;
    /// Sends one; gives its id where the provider tells.
    async fn send(&self, mail: &OutgoingMail) -> Result<Option<String>, ActionError>;
    /// Answers one in its thread: to its sender, with `Re:` and the references of RFC 5322.
    async fn reply(
        &self,
        to: &Message,
        text: &str,
        message_id: &str,
    ) -> Result<Option<String>, ActionError>;
    /// People of this name, in the address book and else in the mailbox, the likeliest first.
    async fn find_people(&self, name: &str) -> Result<Vec<Person>, ActionError>;
}
