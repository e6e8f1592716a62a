//! Actions against stand-ins of their providers.

mod office;
mod slack;
mod stand_in;
