//! The server's side of a stream: frames and time in, events and errors out.
//!
//! The session survives bad messages where it can: the client gets an `error`, nothing else changes. It is closed
//! for a missing `start`, and for a client that floods.

use super::{
    Close, Encoding, Fault, FaultCode, Incoming, MediaFormat, Start, TokenBucket, close_code,
    incoming::RawStart,
};
use crate::StreamSid;
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use std::time::{Duration, Instant};

/// Some encoders leave the padding out; everything else is as RFC 4648 §4 says.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Bounds on what a client may do.
#[derive(Debug, Clone)]
pub struct Limits {
    /// A longer WebSocket message is not looked at (bytes).
    pub max_message_len: usize,
    /// Time from opening to `start`.
    pub start_timeout: Duration,
    /// Seconds of audio taken at once, beyond real time.
    pub audio_burst_s: f64,
    /// Seconds of audio dropped for being too fast before the stream is closed.
    pub audio_dropped_s: f64,
    /// Messages a second, on average.
    pub messages_per_second: f64,
    /// Messages at once.
    pub message_burst: f64,
    /// Errors answered at once; one a second more. Beyond, the stream is closed.
    pub error_burst: f64,
}

impl Default for Limits {
    /// As the interface says (§7): 64 KiB, 10 s; audio 5 s ahead of real time (a mobile network's hiccup).
    fn default() -> Self {
        Self {
            max_message_len: 64 * 1024,
            start_timeout: Duration::from_secs(10),
            audio_burst_s: 5.0,
            audio_dropped_s: 10.0,
            // Opus packets may be as short as 2.5 ms.
            messages_per_second: 500.0,
            message_burst: 2_000.0,
            error_burst: 100.0,
        }
    }
}

/// What a client wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The stream begins.
    Started(Box<Start>),
    /// Audio of the caller's, decoded from base64, in the format of `start`.
    Audio(&'a [u8]),
    /// A key was pressed: `0`–`9`, `*`, `#`, `A`–`D`.
    Dtmf(char),
    /// A mark comes back.
    Mark(String),
    /// A text: `role` `user` is a typed turn, `assistant` is to be said.
    Transcript {
        /// `user` or `assistant`.
        role: String,
        /// Not empty.
        text: String,
    },
    /// Stop speaking.
    Clear,
    /// The stream is over; everything after it is ignored.
    Stopped,
}

/// What came of a frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// Something to do.
    Event(Event<'a>),
    /// Nothing to do.
    Ignored,
    /// To be answered with `error`; the stream goes on.
    Fault(Fault),
    /// To be closed.
    Close(Close),
}

#[derive(Debug)]
enum State {
    Opened,
    Started {
        stream_sid: StreamSid,
        format: MediaFormat,
    },
    Stopped,
}

/// One stream, from the opening of its socket on. See the module's description.
#[derive(Debug)]
pub struct StreamProtocol {
    state: State,
    limits: Limits,
    start_by: Instant,
    messages: TokenBucket,
    errors: TokenBucket,
    audio: TokenBucket,
    dropped_s: f64,
    told_too_fast_at: Option<Instant>,
    /// Decoded audio of the last message; used again for the next.
    buffer: Vec<u8>,
}

impl StreamProtocol {
    /// A socket was opened `now`.
    pub fn new(limits: Limits, now: Instant) -> Self {
        Self {
            state: State::Opened,
            start_by: now + limits.start_timeout,
            messages: TokenBucket::new(limits.messages_per_second, limits.message_burst, now),
            errors: TokenBucket::new(1.0, limits.error_burst, now),
            audio: TokenBucket::new(1.0, limits.audio_burst_s, now),
            dropped_s: 0.0,
            told_too_fast_at: None,
            buffer: Vec::new(),
            limits,
        }
    }

    /// When [`Self::handle_timeout`] is due; `None` when nothing is waited for.
    pub fn deadline(&self) -> Option<Instant> {
        matches!(self.state, State::Opened).then_some(self.start_by)
    }

    /// The stream's id, after `start`.
    pub fn stream_sid(&self) -> Option<&StreamSid> {
        match &self.state {
            State::Started { stream_sid, .. } => Some(stream_sid),
            State::Opened | State::Stopped => None,
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&self, now: Instant) -> Option<Close> {
        let reason = "no start message within 10 seconds";
        self.deadline()
            .filter(|deadline| *deadline <= now)
            .map(|_| Close {
                code: close_code::START_TIMEOUT,
                reason,
            })
    }

    /// A binary frame came; the protocol has none.
    pub fn handle_binary(&mut self, now: Instant) -> Outcome<'_> {
        if !self.messages.take(1.0, now) {
            return flooding();
        }
        let fault = fault(
            FaultCode::BinaryFrame,
            "send JSON in text frames; audio goes base64 in media.payload",
        );
        self.answer(fault, now)
    }

    /// A text frame came.
    pub fn handle_text(&mut self, text: &str, now: Instant) -> Outcome<'_> {
        if !self.messages.take(1.0, now) {
            return flooding();
        }
        if matches!(self.state, State::Stopped) {
            return Outcome::Ignored;
        }
        match self.read(text, now) {
            Ok(Some(Read::Audio)) => Outcome::Event(Event::Audio(&self.buffer)),
            Ok(Some(Read::Event(event))) => Outcome::Event(event),
            Ok(None) => Outcome::Ignored,
            Err(fault) if fault.code == FaultCode::TooFast => self.too_fast(fault, now),
            Err(fault) => self.answer(fault, now),
        }
    }

    fn read(&mut self, text: &str, now: Instant) -> Result<Option<Read>, Fault> {
        if text.len() > self.limits.max_message_len {
            return Err(fault(
                FaultCode::FrameTooLarge,
                "a message has at most 64 KiB; send 20 ms of audio in each",
            ));
        }
        let message = Incoming::parse(text).map_err(|error| {
            // The error's text has the position, never the content.
            fault(
                FaultCode::BadJson,
                format!(
                    "not a message: {:?} error at column {}",
                    error.classify(),
                    error.column()
                ),
            )
        })?;
        match (&*message.event, &self.state) {
            ("connected", _) | (_, State::Stopped) => Ok(None),
            ("start", State::Opened) => self.start(message.stream_sid.as_deref(), message.start),
            ("start", _) => Err(fault(
                FaultCode::AlreadyStarted,
                "the stream has started; open another socket",
            )),
            (_, State::Opened) => Err(fault(FaultCode::NotStarted, "send start first")),
            (event, State::Started { stream_sid, format }) => {
                let format = *format;
                if message
                    .stream_sid
                    .as_ref()
                    .is_some_and(|sid| **sid != *stream_sid.as_str())
                {
                    return Err(fault(
                        FaultCode::UnknownStream,
                        "streamSid is not that of this socket's start",
                    ));
                }
                match event {
                    "media" => self.media(&message, format, now),
                    "dtmf" => dtmf(&message).map(Some),
                    "mark" => mark(&message).map(Some),
                    "transcript" => transcript(&message).map(Some),
                    "clear" => Ok(Some(Read::Event(Event::Clear))),
                    "stop" => {
                        self.state = State::Stopped;
                        Ok(Some(Read::Event(Event::Stopped)))
                    }
                    _ => Ok(None),
                }
            }
        }
    }

    fn start(&mut self, outer: Option<&str>, raw: Option<RawStart>) -> Result<Option<Read>, Fault> {
        let raw = raw.ok_or_else(|| fault(FaultCode::BadStart, "the start object is missing"))?;
        let start =
            Start::read(raw, outer).map_err(|message| fault(FaultCode::BadStart, message))?;
        self.state = State::Started {
            stream_sid: start.stream_sid.clone(),
            format: start.media_format,
        };
        Ok(Some(Read::Event(Event::Started(Box::new(start)))))
    }

    fn media(
        &mut self,
        message: &Incoming<'_>,
        format: MediaFormat,
        now: Instant,
    ) -> Result<Option<Read>, Fault> {
        let missing = || fault(FaultCode::BadMessage, "media.payload is missing");
        let media = message.media.as_ref().ok_or_else(missing)?;
        // With `tracks: both` Twilio also sends what we said; that is not the caller.
        if media
            .track
            .as_deref()
            .is_some_and(|track| track == "outbound")
        {
            return Ok(None);
        }
        let payload = media.payload.as_deref().ok_or_else(missing)?;
        self.buffer.clear();
        BASE64.decode_vec(payload, &mut self.buffer).map_err(|_| {
            fault(
                FaultCode::BadBase64,
                "media.payload is not base64 (RFC 4648 §4)",
            )
        })?;
        if self.buffer.is_empty() {
            return Ok(None);
        }
        if format.encoding == Encoding::Pcm16 && self.buffer.len() % 2 == 1 {
            return Err(fault(
                FaultCode::OddLength,
                "16 bit samples need an even number of bytes",
            ));
        }
        let Some(length) = format.duration(&self.buffer) else {
            return Err(fault(
                FaultCode::BadMessage,
                "media.payload is no Opus packet",
            ));
        };
        let seconds = length.as_secs_f64();
        if !self.audio.take(seconds, now) {
            self.dropped_s += seconds;
            return Err(fault(
                FaultCode::TooFast,
                "audio is much faster than real time; it was dropped",
            ));
        }
        Ok(Some(Read::Audio))
    }

    /// Answers with an error, as long as there are not too many of them.
    fn answer(&mut self, fault: Fault, now: Instant) -> Outcome<'_> {
        if self.errors.take(1.0, now) {
            Outcome::Fault(fault)
        } else {
            flooding()
        }
    }

    /// Tells once a second; closes when enough was dropped.
    fn too_fast(&mut self, fault: Fault, now: Instant) -> Outcome<'_> {
        if self.dropped_s > self.limits.audio_dropped_s {
            return flooding();
        }
        let is_told = self
            .told_too_fast_at
            .is_some_and(|at| now.saturating_duration_since(at) < Duration::from_secs(1));
        if is_told {
            return Outcome::Ignored;
        }
        self.told_too_fast_at = Some(now);
        self.answer(fault, now)
    }
}

enum Read {
    Audio,
    Event(Event<'static>),
}

fn fault(code: FaultCode, message: impl Into<String>) -> Fault {
    Fault {
        code,
        message: message.into(),
    }
}

const fn flooding() -> Outcome<'static> {
    Outcome::Close(Close {
        code: close_code::FLOODING,
        reason: "too much, too fast: send audio in real time",
    })
}

fn dtmf(message: &Incoming<'_>) -> Result<Read, Fault> {
    let digit = message
        .dtmf
        .as_ref()
        .and_then(|dtmf| dtmf.digit.as_deref())
        .unwrap_or_default();
    let mut characters = digit.chars();
    match (characters.next(), characters.next()) {
        (Some(digit @ ('0'..='9' | '*' | '#' | 'A'..='D')), None) => {
            Ok(Read::Event(Event::Dtmf(digit)))
        }
        _ => Err(fault(
            FaultCode::BadMessage,
            "dtmf.digit is one of 0-9, *, # and A-D",
        )),
    }
}

fn mark(message: &Incoming<'_>) -> Result<Read, Fault> {
    let name = message.mark.as_ref().and_then(|mark| mark.name.as_deref());
    name.map(|name| Read::Event(Event::Mark(name.to_owned())))
        .ok_or_else(|| fault(FaultCode::BadMessage, "mark.name is missing"))
}

fn transcript(message: &Incoming<'_>) -> Result<Read, Fault> {
    let media = message.media.as_ref();
    let role = media
        .and_then(|media| media.role.as_deref())
        .unwrap_or("user");
    let text = media
        .and_then(|media| media.text.as_deref())
        .unwrap_or_default()
        .trim();
    if !matches!(role, "user" | "assistant") {
        return Err(fault(
            FaultCode::BadMessage,
            "media.role is user or assistant",
        ));
    }
    if text.is_empty() {
        return Err(fault(FaultCode::BadMessage, "media.text is missing"));
    }
    Ok(Read::Event(Event::Transcript {
        role: role.to_owned(),
        text: text.to_owned(),
    }))
}

#[cfg(test)]
mod tests;
