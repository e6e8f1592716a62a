//! LiveKit's text streams.

use crate::{RoomError, handle::Handle};
use futures_util::StreamExt as _;
use livekit_data_stream::api::{
    StreamReader as _, StreamWriter as _, TextStreamReader, TextStreamWriter,
};
use std::{collections::HashMap, sync::Arc};

/// A text stream that arrives. A stream of more than 1 MiB ends in an error.
pub struct TextReader {
    reader: TextStreamReader,
    participant: String,
    topic: String,
    id: String,
    attributes: HashMap<String, String>,
}

impl TextReader {
    pub(crate) fn new(reader: TextStreamReader, participant: String) -> Self {
        let info = reader.info();
        Self {
            topic: info.topic.clone(),
            id: info.id.clone(),
            attributes: info.attributes(),
            participant,
            reader,
        }
    }

    /// Topic (`lk.chat`, `lk.transcription`, …).
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Identity of its sender; for a stream that an agent sends on behalf of another, of that other.
    pub fn participant(&self) -> &str {
        &self.participant
    }

    /// The stream's attributes; once [`Self::next`] has given `None`, with those that came at its end.
    pub fn attributes(&self) -> &HashMap<String, String> {
        &self.attributes
    }

    /// The stream's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The next piece of text; `None` at its end. Cancel safe.
    pub async fn next(&mut self) -> Option<Result<String, RoomError>> {
        let piece = self.reader.next().await;
        if piece.is_none() {
            self.attributes = self.reader.info().attributes();
        }
        piece.map(|piece| piece.map_err(|error| RoomError::Stream(error.to_string())))
    }

    /// Everything, up to `limit` bytes; longer is an error.
    pub async fn read_all(mut self, limit: usize) -> Result<String, RoomError> {
        let mut text = String::new();
        while let Some(piece) = self.next().await {
            let piece = piece?;
            if text.len() + piece.len() > limit {
                return Err(RoomError::Stream(format!("more than {limit} bytes")));
            }
            text.push_str(&piece);
        }
        Ok(text)
    }
}

impl std::fmt::Debug for TextReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextReader")
            .field("topic", &self.topic)
            .field("participant", &self.participant)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A text stream that is being written. Dropping it ends the stream.
pub struct TextWriter {
    writer: TextStreamWriter,
    handle: Arc<Handle>,
}

impl TextWriter {
    pub(crate) fn new(writer: TextStreamWriter, handle: Arc<Handle>) -> Self {
        Self { writer, handle }
    }

    /// Appends text.
    pub async fn write(&self, text: &str) -> Result<(), RoomError> {
        let written = self.writer.write(text).await;
        written.map_err(|error| self.handle.data.stream_error(&error))
    }

    /// Ends the stream, with attributes that readers get at the end.
    pub async fn close(self, attributes: HashMap<String, String>) -> Result<(), RoomError> {
        let closed = self
            .writer
            .close_with_options(None, Some(attributes).filter(|all| !all.is_empty()))
            .await;
        closed.map_err(|error| self.handle.data.stream_error(&error))
    }
}

impl std::fmt::Debug for TextWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextWriter").finish_non_exhaustive()
    }
}
