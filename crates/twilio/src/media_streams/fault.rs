//! How a bad message is answered, and why a stream is closed.

/// WebSocket close codes of CASP's own.
pub mod close_code {
    /// The `start` message makes no sense.
    pub const BAD_START: u16 = 4400;
    /// The credentials are missing, wrong, spent, or of another call.
    pub const UNAUTHORIZED: u16 = 4401;
    /// The account may not talk with an agent.
    pub const FORBIDDEN: u16 = 4403;
    /// There is no such assistant.
    pub const NOT_FOUND: u16 = 4404;
    /// No `start` in time.
    pub const START_TIMEOUT: u16 = 4408;
    /// The session is over.
    pub const SESSION_ENDED: u16 = 4410;
    /// Far more than real time, errors without end, or more than the account may spend today.
    pub const FLOODING: u16 = 4429;
}

/// What a bad message is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultCode {
    /// Not JSON, or not of the shape of a message.
    BadJson,
    /// The payload is not base64.
    BadBase64,
    /// 16 bit samples with an odd number of bytes.
    OddLength,
    /// Something other than `connected` before `start`.
    NotStarted,
    /// A second `start`.
    AlreadyStarted,
    /// `start` makes no sense.
    BadStart,
    /// A `streamSid` that is not this stream's.
    UnknownStream,
    /// Longer than is allowed.
    FrameTooLarge,
    /// A binary WebSocket frame.
    BinaryFrame,
    /// A field is missing or makes no sense.
    BadMessage,
    /// Audio much faster than real time; it was dropped.
    TooFast,
}

impl FaultCode {
    /// As it stands in the `error` message.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadJson => "bad_json",
            Self::BadBase64 => "bad_base64",
            Self::OddLength => "odd_length",
            Self::NotStarted => "not_started",
            Self::AlreadyStarted => "already_started",
            Self::BadStart => "bad_start",
            Self::UnknownStream => "unknown_stream",
            Self::FrameTooLarge => "frame_too_large",
            Self::BinaryFrame => "binary_frame",
            Self::BadMessage => "bad_message",
            Self::TooFast => "too_fast",
        }
    }
}

/// What was wrong with a message, for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct Fault {
    /// Its name.
    pub code: FaultCode,
    /// What to do about it.
    pub message: String,
}

/// Why the server closes the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close {
    /// See [`close_code`].
    pub code: u16,
    /// For people; at most 123 bytes.
    pub reason: &'static str,
}
