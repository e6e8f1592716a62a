//! The REST client against servers that check what they get, and fail in every way that a network knows.
mod calls;
mod faulty_server;
mod messages;
mod recordings;
mod requests;
mod transcripts;
mod twilio;
