//! Replies, against a model that says what it is told to.

mod answering;
mod failures;
mod script;
mod tools;
