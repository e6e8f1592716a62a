//! Who is calling.

mod caller;
mod guest_limit;
mod loopback;

pub(crate) use caller::{Caller, RoomVisitor};
pub(crate) use guest_limit::GuestLimit;
pub(crate) use loopback::{Peer, is_from_this_machine};
