//! The worker: takes jobs from LiveKit's dispatch, one conversation each, never more than it has places for.

mod admission;
mod connection;
mod core;
mod heartbeat;
mod minutes;
mod protocol;
mod status;

pub use admission::Admission;
pub use status::WorkerStatus;

pub(crate) use self::core::Worker;
