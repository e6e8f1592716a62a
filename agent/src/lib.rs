//! The agent worker: jobs from LiveKit and the voice session.
