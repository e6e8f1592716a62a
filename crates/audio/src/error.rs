//! What can go wrong with audio.

/// An error of this crate. None of them ends a stream: the next packet may be good again.
#[derive(Debug, thiserror::Error)]
pub enum AudioError {
    /// The packet is no Opus packet (RFC 6716, 3.4), or empty.
    #[error("not an Opus packet ({len} bytes)")]
    InvalidPacket {
        /// Its size in bytes.
        len: usize,
    },
    /// The caller's buffer is too small for what would be written.
    #[error("the output buffer holds {have} samples or bytes, {need} are needed")]
    BufferTooSmall {
        /// Samples or bytes needed.
        need: usize,
        /// Samples or bytes there are.
        have: usize,
    },
    /// A frame of a length that the codec or filter does not take.
    #[error("a frame of {samples} samples at {sample_rate_hz} Hz: {expected}")]
    FrameLength {
        /// Samples given.
        samples: usize,
        /// Their rate.
        sample_rate_hz: u32,
        /// What would have been right.
        expected: &'static str,
    },
    /// A sample rate that is not one of those supported.
    #[error("sample rate {0} Hz is not supported")]
    SampleRate(u32),
    /// More audio was pushed than a queue may hold; nothing of it was taken.
    #[error("the queue holds {queued} of at most {limit} samples")]
    QueueFull {
        /// Samples waiting.
        queued: usize,
        /// The most that may wait.
        limit: usize,
    },
    /// An audio file that cannot be read.
    #[error("not an audio file that can be read: {0}")]
    File(&'static str),
    /// libopus refused a setting or failed inside.
    #[error("libopus: {0}")]
    Opus(#[from] ::opus::Error),
}
