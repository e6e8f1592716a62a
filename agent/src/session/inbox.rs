//! What the tasks of a conversation report to its loop.

use super::{line::Wish, mouth::MouthNews, proofs::ProofCheck};
use crate::turn::{SpeakerId, TranscriptionId};
use casp_providers::{ProviderError, Transcript};
use casp_store::{call_codes::SentBy, transfers::TransferFailure};
use std::time::Instant;
use tokio::sync::oneshot;

/// Reports that wait for the loop, which never waits itself; when it is full, the reporter waits.
pub(super) const INBOX: usize = 256;

/// A report.
#[derive(Debug)]
pub(super) enum Report {
    /// A voice is heard.
    VoiceStarted { speaker: SpeakerId, since: Instant },
    /// It is gone.
    VoiceStopped { speaker: SpeakerId, at: Instant },
    /// The track has ended.
    TrackEnded { speaker: SpeakerId },
    /// Speech-to-text answered.
    Transcribed {
        id: TranscriptionId,
        result: Result<Transcript, ProviderError>,
    },
    /// Somebody typed.
    Typed { identity: String, text: String },
    /// A PIN or code was compared.
    Proved { identity: String, check: ProofCheck },
    /// An action needs a code.
    CodeWanted,
    /// The code was sent; nowhere: `None`.
    CodeSent { sent_by: Option<SentBy> },
    /// An action wants something done with the call.
    Wish {
        wish: Wish,
        answer: oneshot::Sender<Result<(), &'static str>>,
    },
    /// Whom to dial is written down, or could not be.
    TransferNoted { is_noted: bool },
    /// The caller is back, and not put through.
    TransferFailed { failure: TransferFailure },
    /// The mouth.
    Mouth(MouthNews),
    /// The account may spend no more today.
    SpentUp,
    /// Another agent has taken the session.
    EpochLost,
}
