//! Who has the floor: when the user has finished, when the agent speaks, what an interruption does.
//!
//! No sockets, no clocks: [`Machine::handle`] takes what happened and when, and answers with what to do;
//! [`Machine::next_deadline`] says when to call [`Machine::advance`] though nothing happened. The session
//! (`crate::session`) is the thin shell around it.

mod action;
mod endpointing;
mod event;
mod floor;
mod interruption;
mod machine;
mod patience;
mod settings;
#[cfg(test)]
mod tests;
mod wording;

pub use action::{Action, AgentState, Decision, Saying};
pub use event::{Author, SpeakerId, TranscriptionId, TurnEvent, UtteranceId};
pub use machine::Machine;
pub use settings::TurnSettings;
