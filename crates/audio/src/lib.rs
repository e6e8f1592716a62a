//! G.711, Opus, pacing, voice activity and clean-up: sans-IO, no async.
