//! What voice and text channels share: assistant, history, model loop, tools.
pub mod event;
