//! Mails, and the server that takes them.

use super::SmtpSettings;
use crate::{ControlApiError, PublicUrl};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};
use secrecy::ExposeSecret as _;
use std::{fmt, time::Duration};

/// Longest wait for the mail server, a mail.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Sends mail in this server's name.
#[derive(Clone)]
pub(crate) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// Links begin with it.
    public_url: String,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer").finish_non_exhaustive()
    }
}

/// Why a mail did not go.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailError {
    /// The address cannot be written into a mail.
    #[error("the address or the text is no mail: {0}")]
    Unwritable(String),
    /// The server did not take it; it is tried again unless it said never.
    #[error("the mail server: {0}")]
    NotTaken(#[from] lettre::transport::smtp::Error),
}

impl MailError {
    /// Whether another attempt is of use.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Unwritable(_) => false,
            Self::NotTaken(error) => !error.is_permanent(),
        }
    }
}

impl Mailer {
    pub(crate) fn new(
        settings: &SmtpSettings,
        public_url: &PublicUrl,
    ) -> Result<Self, ControlApiError> {
        // The URL holds a password: what is wrong with it is told without it.
        let bad_url = || ControlApiError::Mail("SMTP_URL is not an smtp:// or smtps:// URL");
        let transport =
            AsyncSmtpTransport::<Tokio1Executor>::from_url(settings.url.expose_secret())
                .map_err(|_| bad_url())?
                .timeout(Some(TIMEOUT))
                .build();
        let from = settings.from.parse();
        Ok(Self {
            transport,
            from: from.map_err(|_| ControlApiError::Mail("SMTP_FROM is not an e-mail address"))?,
            public_url: public_url.http().trim_end_matches('/').to_owned(),
        })
    }

    /// The link by which an account's e-mail is verified.
    pub(crate) async fn send_verification(&self, to: &str, token: &str) -> Result<(), MailError> {
        let link = format!("{}/auth/verify-email?token={token}", self.public_url);
        let text = format!(
            "Somebody registered {to} at {}.\n\nIf it was you, verify your e-mail within 24 hours:\n\n{link}\n\n\
             If it was not, do nothing: without this, the account can do nothing in your name.\n",
            self.public_url
        );
        self.send(to, "Verify your e-mail", text).await
    }

    /// The link by which a new password is set.
    pub(crate) async fn send_reset(&self, to: &str, token: &str) -> Result<(), MailError> {
        let link = format!("{}/auth/reset-password?token={token}", self.public_url);
        let text = format!(
            "Somebody asked for a new password of {to} at {}.\n\nIf it was you, set it within an hour:\n\n{link}\n\n\
             If it was not, do nothing: your password stays as it is.\n",
            self.public_url
        );
        self.send(to, "Set a new password", text).await
    }

    /// The code by which somebody shows that an address is theirs.
    pub(crate) async fn send_code(&self, to: &str, code: &str) -> Result<(), MailError> {
        let text = format!(
            "{code} is your code. It is good for 10 minutes.\n\n\
             Somebody who uses {} named this address as yours. Tell the code only to them, and only if you asked \
             for it; else do nothing.\n",
            self.public_url
        );
        self.send(to, "Your code", text).await
    }

    /// A text of others of this crate.
    pub(crate) async fn send_text(
        &self,
        to: &str,
        subject: &str,
        text: String,
    ) -> Result<(), MailError> {
        self.send(to, subject, text).await
    }

    async fn send(&self, to: &str, subject: &str, text: String) -> Result<(), MailError> {
        let unwritable = |error: &dyn fmt::Display| MailError::Unwritable(error.to_string());
        let to: Mailbox = to
            .parse()
            .map_err(|error: lettre::address::AddressError| unwritable(&error))?;
        let mail = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(text)
            .map_err(|error| unwritable(&error))?;
        self.transport.send(mail).await?;
        Ok(())
    }
}
