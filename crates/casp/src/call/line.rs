//! The socket: Media Streams from the phone's side.

use super::{door::Door, script::Script};
use anyhow::{Context as _, anyhow, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::{net::TcpStream, time::MissedTickBehavior};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest as _, http::HeaderValue},
};

/// How the talk over this socket ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Everything was said and answered.
    Said,
    /// The other side closed it.
    Closed {
        /// WebSocket close code.
        code: u16,
        /// In its words.
        reason: String,
    },
}

/// An open stream.
pub(super) struct Line {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    stream_sid: String,
    call_sid: String,
    sequence: u64,
    chunk: u64,
    began: Instant,
}

impl Line {
    /// Opens the socket and starts the stream.
    pub(super) async fn connect(door: &Door) -> anyhow::Result<Self> {
        let url = &door.url;
        let mut request = url
            .as_str()
            .into_client_request()
            .with_context(|| format!("{url} is no WebSocket URL"))?;
        if let Some(key) = &door.api_key {
            let value = HeaderValue::from_str(&format!("Bearer {key}")).context("--api-key")?;
            request.headers_mut().insert("authorization", value);
        }
        let (socket, _) = connect_async(request)
            .await
            .map_err(|error| explain(url, error))?;
        let mut line = Self {
            socket,
            stream_sid: format!("MZ{}", uuid::Uuid::new_v4().simple()),
            call_sid: door.call_sid.to_string(),
            sequence: 0,
            chunk: 0,
            began: Instant::now(),
        };
        let parameters: serde_json::Map<String, Value> = door
            .parameters
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect();
        // A socket that is closed meanwhile says why when it is read.
        let _ = line
            .send(json!({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
            .await;
        let (stream_sid, call_sid) = (line.stream_sid.clone(), line.call_sid.clone());
        let _ = line.send_numbered(json!({"event": "start", "start": {
            "accountSid": "AC00000000000000000000000000000000", "streamSid": stream_sid, "callSid": call_sid,
            "tracks": ["inbound"], "customParameters": parameters,
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}}}))
            .await;
        Ok(line)
    }

    /// Follows the script until it is done or the other side hangs up.
    pub(super) async fn talk(&mut self, script: &mut Script) -> anyhow::Result<Ending> {
        let mut clock = tokio::time::interval(Duration::from_millis(20));
        // A phone's clock does not skip: what was late is sent at once.
        clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
        loop {
            tokio::select! {
                           _ = clock.tick() => {
                               let now = self.began.elapsed();
                               while let Some(name) = script.ear().reached(now) {
                                   if self.send_numbered(json!({"event": "mark", "mark": {"name": name}})).await.is_err() {
            return Ok(closed(None));
            }
                               }
                               let Some(frame) = script.next_frame(now) else {
                                   return Ok(Ending::Said);
                               };
                               self.chunk += 1;
                               let media = json!({"track": "inbound", "chunk": self.chunk.to_string(),
                                   "timestamp": now.as_millis().to_string(), "payload": STANDARD.encode(frame)});
                               if self.send_numbered(json!({"event": "media", "media": media})).await.is_err() {
                                   return Ok(closed(None));
                               }
                           }
                           message = self.socket.next() => match message {
                               Some(Ok(Message::Text(text))) => self.hear(&text, script)?,
                               Some(Ok(Message::Close(frame))) => return Ok(closed(frame)),
                               Some(Ok(_)) => {}
                               Some(Err(_)) | None => return Ok(closed(None)),
                           },
                       }
        }
    }

    fn hear(&self, text: &str, script: &mut Script) -> anyhow::Result<()> {
        let now = self.began.elapsed();
        let message: Value = serde_json::from_str(text).context("CASP sent no JSON")?;
        match message["event"].as_str() {
            Some("media") => {
                let payload = message["media"]["payload"].as_str().unwrap_or_default();
                let mulaw = STANDARD
                    .decode(payload)
                    .context("CASP sent audio that is not base64")?;
                script.ear().media(&mulaw, now);
            }
            Some("mark") => script.ear().mark(
                message["mark"]["name"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            ),
            Some("clear") => script.ear().clear(now),
            Some("error") => bail!(
                "CASP says: {}",
                message["error"]["message"].as_str().unwrap_or("error")
            ),
            _ => {}
        }
        Ok(())
    }

    /// Says `stop` and closes the socket.
    pub(super) async fn hang_up(mut self) {
        let stop = json!({"event": "stop", "stop":
            {"accountSid": "AC00000000000000000000000000000000", "callSid": self.call_sid}});
        let _ = self.send_numbered(stop).await;
        let end = async {
            while let Some(Ok(message)) = self.socket.next().await {
                if message.is_close() {
                    break;
                }
            }
        };
        // CASP clears the call up and closes; a slow one need not be waited for.
        let _ = tokio::time::timeout(Duration::from_secs(3), end).await;
    }

    async fn send_numbered(&mut self, mut message: Value) -> anyhow::Result<()> {
        self.sequence += 1;
        message["sequenceNumber"] = self.sequence.to_string().into();
        message["streamSid"] = self.stream_sid.as_str().into();
        self.send(message).await
    }

    async fn send(&mut self, message: Value) -> anyhow::Result<()> {
        self.socket
            .send(Message::text(message.to_string()))
            .await
            .context("the connection broke")
    }
}

fn closed(frame: Option<tungstenite::protocol::CloseFrame>) -> Ending {
    match frame {
        Some(frame) => Ending::Closed {
            code: frame.code.into(),
            reason: frame.reason.to_string(),
        },
        None => Ending::Closed {
            code: 1006,
            reason: "the connection broke".to_owned(),
        },
    }
}

/// What to do about a failed handshake.
fn explain(url: &str, error: tungstenite::Error) -> anyhow::Error {
    let tungstenite::Error::Http(response) = error else {
        return anyhow!("{url}: {error}; is CASP running there? (casp dev)");
    };
    let body = response
        .body()
        .as_deref()
        .map(String::from_utf8_lossy)
        .unwrap_or_default();
    let detail = serde_json::from_str::<Value>(&body)
        .ok()
        .and_then(|body| body["detail"].as_str().map(str::to_owned))
        .unwrap_or_default();
    let advice = match response.status().as_u16() {
        401 => "; give an API key: --api-key sk_…",
        404 => "; the path is /media-stream/<scenario>",
        _ => "",
    };
    anyhow!("{url} answered {}: {detail}{advice}", response.status())
}
