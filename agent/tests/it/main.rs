//! The agent against a real LiveKit server, and its worker against one that is played by the test.

mod assistants;
mod caller;
mod cleanup;
mod conversations;
mod dispatcher;
mod faults;
mod livekit;
mod openai;
mod phone;
mod rig;
mod spending;
mod takeover;
mod worker;
