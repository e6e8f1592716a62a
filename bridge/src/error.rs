//! Errors of the bridge.

use casp_room::RoomError;
use casp_store::{StoreError, ceilings::TalkingRefused};
use casp_twilio::media_streams::{Close, close_code};

/// Why a call could not be let in.
#[derive(Debug, thiserror::Error)]
pub enum BridgeError {
    /// No token, a wrong or spent one, or that of another call.
    #[error("the stream token is missing, wrong, spent or of another call")]
    Unauthorized,
    /// The session is over.
    #[error("the session has ended")]
    SessionEnded,
    /// The end user that `start` names is not the key's, or no name.
    #[error("start.resource is not the end user of this key, or longer than 320 characters")]
    WrongResource,
    /// The account may not talk, or not any more today.
    #[error("the account may not talk: {0}")]
    MayNotTalk(TalkingRefused),
    /// On a telephone call there is nothing but μ-law.
    #[error("mediaFormat of a telephone call must be audio/x-mulaw at 8000")]
    UnsupportedFormat,
    /// The room could not be joined.
    #[error("room: {0}")]
    Room(#[from] RoomError),
    /// The database failed.
    #[error("store: {0}")]
    Store(StoreError),
}

impl From<StoreError> for BridgeError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::SessionEnded => Self::SessionEnded,
            StoreError::RoomTaken => Self::Unauthorized,
            other => Self::Store(other),
        }
    }
}

impl BridgeError {
    /// How the socket is closed. What is wrong inside stays inside.
    pub(crate) const fn close(&self) -> Close {
        match self {
            Self::Unauthorized => Close {
                code: close_code::UNAUTHORIZED,
                reason: "the stream token is missing, wrong, spent or of another call",
            },
            Self::SessionEnded => Close {
                code: close_code::SESSION_ENDED,
                reason: "the session has ended",
            },
            Self::MayNotTalk(TalkingRefused::Rule(_)) => Close {
                code: close_code::FORBIDDEN,
                reason: "verify the account's e-mail first: until then it cannot talk with an agent",
            },
            Self::MayNotTalk(TalkingRefused::Ceiling(_)) => Close {
                code: close_code::FLOODING,
                reason: "the account's minutes or tokens of today are used up; they begin anew at midnight UTC",
            },
            Self::WrongResource => Close {
                code: close_code::BAD_START,
                reason: "start.resource is not the end user of this key, or longer than 320 characters",
            },
            Self::UnsupportedFormat => Close {
                code: close_code::BAD_START,
                reason: "mediaFormat of a telephone call must be audio/x-mulaw at 8000",
            },
            Self::Room(_) | Self::Store(_) => Close {
                code: TRY_AGAIN_LATER,
                reason: "the call could not be connected; try again",
            },
        }
    }
}

/// RFC 6455's registry: 1013, Try Again Later.
const TRY_AGAIN_LATER: u16 = 1013;
