//! The HTTP API: rooms, calls, sessions, webhooks.
