//! `<Record>` and `<Start><Recording>`.

use super::{
    attributes::{number, text},
    xml::Writer,
};
use std::borrow::Cow;

/// `<Record>`: records the caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// Asked for TwiML afterwards.
    pub action: Option<String>,
    /// Seconds at most.
    pub max_length_s: Option<u32>,
    /// Seconds of silence that end it.
    pub timeout_s: Option<u16>,
    /// Without the beep.
    pub is_silent: bool,
    /// Where Twilio tells that the file is there.
    pub recording_status_callback: Option<String>,
}

impl Record {
    pub(super) fn write(&self, writer: &mut Writer) {
        let attributes = [
            ("action", text(self.action.as_ref())),
            ("maxLength", number(self.max_length_s)),
            ("timeout", number(self.timeout_s)),
            ("playBeep", self.is_silent.then_some(Cow::Borrowed("false"))),
            (
                "recordingStatusCallback",
                text(self.recording_status_callback.as_ref()),
            ),
        ];
        writer.element("Record", &attributes, |_| {});
    }
}

/// `<Start><Recording>`: records the whole call from here on, both sides, while the verbs after it go on (and so the
/// only one that fits a call with a media stream). What was said before is not recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StartRecording {
    /// Where Twilio tells how the recording is doing.
    pub status_callback: Option<String>,
    /// What it tells; Twilio's default is `completed` alone.
    pub events: Vec<RecordingEvent>,
    /// Each side in a channel of its own.
    pub is_dual: bool,
}

/// What Twilio tells of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingEvent {
    /// It has begun.
    InProgress,
    /// The file is there.
    Completed,
    /// There was nothing to record.
    Absent,
}

impl RecordingEvent {
    const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Absent => "absent",
        }
    }
}

impl StartRecording {
    pub(super) fn write(&self, writer: &mut Writer) {
        let events = self.events.iter().map(|event| event.as_str());
        let events = events.collect::<Vec<_>>().join(" ");
        let channels = if self.is_dual { "dual" } else { "mono" };
        let attributes = [
            (
                "recordingStatusCallback",
                text(self.status_callback.as_ref()),
            ),
            (
                "recordingStatusCallbackEvent",
                (!events.is_empty()).then_some(Cow::Owned(events)),
            ),
            ("channels", Some(Cow::Borrowed(channels))),
            // Silence stays, so that times in the recording are times in the call.
            ("trim", Some(Cow::Borrowed("do-not-trim"))),
        ];
        writer.element("Start", &[], |inner| {
            inner.element("Recording", &attributes, |_| {});
        });
    }
}
