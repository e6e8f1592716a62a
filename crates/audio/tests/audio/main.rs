//! The crate as its users see it.

mod cleanup;
mod echo;
mod files;
mod opus;
mod pacer;
mod pacer_properties;
mod receive;
mod resample;
mod signals;
mod vad;
