//! What can go wrong with a room.

/// Why a room operation failed.
#[derive(Debug, thiserror::Error)]
pub enum RoomError {
    /// The URL is not one of a LiveKit server.
    #[error("not a LiveKit URL: {0}")]
    BadUrl(String),
    /// A certificate authority that cannot be used.
    #[error("root certificates: {0}")]
    Certificate(String),
    /// The server refused the token or the room; trying again will not help.
    #[error("the server refused: {0}")]
    Refused(String),
    /// The server could not be reached or stopped answering.
    #[error("connection failed: {0}")]
    Connection(String),
    /// The server answers, but no packet of media gets to it.
    #[error(
        "media cannot reach the server, neither over UDP nor over TCP: open its UDP port (rtc.udp_port or port_range_start to \
         _end) or, behind a firewall, its TCP port (rtc.tcp_port, 7881) and announce the right address (rtc.node_ip); \
         TURN is not supported"
    )]
    NoMediaPath,
    /// Nothing came back in time.
    #[error("timed out: {0}")]
    Timeout(&'static str),
    /// The room has been left or closed.
    #[error("the room is closed")]
    Closed,
    /// A bounded queue is full: the caller sends faster than the room can.
    #[error("queue full: {0}")]
    QueueFull(&'static str),
    /// A track could not be published or subscribed to.
    #[error("track: {0}")]
    Track(String),
    /// A text stream broke, or is larger than what is allowed.
    #[error("text stream: {0}")]
    Stream(String),
    /// LiveKit's HTTP API answered with an error.
    #[error("LiveKit API: {0}")]
    Api(String),
}

/// An error of a remote procedure call, as LiveKit carries it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("rpc error {code}: {message}")]
pub struct RpcError {
    /// LiveKit's code (1400 unsupported method, 1500 application error, 1502 response timeout, …).
    pub code: u32,
    /// Text for the caller.
    pub message: String,
    /// Data of the application.
    pub data: String,
}
