//! The network below ICE: sockets, candidates, and the framing of packets over TCP.
//!
//! Host candidates only. TURN is not supported: LiveKit's servers have public addresses, and offer ICE over TCP
//! where UDP is blocked; a network that lets neither out needs a TURN client, which is not here.

pub(crate) mod candidate;
pub(crate) mod framing;
mod sockets;

pub(crate) use sockets::{Packet, Sockets};
