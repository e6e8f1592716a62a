//! LiveKit's text streams.

use crate::RoomError;
use std::collections::HashMap;

/// A text stream that arrives.
#[derive(Debug)]
pub struct TextReader {}

impl TextReader {
    /// Topic (`lk.chat`, `lk.transcription`, …).
    pub fn topic(&self) -> &str {
        unimplemented!()
    }
    /// Identity of its sender.
    pub fn participant(&self) -> &str {
        unimplemented!()
    }
    /// The stream's attributes.
    pub fn attributes(&self) -> &HashMap<String, String> {
        unimplemented!()
    }
    /// The stream's id.
    pub fn id(&self) -> &str {
        unimplemented!()
    }
    /// The next piece of text; `None` at its end.
    pub async fn next(&mut self) -> Option<Result<String, RoomError>> {
        unimplemented!()
    }
    /// Everything, up to `limit` bytes; longer is an error.
    pub async fn read_all(self, _limit: usize) -> Result<String, RoomError> {
        unimplemented!()
    }
}

/// A text stream that is being written.
#[derive(Debug)]
pub struct TextWriter {}

impl TextWriter {
    /// Appends text.
    pub async fn write(&self, _text: &str) -> Result<(), RoomError> {
        unimplemented!()
    }
    /// Ends the stream, with attributes that readers get at the end.
    pub async fn close(self, _attributes: HashMap<String, String>) -> Result<(), RoomError> {
        unimplemented!()
    }
}
