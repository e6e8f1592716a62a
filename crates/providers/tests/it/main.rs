//! The providers against servers that stand in for the real ones at the protocol and check what they get.

mod builtin;
mod chat;
mod connections;
mod fallback;
mod settings;
mod speech;
mod stand_in;
mod transcription;
