//! Who is calling, and how often they may.

mod access_tokens;
mod admin;
mod caller;
mod client;
mod loopback;
mod passwords;
mod rate_limit;
mod room_visitor;

pub(crate) use access_tokens::{AccessTokens, TokenUse};
pub(crate) use admin::Admin;
pub(crate) use caller::{Caller, Credential, SignedIn, bearer_of};
pub(crate) use client::AuthAttempt;
pub(crate) use loopback::Peer;
pub(crate) use passwords::Passwords;
pub(crate) use rate_limit::{RateLimits, network};
pub(crate) use room_visitor::RoomVisitor;
