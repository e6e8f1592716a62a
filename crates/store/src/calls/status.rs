//! Where a call stands, and what is done when a machine answers.

/// Where a call stands; in this order, the last five being its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallStatus {
    /// Waits for its turn.
    Queued,
    /// Twilio is being asked.
    Placing,
    /// Twilio was asked, and what it did is not known.
    Unknown,
    /// Twilio has it.
    Initiated,
    /// It rings.
    Ringing,
    /// Somebody, or something, has answered.
    InProgress,
    /// Answered, and over.
    Completed,
    /// The line was busy.
    Busy,
    /// It could not be placed.
    Failed,
    /// Nobody answered.
    NoAnswer,
    /// Ended before it was answered.
    Canceled,
}

impl CallStatus {
    /// Every status, in order.
    pub const ALL: [Self; 11] = [
        Self::Queued,
        Self::Placing,
        Self::Unknown,
        Self::Initiated,
        Self::Ringing,
        Self::InProgress,
        Self::Completed,
        Self::Busy,
        Self::Failed,
        Self::NoAnswer,
        Self::Canceled,
    ];

    /// `queued`, `placing`, …; from `ringing` on, Twilio's own words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Placing => "placing",
            Self::Unknown => "unknown",
            Self::Initiated => "initiated",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::NoAnswer => "no-answer",
            Self::Canceled => "canceled",
        }
    }

    /// Of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Its place in the line: a status gives way to later ones only.
    pub(crate) const fn phase(self) -> i64 {
        match self {
            Self::Queued => 0,
            Self::Placing => 1,
            Self::Unknown => 2,
            Self::Initiated => 3,
            Self::Ringing => 4,
            Self::InProgress => 5,
            _ => 9,
        }
    }

    /// Whether nothing comes after it.
    pub const fn is_over(self) -> bool {
        self.phase() == 9
    }
}

/// What is done when a machine answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// The call is ended.
    HangUp,
    /// It is told something, after its greeting.
    LeaveMessage,
    /// Nobody looks whether it is one.
    Continue,
}

impl Machine {
    /// `hang_up`, `leave_message`, `continue`
    pub const fn name(self) -> &'static str {
        match self {
            Self::HangUp => "hang_up",
            Self::LeaveMessage => "leave_message",
            Self::Continue => "continue",
        }
    }

    /// Of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::HangUp, Self::LeaveMessage, Self::Continue]
            .into_iter()
            .find(|machine| machine.name() == name)
    }
}
