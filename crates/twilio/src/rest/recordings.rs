//! Recordings of calls, and their sound.

use super::{
    TwilioClient, TwilioError,
    form::Form,
    page::{Page, PageRequest, position},
};
use crate::{CallSid, RecordingSid};
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _};
use reqwest::header;
use serde::Deserialize;

/// A recording as Twilio shows it.
#[derive(Debug, Clone, Deserialize)]
pub struct Recording {
    /// Its id.
    pub sid: RecordingSid,
    /// The call.
    pub call_sid: Option<CallSid>,
    /// `in-progress`, `processing`, `completed`, `absent`, …
    #[serde(default)]
    pub status: String,
    /// Seconds, as text; `-1` or null until it is known.
    pub duration: Option<String>,
    /// 1 or 2.
    pub channels: Option<u32>,
    /// RFC 2822.
    pub start_time: Option<String>,
    /// RFC 2822.
    pub date_created: Option<String>,
}

/// Which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaFormat {
    /// 16-bit, 8 kHz.
    Wav,
    /// 32 kbit/s.
    Mp3,
}

/// The sound, on its way.
#[derive(Debug)]
pub struct RecordingMedia {
    response: reqwest::Response,
}

impl RecordingMedia {
    /// `audio/x-wav`, `audio/mpeg`, …
    pub fn content_type(&self) -> Option<&str> {
        let value = self.response.headers().get(header::CONTENT_TYPE)?;
        value.to_str().ok()
    }

    /// Bytes, when Twilio says so.
    pub fn content_length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The bytes as they come; ten seconds of silence are an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, TwilioError>> + Send {
        self.response.bytes_stream().map_err(TwilioError::from_http)
    }
}

#[derive(Deserialize)]
struct RecordingList {
    recordings: Vec<Recording>,
    next_page_uri: Option<String>,
}

impl TwilioClient {
    /// Looks at a recording.
    pub async fn fetch_recording(
        &self,
        recording: &RecordingSid,
    ) -> Result<Recording, TwilioError> {
        let url = self.api_url(&format!("Recordings/{recording}.json"));
        self.get(&url, &Form::default()).await
    }

    /// Recordings of a call.
    pub async fn list_recordings(
        &self,
        call: &CallSid,
        page: &PageRequest,
    ) -> Result<Page<Recording>, TwilioError> {
        let url = self.api_url(&format!("Calls/{call}/Recordings.json"));
        let list: RecordingList = self.get(&url, &page.on(Form::default())).await?;
        Ok(Page {
            next: position(list.next_page_uri.as_deref()),
            entries: list.recordings,
        })
    }

    /// The sound of a recording, one channel for each side where it was recorded so.
    pub async fn recording_media(
        &self,
        recording: &RecordingSid,
        format: MediaFormat,
        channels: Option<u32>,
    ) -> Result<RecordingMedia, TwilioError> {
        let extension = match format {
            MediaFormat::Wav => "wav",
            MediaFormat::Mp3 => "mp3",
        };
        let url = self.api_url(&format!("Recordings/{recording}.{extension}"));
        let query = Form::default().maybe("RequestedChannels", channels);
        let response = self.file(&url, &query).await?;
        Ok(RecordingMedia { response })
    }

    /// Deletes a recording at Twilio; one that is not there is deleted.
    pub async fn delete_recording(&self, recording: &RecordingSid) -> Result<(), TwilioError> {
        self.delete(&self.api_url(&format!("Recordings/{recording}.json")))
            .await
    }
}
