//! The offline default: it needs no account and no network.

pub mod assistant;
