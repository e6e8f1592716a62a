//! What can go wrong with a worker.

/// Why a worker could not work.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Conversations need a place.
    #[error("MAX_JOBS is 0: the worker could take no conversation; set it to 1 or more")]
    NoPlaces,
    /// LiveKit's key or URL makes no token.
    #[error("no worker token: {0}; check LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET")]
    Token(#[from] casp_room::RoomError),
}
