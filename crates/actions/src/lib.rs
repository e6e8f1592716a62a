//! What CASP does for its users at other services.
//!
//! [`when`] reads times as people say them.

pub mod when;
