//! Micro-benchmarks of the frame path (under `benches/`), the light load callers, and the load on the HTTP API.
//!
//! A caller follows the script of the rig (`rig/simlib.py`), with the same definitions and the same
//! JSON, at a hundredth of its cost: what callers say is encoded once for all, and what they hear is
//! decoded at 8 kHz, only to find what is loud. Up to five callers are better left to the rig, whose
//! room callers are real clients; beyond that the rig itself would need the machine.

pub mod caller;
pub mod clock;
pub mod conversations;
pub mod ear;
pub mod gate;
pub mod load;
pub mod mouth;
pub mod pages;
pub mod phone;
pub mod playout;
pub mod report;
pub mod room;
pub mod script;
pub mod service;
pub mod utterance;
