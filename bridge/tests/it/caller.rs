//! The phone's side of a Media Streams socket.

use crate::PATIENCE;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _},
};

pub(crate) struct Caller {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// What the bridge said.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    Media(Vec<u8>),
    Mark(String),
    Clear,
    Error(String),
    Other(Value),
    /// The socket was closed.
    Closed(u16),
}

impl Caller {
    /// Opens a socket; `Err` is the HTTP status of a refusal.
    pub(crate) async fn connect(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn send(&mut self, message: &Value) {
        self.send_text(message.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: String) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn send_binary(&mut self, bytes: Vec<u8>) {
        self.socket.send(Message::binary(bytes)).await.unwrap();
    }

    /// For floods: the far side may have closed already.
    pub(crate) async fn try_send(&mut self, text: &str) -> bool {
        self.socket.send(Message::text(text)).await.is_ok()
    }

    pub(crate) async fn start(&mut self, call_sid: &str, token: &str) {
        self.send(&json!({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
            .await;
        self.send(&start(call_sid, token)).await;
    }

    pub(crate) async fn speak(&mut self, mulaw: &[u8]) {
        self.send_text(media(mulaw)).await;
    }

    /// Says frames of 20 ms in real time.
    pub(crate) async fn say(&mut self, frames: impl IntoIterator<Item = Vec<u8>>) {
        let mut clock = tokio::time::interval(Duration::from_millis(20));
        for frame in frames {
            clock.tick().await;
            self.speak(&frame).await;
        }
    }

    pub(crate) async fn return_mark(&mut self, name: &str) {
        self.send(&json!({"event": "mark", "streamSid": "MZ1", "mark": {"name": name}}))
            .await;
    }

    pub(crate) async fn stop(&mut self) {
        self.send(&json!({"event": "stop", "streamSid": "MZ1", "stop": {"callSid": "x"}}))
            .await;
    }

    /// The next thing the bridge says.
    pub(crate) async fn hear(&mut self) -> Said {
        tokio::time::timeout(PATIENCE, self.hear_at_last())
            .await
            .expect("the bridge says nothing")
    }

    /// The same, however long it takes.
    async fn hear_at_last(&mut self) -> Said {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return understood(&text),
                Some(Ok(Message::Close(frame))) => {
                    return Said::Closed(frame.map_or(1005, |frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Said::Closed(1006),
            }
        }
    }

    /// The next thing that is not audio.
    pub(crate) async fn hear_no_media(&mut self) -> Said {
        loop {
            match self.hear().await {
                Said::Media(_) => {}
                other => return other,
            }
        }
    }

    /// The next audio.
    pub(crate) async fn hear_media(&mut self) -> Vec<u8> {
        loop {
            match self.hear().await {
                Said::Media(payload) => return payload,
                Said::Closed(code) => panic!("closed with {code}"),
                _ => {}
            }
        }
    }
}

pub(crate) fn start(call_sid: &str, token: &str) -> Value {
    json!({"event": "start", "sequenceNumber": "1", "streamSid": "MZ1", "start": {
        "accountSid": "AC1", "streamSid": "MZ1", "callSid": call_sid, "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": token}}})
}

pub(crate) fn media(mulaw: &[u8]) -> String {
    json!({"event": "media", "streamSid": "MZ1", "media": {"track": "inbound", "chunk": "1", "timestamp": "5",
        "payload": STANDARD.encode(mulaw)}})
    .to_string()
}

fn understood(text: &str) -> Said {
    let message: Value = serde_json::from_str(text).unwrap();
    match message["event"].as_str().unwrap() {
        "media" => Said::Media(
            STANDARD
                .decode(message["media"]["payload"].as_str().unwrap())
                .unwrap(),
        ),
        "mark" => Said::Mark(message["mark"]["name"].as_str().unwrap().to_owned()),
        "clear" => Said::Clear,
        "error" => Said::Error(message["error"]["code"].as_str().unwrap().to_owned()),
        _ => Said::Other(message),
    }
}
