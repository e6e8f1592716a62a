//! Messages: SMS and WhatsApp.

use super::{TwilioClient, TwilioError, client::Repeat, form::Form};
use crate::MessageSid;
use serde::Deserialize;

/// A message as Twilio shows it.
#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    /// Its id.
    pub sid: MessageSid,
    /// `queued`, `sent`, `delivered`, `undelivered`, `failed`, …
    pub status: String,
    /// Whom it goes to.
    #[serde(default)]
    pub to: String,
    /// Whom it is from; null when a messaging service chooses.
    pub from: Option<String>,
    /// Why it was not delivered.
    pub error_code: Option<i64>,
}

/// Who sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// A number, `whatsapp:` before it on WhatsApp.
    Number(String),
    /// `MG…`, which chooses a number.
    MessagingService(String),
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageContent {
    /// A text, with the addresses of files if any.
    Text {
        /// The text.
        body: String,
        /// Public addresses.
        media_urls: Vec<String>,
    },
    /// A template that Twilio holds.
    Template {
        /// `HX…`
        content_sid: String,
        /// What is put in, as a JSON object.
        variables: Option<serde_json::Value>,
    },
}

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// A number, `whatsapp:` before it on WhatsApp.
    pub to: String,
    /// From whom.
    pub sender: Sender,
    /// What.
    pub content: MessageContent,
    /// Told of every change of its status.
    pub status_callback: Option<String>,
}

impl NewMessage {
    fn form(&self) -> Form {
        let form = Form::default().with("To", &self.to);
        let form = match &self.sender {
            Sender::Number(number) => form.with("From", number),
            Sender::MessagingService(sid) => form.with("MessagingServiceSid", sid),
        };
        let form = match &self.content {
            MessageContent::Text { body, media_urls } => form
                .with("Body", body)
                .each("MediaUrl", media_urls.iter().map(String::as_str)),
            MessageContent::Template {
                content_sid,
                variables,
            } => form
                .with("ContentSid", content_sid)
                .maybe("ContentVariables", variables.as_ref()),
        };
        form.maybe("StatusCallback", self.status_callback.as_ref())
    }
}

impl TwilioClient {
    /// Sends a message. Sent once: see [`TwilioError::may_have_happened`].
    pub async fn create_message(&self, message: &NewMessage) -> Result<Message, TwilioError> {
        self.post(
            &self.api_url("Messages.json"),
            &message.form(),
            Repeat::OnlyUnsent,
        )
        .await
    }

    /// Looks at a message.
    pub async fn fetch_message(&self, message: &MessageSid) -> Result<Message, TwilioError> {
        let url = self.api_url(&format!("Messages/{message}.json"));
        self.get(&url, &Form::default()).await
    }
}
