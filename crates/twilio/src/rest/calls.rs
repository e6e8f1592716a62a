//! Calls: placing, looking at, ending them.

use super::{
    TwilioClient, TwilioError,
    client::Repeat,
    form::Form,
    page::{Page, PageRequest, position},
};
use crate::{CallSid, twiml};
use serde::Deserialize;
use std::{fmt, time::Duration};

/// Every change that Twilio reports, so that it is known how each call fared.
const STATUS_EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallStatus {
    /// Twilio will dial.
    Queued,
    /// Twilio dials.
    Initiated,
    /// It rings.
    Ringing,
    /// Somebody, or something, has answered.
    InProgress,
    /// Over.
    Completed,
    /// Over: the line was busy.
    Busy,
    /// Over: the number could not be called.
    Failed,
    /// Over: nobody answered.
    NoAnswer,
    /// Over: ended before it was answered.
    Canceled,
    /// A status that this version does not know.
    #[serde(other)]
    Other,
}

impl CallStatus {
    const ALL: [Self; 9] = [
        Self::Queued,
        Self::Initiated,
        Self::Ringing,
        Self::InProgress,
        Self::Completed,
        Self::Busy,
        Self::Failed,
        Self::NoAnswer,
        Self::Canceled,
    ];

    /// As Twilio writes it in answers and webhooks.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Initiated => "initiated",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::NoAnswer => "no-answer",
            Self::Canceled => "canceled",
            Self::Other => "other",
        }
    }

    /// Of a webhook's `CallStatus`.
    pub fn from_name(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|status| status.name() == name)
            .unwrap_or(Self::Other)
    }

    /// Whether nothing comes after it.
    pub const fn is_over(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled
        )
    }
}

impl fmt::Display for CallStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A call as Twilio shows it.
#[derive(Debug, Clone, Deserialize)]
pub struct Call {
    /// Its id.
    pub sid: CallSid,
    /// Where it stands.
    pub status: CallStatus,
    /// Who is called.
    #[serde(default)]
    pub to: String,
    /// Who calls.
    #[serde(default)]
    pub from: String,
    /// `inbound`, `outbound-api`, `outbound-dial`
    #[serde(default)]
    pub direction: String,
    /// RFC 2822; null in the answer to a call that was just made.
    pub date_created: Option<String>,
    /// RFC 2822; null until it is dialled.
    pub start_time: Option<String>,
    /// Seconds, as text; null until it is over.
    pub duration: Option<String>,
    /// `human`, `machine_start`, …, where detection was asked for.
    pub answered_by: Option<String>,
}

/// How a machine that answers is told from a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MachineDetectionMode {
    /// Says so as soon as it knows.
    Enable,
    /// With a machine, waits until its greeting is over (the beep): the time to leave a message.
    MessageEnd,
}

/// Answering-machine detection, which runs beside the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineDetection {
    /// When it speaks up.
    pub mode: MachineDetectionMode,
    /// Gets `AnsweredBy`.
    pub callback: String,
}

/// A call to place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCall {
    /// E.164.
    pub to: String,
    /// One of the Twilio account's numbers.
    pub from: String,
    /// Gives the TwiML when the call is answered.
    pub url: String,
    /// Told of every change of its status.
    pub status_callback: Option<String>,
    /// Rings at most this long.
    pub ring_timeout: Duration,
    /// Lasts at most this long.
    pub time_limit: Option<Duration>,
    /// Whether and how answering machines are detected.
    pub machine_detection: Option<MachineDetection>,
}

impl NewCall {
    fn form(&self) -> Form {
        let mut form = Form::default()
            .with("To", &self.to)
            .with("From", &self.from)
            .with("Url", &self.url)
            .with("Method", "POST")
            .with("Timeout", self.ring_timeout.as_secs().to_string())
            .maybe("TimeLimit", self.time_limit.map(|limit| limit.as_secs()));
        if let Some(callback) = &self.status_callback {
            form = form
                .with("StatusCallback", callback)
                .with("StatusCallbackMethod", "POST")
                .each("StatusCallbackEvent", STATUS_EVENTS);
        }
        if let Some(detection) = &self.machine_detection {
            let mode = match detection.mode {
                MachineDetectionMode::Enable => "Enable",
                MachineDetectionMode::MessageEnd => "DetectMessageEnd",
            };
            form = form
                .with("MachineDetection", mode)
                .with("AsyncAmd", "true")
                .with("AsyncAmdStatusCallback", &detection.callback)
                .with("AsyncAmdStatusCallbackMethod", "POST");
        }
        form
    }
}

/// What a live call is told.
#[derive(Debug, Clone)]
pub enum CallUpdate {
    /// To end.
    Complete,
    /// To go on with this TwiML.
    Twiml(twiml::Response),
    /// To go on with the TwiML of this URL.
    Url(String),
}

/// Which calls are listed; all of the account's without one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// To this number.
    pub to: Option<String>,
    /// From this number.
    pub from: Option<String>,
    /// With this status.
    pub status: Option<CallStatus>,
    /// Dialled on or after this day, `YYYY-MM-DD`. A call that is not dialled yet has no such day.
    pub started_since: Option<String>,
}

#[derive(Deserialize)]
struct CallList {
    calls: Vec<Call>,
    next_page_uri: Option<String>,
}

impl TwilioClient {
    /// Places a call. Sent once: see [`TwilioError::may_have_happened`].
    pub async fn create_call(&self, call: &NewCall) -> Result<Call, TwilioError> {
        self.post(
            &self.api_url("Calls.json"),
            &call.form(),
            Repeat::OnlyUnsent,
        )
        .await
    }

    /// Looks at a call.
    pub async fn fetch_call(&self, call: &CallSid) -> Result<Call, TwilioError> {
        let url = self.api_url(&format!("Calls/{call}.json"));
        self.get(&url, &Form::default()).await
    }

    /// Changes a live call. Twilio refuses (21220) when it is over.
    pub async fn update_call(
        &self,
        call: &CallSid,
        update: &CallUpdate,
    ) -> Result<Call, TwilioError> {
        let form = match update {
            CallUpdate::Complete => Form::default().with("Status", "completed"),
            CallUpdate::Twiml(twiml) => Form::default().with("Twiml", twiml.to_xml()),
            CallUpdate::Url(url) => Form::default().with("Url", url).with("Method", "POST"),
        };
        let url = self.api_url(&format!("Calls/{call}.json"));
        self.post(&url, &form, Repeat::Harmless).await
    }

    /// Ends a call, ringing ones too. One that Twilio does not know, or that is over, has ended.
    pub async fn end_call(&self, call: &CallSid) -> Result<(), TwilioError> {
        const NOT_IN_PROGRESS: u32 = 21_220;
        match self.update_call(call, &CallUpdate::Complete).await {
            Err(error) if error.is_not_found() || error.code() == Some(NOT_IN_PROGRESS) => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }

    /// Calls, the newest first.
    pub async fn list_calls(
        &self,
        filter: &CallFilter,
        page: &PageRequest,
    ) -> Result<Page<Call>, TwilioError> {
        let query = Form::default()
            .maybe("To", filter.to.as_ref())
            .maybe("From", filter.from.as_ref())
            .maybe("Status", filter.status)
            .maybe("StartTime>", filter.started_since.as_ref());
        let list: CallList = self
            .get(&self.api_url("Calls.json"), &page.on(query))
            .await?;
        Ok(Page {
            next: position(list.next_page_uri.as_deref()),
            entries: list.calls,
        })
    }
}
