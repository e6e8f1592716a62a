//! The CASP binary.
fn main() {}
