//! What voice and text channels share: assistant, history, model loop, tools.
//!
//! A channel builds a [`Conversation`] from an [`Assistant`], a language model and [`Tools`]. For each of the
//! user's turns it takes a [`Reply`], reads its [`ReplyEvent`]s, and commits the [`ReplyOutcome`]: what the user
//! said and what of the answer was really heard. Nothing here knows about audio, rooms or storage.

pub mod apology;
mod assistant;
mod clauses;
mod conversation;
pub mod event;
mod history;
mod reply;
mod spoken;
mod tools;

pub use assistant::{Assistant, Confirm, Menu, Modality, Mode, OverrideError, rules};
pub use clauses::{ClauseSplitter, speakable};
pub use conversation::Conversation;
pub use history::{History, PastTurn, TurnRole};
pub use reply::{Reply, ReplyEvent, ReplyOutcome};
pub use spoken::{SpokenClause, heard_text};
pub use tools::{Action, ActionName, NoTools, ToolKind, ToolOutcome, ToolSet, ToolStatus, Tools};
