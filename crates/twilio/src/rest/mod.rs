//! Twilio's REST API, as far as CASP needs it: calls, messages, recordings, and Voice Intelligence transcripts.
//!
//! What may be repeated is repeated (reads, deletions, the end of a call), with growing waits that respect
//! `Retry-After`. What may not (placing a call, sending a message: Twilio has no idempotency keys for them) is sent
//! again only when it is certain that nothing happened: no connection came about, or Twilio said 429. In all other
//! cases the error says [`TwilioError::may_have_happened`], and whoever asked has to find out:
//! [`TwilioClient::list_calls`] shows what was placed, and the status callback of a call that exists will come.
//!
//! The credentials go to the two base URLs alone: redirects are not followed with them, and of the addresses of
//! further pages only the position is taken.
//!
//! Sources: Twilio's pages "Call resource", "Message resource", "Recordings resource", "Transcript resource" (v2),
//! and the parameters of its Python SDK.

mod calls;
mod client;
mod error;
mod form;
mod messages;
mod page;
mod recordings;
mod transcripts;

pub use calls::{
    Call, CallFilter, CallStatus, CallUpdate, MachineDetection, MachineDetectionMode, NewCall,
};
pub use client::{RestSettings, TwilioClient};
pub use error::{Refusal, TwilioError};
pub use messages::{Message, MessageContent, NewMessage, Sender};
pub use page::{Page, PageRequest};
pub use recordings::{MediaFormat, Recording, RecordingMedia};
pub use transcripts::{
    NewTranscript, OperatorResult, Participant, ParticipantRole, Sentence, Transcript,
    TranscriptFilter, TranscriptSource,
};
