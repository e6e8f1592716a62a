//! Replies, against a model that says what it is told to.

mod answering;
mod confirming;
mod failures;
mod script;
mod tools;
mod wishes;
