//! What CASP does for its users at other services.
//!
//! An [`Action`] is prepared first, which settles names and times and makes the question for the user, and then run with
//! exactly what was settled. What Google and Microsoft have in common is behind one trait each ([`mail::Mailbox`],
//! [`calendar::Calendar`], [`files::Drive`]), so that each action is written once. Requests go through an [`ApiClient`],
//! which takes its tokens from a [`TokenSource`]. [`when`] reads times as people say them.

mod action;
pub mod calendar;
mod choice;
mod client;
pub mod connections;
mod context;
mod endpoints;
mod error;
mod failure;
pub mod files;
mod google;
mod html;
mod hubspot;
mod jira;
mod journal;
pub mod mail;
mod microsoft;
mod name;
mod outcome;
mod person;
mod provider;
mod recipients;
mod registry;
pub mod sealing;
mod slack;
mod speaker;
mod tokens;
mod typed;
mod untrusted;
pub mod when;

pub use action::{Action, Prepared, ToolKind};
pub use client::{ApiClient, ApiRequest};
pub use context::{ActionContext, ActionServices};
pub use endpoints::Endpoints;
pub use error::ActionError;
pub use failure::Failure;
pub use name::ActionName;
pub use outcome::{ToolOutcome, ToolStatus};
pub use person::Person;
pub use provider::{Provider, UnknownProvider, Vendor};
pub use registry::{actions, journaled};
pub use speaker::Speaker;
pub use tokens::{AccessToken, Owner, TokenError, TokenSource};
