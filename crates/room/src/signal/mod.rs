//! LiveKit's signalling: protobuf messages over one WebSocket.
//!
//! [`join`] builds the request URL, [`dial`] opens the socket and waits for the server's first message,
//! [`connection`] carries messages afterwards, [`regions`] finds other entrances of LiveKit Cloud.

mod connection;
mod dial;
mod join;
mod regions;

pub(crate) use connection::SignalConnection;
pub(crate) use dial::{DialError, Dialed, FirstMessage, dial};
pub(crate) use join::{Join, Purpose, Transports};
