//! What voice and text channels share: assistant, history, model loop, tools.
//!
//! A channel builds a [`Conversation`] from an [`Assistant`], a language model and [`Tools`]. For each turn of a
//! [`Speaker`] it takes a [`Reply`], reads its [`ReplyEvent`]s, and commits the [`ReplyOutcome`]: what the user said
//! and what of the answer was really heard. Calls that change something wait for the speaker's yes ([`HeldCall`]). Nothing here knows about audio, rooms or storage.

pub mod apology;
mod assistant;
mod clauses;
mod confirmation;
mod conversation;
pub mod event;
mod history;
pub mod opt_out;
mod reply;
mod request;
mod spoken;
mod tools;

pub use assistant::{Assistant, Confirm, Menu, Modality, Mode, OverrideError, rules};
pub use casp_actions::{Action, ActionName, Prepared, Speaker, ToolKind, ToolOutcome, ToolStatus};
pub use clauses::{ClauseSplitter, speakable};
pub use confirmation::HeldCall;
pub use conversation::Conversation;
pub use history::{History, PastTurn, TurnRole};
pub use reply::{Reply, ReplyEvent, ReplyOutcome};
pub use request::{AnswerCheck, Asked, ReplyOptions};
pub use spoken::{SpokenClause, heard_text};
pub use tools::{CallControl, Keys, NoTools, ToolSet, Tools, actions_of_calls, call_actions};
