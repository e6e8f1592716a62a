//! A caller on the phone: Twilio's end of a Media Streams WebSocket.
//! <https://www.twilio.com/docs/voice/media-streams/websocket-messages>

use crate::caller::Caller;
use crate::clock::between;
use crate::gate::Gate;
use crate::script::Script;
use crate::utterance::Voice;
use anyhow::{Context, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use casp_audio::pcmu;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, sleep_until};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

const RATE_HZ: u32 = 8_000;
const FRAME: Duration = Duration::from_millis(20);
/// How long the phone network holds the first packet of speech, so that the next may be late. It is part of the delay.
const PLAYOUT_DELAY: Duration = Duration::from_millis(40);
/// After so long without sound the network's buffer starts anew.
const STALE: Duration = Duration::from_millis(100);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Where phone callers go.
#[derive(Debug)]
pub struct Phones {
    /// The WebSocket.
    pub url: String,
    /// `start.customParameters`.
    pub params: BTreeMap<String, String>,
    /// Headers of the handshake.
    pub headers: Vec<(String, String)>,
    /// The callers' voice: base64 of μ-law, all frames there.
    pub speech: Vec<String>,
    /// The same for the background.
    pub noise: Vec<String>,
    /// What went over the wire, of all callers.
    pub wire: Mutex<Wire>,
}

/// Counts of messages.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Wire {
    /// `media` received.
    pub media_in: u64,
    /// `media` sent.
    pub media_out: u64,
    /// `clear` received.
    pub clear: u64,
    /// `mark` received.
    pub mark: u64,
    /// Messages that make no sense.
    pub bad: u64,
    /// The most that a frame was sent late.
    pub late_ms: f64,
}

/// base64 of each frame.
pub fn payloads(frames: &[crate::utterance::Frame]) -> Vec<String> {
    frames
        .iter()
        .flatten()
        .map(|frame| BASE64.encode(frame))
        .collect()
}

impl Phones {
    /// For a voice in μ-law.
    pub fn new(
        url: String,
        params: BTreeMap<String, String>,
        headers: Vec<(String, String)>,
        voice: &Voice,
    ) -> Self {
        let (speech, noise) = (payloads(&voice.speech), payloads(&voice.noise));
        Self {
            url,
            params,
            headers,
            speech,
            noise,
            wire: Mutex::default(),
        }
    }

    /// Plays one caller from dialling to hanging up.
    pub async fn call(&self, caller: Arc<Caller>, script: &Script, gate: &Gate) {
        let began = Instant::now();
        let mut call = match self.connect().await {
            Ok(socket) => PhoneCall::new(self, &caller, socket),
            Err(error) => {
                caller.note(|record| {
                    record.error = Some(format!("{error:#}"));
                    record.done_at = Some(Instant::now());
                });
                gate.arrive();
                return;
            }
        };
        let elapsed = began.elapsed();
        caller.note(|record| (record.join, record.audio_ready) = (Some(elapsed), Some(elapsed)));
        let ready = async { Ok(()) };
        caller.follow(script, gate, ready, call.run()).await;
        call.hang_up().await;
    }

    async fn connect(&self) -> anyhow::Result<Socket> {
        let mut request = self.url.as_str().into_client_request()?;
        for (name, value) in &self.headers {
            let name: HeaderName = name.trim().parse()?;
            request
                .headers_mut()
                .insert(name, HeaderValue::from_str(value.trim())?);
        }
        let (socket, _) = connect_async_with_config(request, None, true)
            .await
            .context("cannot connect")?;
        Ok(socket)
    }
}

/// A message of the server's.
#[derive(Deserialize)]
struct FromServer<'a> {
    event: &'a str,
    #[serde(borrow)]
    media: Option<Media<'a>>,
    mark: Option<Mark>,
}

#[derive(Deserialize)]
struct Media<'a> {
    payload: &'a str,
}

#[derive(Deserialize)]
struct Mark {
    name: String,
}

/// One call. Server audio is queued and played in real time, as Twilio does.
struct PhoneCall<'a> {
    phones: &'a Phones,
    caller: &'a Caller,
    socket: Socket,
    stream_sid: String,
    call_sid: String,
    sequence: u64,
    /// Where what is queued ends.
    playback_end: Instant,
    /// Marks, and when all before them will have been played.
    marks: VecDeque<(Instant, String)>,
    codes: Vec<u8>,
    pcm: Vec<i16>,
    wire: Wire,
}

impl<'a> PhoneCall<'a> {
    fn new(phones: &'a Phones, caller: &'a Caller, socket: Socket) -> Self {
        // Unlike those of any other run: process, time and caller are in them.
        let unique = std::time::UNIX_EPOCH
            .elapsed()
            .map_or(0, |since| since.as_nanos());
        let id = format!(
            "{:08x}{:020x}{:04x}",
            std::process::id(),
            unique as u64,
            caller.index
        );
        Self {
            phones,
            caller,
            socket,
            stream_sid: format!("MZ{id}"),
            call_sid: format!("CA{id}"),
            sequence: 0,
            playback_end: Instant::now(),
            marks: VecDeque::new(),
            codes: Vec::new(),
            pcm: Vec::new(),
            wire: Wire::default(),
        }
    }

    /// Runs until the server closes the stream; returns why.
    async fn run(&mut self) -> anyhow::Error {
        match self.carry().await {
            Ok(()) => anyhow!("server closed the stream"),
            Err(error) => error,
        }
    }

    async fn carry(&mut self) -> anyhow::Result<()> {
        self.start().await?;
        let began = Instant::now();
        let mut tick = interval(FRAME);
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut frames = 0_u64;
        loop {
            let next_mark = self.marks.front().map(|(at, _)| *at);
            tokio::select! {
                _ = tick.tick() => {
                    let late = between(began + FRAME * frames as u32, Instant::now());
                    self.wire.late_ms = self.wire.late_ms.max(late * 1_000.0);
                    frames += 1;
                    self.send_frame(frames).await?;
                }
                () = reached(next_mark) => {
                    if let Some((_, name)) = self.marks.pop_front() {
                        self.send_mark(&name).await?;
                    }
                }
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => self.hear(&text).await?,
                    Some(Ok(Message::Close(frame))) => {
                        let why = frame.map_or_else(String::new, |f| format!(" {} {}", f.code, f.reason));
                        return Err(anyhow!("server closed the stream:{why}"));
                    }
                    Some(Ok(Message::Binary(_))) => self.wire.bad += 1,
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error.into()),
                    None => return Ok(()),
                }
            }
        }
    }

    async fn start(&mut self) -> anyhow::Result<()> {
        let connected = json!({"event": "connected", "protocol": "Call", "version": "1.0.0"});
        self.send_text(connected.to_string()).await?;
        let mut params = self.phones.params.clone();
        params.insert("caller".into(), self.caller.index.to_string());
        let start = json!({"event": "start", "start": {
            "accountSid": account_sid(), "streamSid": self.stream_sid, "callSid": self.call_sid,
            "tracks": ["inbound"], "customParameters": params,
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": RATE_HZ, "channels": 1},
        }});
        self.send(start).await
    }

    async fn send_frame(&mut self, chunk: u64) -> anyhow::Result<()> {
        let speaking = self.caller.mouth.frame();
        let payload = match speaking {
            Some(n) => &self.phones.speech[n],
            None => &self.phones.noise[chunk as usize % self.phones.noise.len()],
        };
        self.sequence += 1;
        let text = format!(
            r#"{{"event":"media","sequenceNumber":"{}","media":{{"track":"inbound","chunk":"{chunk}","timestamp":"{}","payload":"{payload}"}},"streamSid":"{}"}}"#,
            self.sequence,
            chunk * 20,
            self.stream_sid
        );
        // As in the rig: speech is said when its frames are sent.
        let at = Instant::now();
        self.send_text(text).await?;
        self.wire.media_out += 1;
        if speaking.is_some() {
            self.caller
                .mouth
                .sent(at, Duration::ZERO, self.phones.speech.len());
        }
        Ok(())
    }

    async fn send_mark(&mut self, name: &str) -> anyhow::Result<()> {
        self.send(json!({"event": "mark", "mark": {"name": name}}))
            .await
    }

    async fn send(&mut self, mut message: Value) -> anyhow::Result<()> {
        self.sequence += 1;
        message["sequenceNumber"] = json!(self.sequence.to_string());
        message["streamSid"] = json!(self.stream_sid);
        self.send_text(message.to_string()).await
    }

    async fn send_text(&mut self, text: String) -> anyhow::Result<()> {
        Ok(self
            .socket
            .send(Message::Text(Utf8Bytes::from(text)))
            .await?)
    }

    async fn hear(&mut self, text: &str) -> anyhow::Result<()> {
        let now = Instant::now();
        let Ok(message) = serde_json::from_str::<FromServer<'_>>(text) else {
            self.wire.bad += 1;
            return Ok(());
        };
        match (message.event, message.media, message.mark) {
            ("media", Some(media), _) => self.play(now, media.payload),
            ("mark", _, Some(mark)) => {
                self.wire.mark += 1;
                self.marks.push_back((self.playback_end, mark.name));
            }
            ("clear", ..) => {
                self.wire.clear += 1;
                self.playback_end = self.playback_end.min(now);
                self.caller.ear.cut(now);
                for (_, name) in std::mem::take(&mut self.marks) {
                    self.send_mark(&name).await?;
                }
            }
            _ => self.wire.bad += 1,
        }
        Ok(())
    }

    fn play(&mut self, now: Instant, payload: &str) {
        self.codes.clear();
        if BASE64.decode_vec(payload, &mut self.codes).is_err() {
            self.wire.bad += 1;
            return;
        }
        self.pcm.resize(self.codes.len(), 0);
        pcmu::decode(&self.codes, &mut self.pcm);
        let is_stale = self.playback_end + STALE < now;
        let start = if is_stale {
            now + PLAYOUT_DELAY
        } else {
            self.playback_end.max(now)
        };
        let duration = Duration::from_secs_f64(self.pcm.len() as f64 / f64::from(RATE_HZ));
        self.playback_end = start + duration;
        self.caller.ear.feed(start, &self.pcm, RATE_HZ);
        self.wire.media_in += 1;
    }

    async fn hang_up(mut self) {
        let stop = json!({"event": "stop", "stop": {
            "accountSid": account_sid(), "callSid": self.call_sid,
        }});
        // The call is over either way.
        let _ = self.send(stop).await;
        let _ = tokio::time::timeout(Duration::from_secs(3), self.socket.close(None)).await;
        let mut all = self
            .phones
            .wire
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.media_in += self.wire.media_in;
        all.media_out += self.wire.media_out;
        all.clear += self.wire.clear;
        all.mark += self.wire.mark;
        all.bad += self.wire.bad;
        all.late_ms = all.late_ms.max(self.wire.late_ms);
    }
}

fn account_sid() -> String {
    format!("AC{}", "0".repeat(32))
}

/// Waits for a time; for ever without one.
async fn reached(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
