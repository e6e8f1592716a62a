//! A mail server that checks how it is spoken to, and keeps what it gets.

use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// A mail as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedMail {
    pub(crate) to: String,
    pub(crate) text: String,
}

/// A running server; it ends with the test's runtime.
#[derive(Debug, Clone)]
pub(crate) struct SmtpServer {
    pub(crate) url: String,
    mails: Arc<Mutex<Vec<ReceivedMail>>>,
    /// Connections that are turned away first.
    refusals: Arc<Mutex<u32>>,
}

impl SmtpServer {
    pub(crate) async fn start() -> Self {
        Self::that_refuses(0).await
    }

    /// One that has no time for the first so many mails.
    pub(crate) async fn that_refuses(refusals: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            url: format!("smtp://{}", listener.local_addr().unwrap()),
            mails: Arc::default(),
            refusals: Arc::new(Mutex::new(refusals)),
        };
        let running = server.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let server = running.clone();
                tokio::spawn(async move { server.converse(socket).await });
            }
        });
        server
    }

    pub(crate) fn mails(&self) -> Vec<ReceivedMail> {
        self.mails.lock().unwrap().clone()
    }

    /// The token of the link in the newest mail.
    pub(crate) fn newest_token(&self) -> String {
        let mail = self.mails().pop().expect("a mail came");
        let (_, after) = mail.text.split_once("?token=").expect("a link");
        after.split_whitespace().next().unwrap().to_owned()
    }

    async fn converse(&self, socket: TcpStream) -> Option<()> {
        let (read, mut write) = socket.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 stand-in\r\n").await.ok()?;
        let mut to = String::new();
        while let Some(line) = lines.next_line().await.ok()? {
            let verb = line
                .split([' ', ':'])
                .next()
                .unwrap_or_default()
                .to_uppercase();
            let answer: &str = match verb.as_str() {
                "EHLO" => "250 stand-in",
                "MAIL" if self.is_refused() => "451 come back later",
                "MAIL" => {
                    assert!(line.contains("<no-reply@example.com>"), "{line}");
                    "250 ok"
                }
                "RCPT" => {
                    let address = line.split(['<', '>']).nth(1).unwrap();
                    address.clone_into(&mut to);
                    "250 ok"
                }
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await.ok()?;
                    let mut text = String::new();
                    while let Some(line) = lines.next_line().await.ok()? {
                        if line == "." {
                            break;
                        }
                        text.push_str(&line);
                        text.push('\n');
                    }
                    // Quoted-printable, as far as our mails need it.
                    let text = text.replace("=\n", "").replace("=3D", "=");
                    let to = to.clone();
                    self.mails.lock().unwrap().push(ReceivedMail { to, text });
                    "250 taken"
                }
                "QUIT" => "221 bye",
                _ => "250 ok",
            };
            write
                .write_all(format!("{answer}\r\n").as_bytes())
                .await
                .ok()?;
        }
        Some(())
    }

    fn is_refused(&self) -> bool {
        let mut refusals = self.refusals.lock().unwrap();
        let is_refused = *refusals > 0;
        *refusals = refusals.saturating_sub(1);
        is_refused
    }
}
