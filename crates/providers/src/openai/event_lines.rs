//! A bound on what a server may make us hold before an event is complete.

use super::endpoint::broke_off;
use crate::ProviderError;
use bytes::Bytes;

/// Longest line: a whole tool call in one event fits.
const MAX_LINE_BYTES: usize = 256 * 1024;
/// Whole stream: text of 4 MiB in pieces of a word, each with its wrapping.
const MAX_STREAM_BYTES: usize = 64 * 1024 * 1024;

/// Counts the bytes of a stream of events.
#[derive(Debug, Default)]
pub(super) struct EventLines {
    line: usize,
    total: usize,
}

impl EventLines {
    /// Lets a piece through, or refuses it.
    pub(super) fn check(
        &mut self,
        piece: Result<Bytes, reqwest::Error>,
    ) -> Result<Bytes, ProviderError> {
        let piece = piece.map_err(|_| broke_off())?;
        self.total += piece.len();
        self.line = match piece.iter().rposition(|b| *b == b'\n') {
            Some(at) => piece.len() - at - 1,
            None => self.line + piece.len(),
        };
        if self.line > MAX_LINE_BYTES || self.total > MAX_STREAM_BYTES {
            return Err(ProviderError::bad_answer(
                super::NAME,
                "the answer is too long",
            ));
        }
        Ok(piece)
    }
}
