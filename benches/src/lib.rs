//! Micro-benchmarks of the frame path and the light load callers.
